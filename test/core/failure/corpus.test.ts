import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { isRestart, isSafetyClass } from '../../../src/core/failure/taxonomy.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);

interface LabelledText {
  readonly id: string;
  readonly text: string;
  readonly class: Parameters<typeof isSafetyClass>[0];
  readonly action: Parameters<typeof isRestart>[0];
}

interface DriverLog {
  readonly file: string;
  readonly stdoutFile?: string;
  readonly class: string;
  readonly action: string;
}

const corpus = readFileSync(new URL('failures/corpus.jsonl', fixtures), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): LabelledText => JSON.parse(line));

const judgedCorpus = corpus.map((row) => ({ row, judgement: classify({ state: 'FAILED', text: row.text }) }));

describe('the corpus of public failure texts', () => {
  it('never answers a text of a safety class with a restart, unless its label is one', () => {
    const wrong = judgedCorpus.filter(
      ({ row, judgement }) =>
        isSafetyClass(row.class) && !isRestart(row.action) && isRestart(judgement.action),
    );
    expect(wrong.map(({ row }) => row.id)).toEqual([]);
  });

  it('finds the right action for 97 of 100 texts and the right class for 96', () => {
    const actions = judgedCorpus.filter(({ row, judgement }) => row.action === judgement.action);
    const classes = judgedCorpus.filter(({ row, judgement }) => row.class === judgement.class);
    expect(actions.length / corpus.length).toBeGreaterThanOrEqual(0.97);
    expect(classes.length / corpus.length).toBeGreaterThanOrEqual(0.96);
  });

  it('quotes the text it judged by, in at most 300 characters', () => {
    for (const { row, judgement } of judgedCorpus) {
      expect(judgement.evidence.length, row.id).toBeLessThanOrEqual(300);
      if (judgement.rule !== 'no-rule-matched') expect(judgement.evidence, row.id).not.toBe('');
    }
  });

  it('keeps its judgement when the text is wrapped the way the service and the drivers wrap it', () => {
    for (const { row, judgement } of judgedCorpus.filter(({ row }) => isSafetyClass(row.class))) {
      const wrapped = classify({
        state: 'FAILED',
        text: [
          '26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.7',
          '26/01/02 03:04:06 WARN NetworkClient: Connection to node -1 could not be established. Broker may not be available.',
          'org.apache.spark.sql.streaming.StreamingQueryException: [STREAM_FAILED] Query terminated with exception',
          row.text,
          'Job failed, please check complete logs in configured logging destination. ExitCode: 1.',
        ].join('\n'),
      });
      expect(isRestart(wrapped.action) && !isRestart(row.action), row.id).toBe(false);
      expect(wrapped.class, row.id).toBe(judgement.class);
    }
  });
});

describe('what drivers of failing jobs really printed', () => {
  const index: readonly DriverLog[] = JSON.parse(read('spark-failures/index.json'));

  it.each(index)('$file is $class', ({ file, stdoutFile, class: failureClass, action }) => {
    const stdout = stdoutFile === undefined ? '' : read(`spark-failures/${stdoutFile}`);
    const judgement = classify({ state: 'FAILED', text: `${read(`spark-failures/${file}`)}\n${stdout}` });
    expect(judgement).toMatchObject({ class: failureClass, action });
  });

  it('says which worker ran out of memory', () => {
    const workerIn = (name: string) =>
      classify({ state: 'FAILED', text: read(`spark-failures/${name}.txt`) }).worker;
    expect(workerIn('driver-max-result-size-1')).toBe('driver');
    expect(workerIn('executor-oom-1')).toBe('executor');
  });

  it.each(readdirSync(new URL('spark-failures/checkpoint/', fixtures)))('%s stops for the data', (file) => {
    const judgement = classify({ state: 'FAILED', text: read(`spark-failures/checkpoint/${file}`) });
    expect(judgement.action).toBe('stop-and-page-data-risk');
    expect(judgement.class).toBe(
      file.includes('version') || file.startsWith('v2') ? 'checkpoint-incompatible' : 'checkpoint-corrupt',
    );
  });
});

function read(path: string): string {
  return readFileSync(new URL(path, fixtures), 'utf8');
}
