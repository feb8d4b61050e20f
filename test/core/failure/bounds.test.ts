import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { telling } from '../../../src/core/failure/lines.ts';
import { failureClasses } from '../../../src/core/failure/taxonomy.ts';

const megabyte = 1_000_000;

function judge(text: string) {
  return classify({ state: 'FAILED', text });
}

describe('any text', () => {
  it('is judged without a throw, in a known class, with a short quotation', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '{"level":"ERROR","exception":{"class":1,"stacktrace":[null,{}]}}',
        '{"msg":"a\\nb"}',
        '26/01/02 03:04:05 WARN ',
        'Caused by: ',
        '\\n\\tat a.b(C.java:1)',
        'java.lang.OutOfMemoryError: x',
        '/state/0/1/',
        '\r\n',
        'File "x", line 1\n    y',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const judgement = judge(pieces.join(''));
        expect(Object.keys(failureClasses)).toContain(judgement.class);
        expect(judgement.evidence.length).toBeLessThanOrEqual(300);
        expect(judgement.confidence).toBeGreaterThanOrEqual(0);
        expect(judgement.confidence).toBeLessThanOrEqual(1);
        expect(judge(pieces.join(''))).toEqual(judgement);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a long text', () => {
  it('is read for its errors from its beginning, and whole at its end', () => {
    const quiet = '26/01/02 03:04:05 INFO BlockManager: fine\n'.repeat(250_000);
    const text = `26/01/02 03:04:04 ERROR x: batches (3, 4) don't exist\n${quiet}`;
    expect(text.length).toBeGreaterThan(10 * megabyte);
    expect(judge(text)).toMatchObject({ class: 'checkpoint-corrupt', place: { line: 1, offset: 0 } });
  });

  it('gives the patterns no more to read when it grows', () => {
    const read = (text: string) =>
      telling({ source: 'x', text }).reduce((sum, line) => sum + line.text.length, 0);
    const shapes: readonly ((length: number) => string)[] = [
      (length) => 'a'.repeat(length),
      (length) => 'ERROR java.lang.Exception: x\n'.repeat(length / 29),
      (length) => '\n'.repeat(length),
      (length) => `{"msg":"${'\\\\n at '.repeat(length / 7)}"}`,
      (length) => 'Caused by: '.repeat(length / 11),
    ];
    for (const shape of shapes) {
      const small = read(shape(megabyte));
      expect(small).toBeLessThanOrEqual(2 * 65_536);
      expect(read(shape(10 * megabyte))).toBeLessThanOrEqual(small * 1.1 + 100);
    }
  });
});

describe('the place of the evidence', () => {
  it('names the log, the line and where the line begins', () => {
    const driver =
      'fine\r\nalso fine\n26/01/02 03:04:05 ERROR x: java.lang.OutOfMemoryError: Java heap space\n';
    const judgement = classify({
      state: 'FAILED',
      text: 'Job failed. ExitCode: 1.',
      logs: [{ source: 'SPARK_DRIVER/stderr', text: driver }],
    });
    expect(judgement.place).toEqual({ source: 'SPARK_DRIVER/stderr', line: 3, offset: 16 });
  });

  it('counts a record of a JSON log as the one line that it is', () => {
    const info = '{"level":"INFO","msg":"AccessDenied is handled"}';
    const error =
      '{"level":"ERROR","msg":"ended","exception":{"class":"java.lang.OutOfMemoryError","msg":"Java heap space"}}';
    expect(judge(`${info}\n${error}`)).toMatchObject({ class: 'memory-exhausted', place: { line: 2 } });
  });

  it('unfolds a trace that was written into one line', () => {
    expect(
      judge(
        'Query ended\\n\\tat a.AccessDenied.b(C.java:1)\\nCaused by: java.io.IOException: No space left on device',
      ),
    ).toMatchObject({
      class: 'disk-exhausted',
      evidence: 'Caused by: java.io.IOException: No space left on device',
    });
  });
});

describe('confidence', () => {
  const of = (text: string) => judge(text).confidence;

  it('is highest for a named cause and lowest for what no rule knows', () => {
    const cause = of('java.lang.OutOfMemoryError: Java heap space');
    const kind = of('org.apache.spark.sql.AnalysisException: x');
    const family = of('com.acme.wire.FrameDecodingException: frame 7');
    const gasp = of('java.net.ConnectException: Connection refused');
    expect([cause, kind, family, gasp, of('hm')]).toEqual([0.95, 0.75, 0.5, 0.4, 0.1]);
  });

  it('is lower for an umbrella, a warning, and details that break off', () => {
    expect(of('Error reading delta file x')).toBe(0.8);
    expect(of('26/01/02 03:04:05 WARN x: Rate exceeded')).toBe(0.85);
    expect(of('Rate exceeded for a long list of words '.padEnd(256, 'word '))).toBe(0.85);
  });
});
