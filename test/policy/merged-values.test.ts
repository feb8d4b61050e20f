import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MergedValue, mergedValues } from '../../src/policy/merged-values.ts';

const path = 'policy.yaml';
const text = readFileSync(join(import.meta.dirname, 'fixtures/good-everything.yaml'), 'utf8');

function valuesOf(job: string): ReadonlyMap<string, MergedValue> {
  const values = mergedValues([{ path, text }], job) ?? expect.fail(`no job ${job}`);
  return new Map(values.map((value) => [value.path, value]));
}

/** `3 from 14`: the value and the line it was written on. */
function told(value: MergedValue | undefined): string {
  return `${JSON.stringify(value?.value)} from ${value?.origin?.line ?? 'us'}`;
}

function lineOf(part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

describe('mergedValues', () => {
  const clicks = valuesOf('clicks');
  const ledger = valuesOf('ledger');

  it.each([
    ['mode', '"act"', 'mode: act'],
    ['restart.nativeRetries', '1', 'nativeRetries: 1'],
    ['restart.classes.memory-exhausted.grow.driver.max', '"27g"', 'driver: { max: 27g }'],
    ['scaling.executors.max', '128', 'max: 128'],
    ['checkpoint.locations', '["s3a://bucket/clicks/b/","s3://bucket/clicks/a"]', 'locations: ['],
  ])('says where %s was written, in the job or in the defaults', (key, value, part) => {
    expect(told(clicks.get(key))).toBe(`${value} from ${lineOf(part)}`);
  });

  it('lets a shipped default stand where null took a default of the file back', () => {
    expect(told(clicks.get('restart.budget.perHour'))).toBe('3 from us');
    expect(told(ledger.get('restart.budget.perHour'))).toBe(`5 from ${lineOf('perHour: 5')}`);
    expect(told(clicks.get('match.tags'))).toBe('{} from us');
  });

  it('merges maps key by key, each key with its own line', () => {
    expect(told(ledger.get('match.tags.env'))).toBe(`"stage" from ${lineOf('env: stage')}`);
    expect(told(ledger.get('launch.spec.entryPoint'))).toContain(`from ${lineOf('entryPoint:')}`);
    expect(told(ledger.get('launch.spec.arguments'))).toContain(`from ${lineOf('arguments:')}`);
  });

  it('shows durations as they were written', () => {
    expect(told(ledger.get('restart.backoff.initial'))).toBe(`"1m" from ${lineOf('initial: 1m')}`);
    expect(told(clicks.get('restart.stableAfter'))).toBe('"20m" from us');
  });

  it('takes the name of the run from the name of the job where nothing else is said', () => {
    expect(told(ledger.get('match.jobName'))).toBe(`"ledger" from ${lineOf('  ledger:')}`);
  });

  it('names the file of a default that stands in another file', () => {
    const base = 'apiVersion: checkpilot/v1\nkind: Policy\ndefaults: { mode: act }\n';
    const team = 'apiVersion: checkpilot/v1\nkind: Policy\njobs: { a: {} }\n';
    const values = mergedValues(
      [
        { path: 'team.yaml', text: team },
        { path: 'base.yaml', text: base },
      ],
      'a',
    );
    expect(values?.find((value) => value.path === 'mode')?.origin).toMatchObject({
      file: 'base.yaml',
      line: 3,
    });
  });

  it('has nothing for a job that no file has', () => {
    expect(mergedValues([{ path, text }], 'nobody')).toBeUndefined();
  });
});
