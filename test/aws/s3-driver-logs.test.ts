import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bucket, requestTo, run } from './s3-logs-support.ts';

const error = 'ERROR the last words of the driver\n';

describe('driver logs', () => {
  it('are the stdout and stderr of the driver, of the run itself where there are no attempts', async () => {
    const { logs, put, calls } = await bucket();
    put('SPARK_DRIVER/stdout.gz', gzipSync('Traceback\n'));
    put('SPARK_DRIVER/stderr.gz', gzipSync(error));
    put('SPARK_EXECUTOR/1/stderr.gz', gzipSync('not asked for'));
    expect(await logs.read(run)).toEqual({
      kind: 'read',
      logs: [
        { source: 'SPARK_DRIVER/stdout.gz', text: 'Traceback\n', linesBefore: 0 },
        { source: 'SPARK_DRIVER/stderr.gz', text: error, linesBefore: 0 },
      ],
    });
    expect(calls).toHaveLength(4);
  });

  it('are those of the newest attempt, by number and not by text', async () => {
    const { logs, put, calls } = await bucket();
    for (const attempt of [1, 2, 9, 10])
      put(`attempts/${attempt}/SPARK_DRIVER/stderr.gz`, gzipSync(`attempt ${attempt}`));
    expect(await logs.read(run)).toMatchObject({ logs: [{ text: 'attempt 10' }] });
    expect(calls.length).toBeLessThanOrEqual(8);
  });

  it('of an executor are those of its number in the attempt', async () => {
    const { logs, put } = await bucket();
    put('attempts/1/SPARK_EXECUTOR/3/stderr.gz', gzipSync('of attempt 1'));
    put('attempts/2/SPARK_EXECUTOR/3/stderr.gz', gzipSync('of attempt 2'));
    put('attempts/2/SPARK_EXECUTOR/31/stderr.gz', gzipSync('of another'));
    const read = async (attempt?: number) => logs.readExecutor(run, '3', attempt);
    expect(await read()).toMatchObject({
      kind: 'read',
      logs: [{ source: 'attempts/2/SPARK_EXECUTOR/3/stderr.gz', text: 'of attempt 2' }],
    });
    expect(await read(1)).toMatchObject({
      logs: [{ source: 'attempts/1/SPARK_EXECUTOR/3/stderr.gz', text: 'of attempt 1' }],
    });
    expect(await read(4)).toMatchObject({ kind: 'none' });
  });

  it('begin with the file that was rotated away last', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/archived/stderr_1.gz', gzipSync('long ago\n'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    put('SPARK_DRIVER/archived/stderr_2.gz', gzipSync('before\n'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    put('SPARK_DRIVER/stderr.gz', gzipSync('now\n'));
    const answer = await logs.read(run);
    expect(answer.kind === 'read' && answer.logs.map(({ text }) => text)).toEqual(['before\n', 'now\n']);
  });

  it('are read to their end, and kept from there: of ten megabytes the last half, with the number of its lines', async () => {
    const { logs, put } = await bucket();
    const lines = Array.from(
      { length: 150_000 },
      (_, index) => `INFO line ${index} ${Math.sin(index)} of a long log\n`,
    );
    const packed = gzipSync(lines.join('') + error);
    put('SPARK_DRIVER/stderr.gz', packed);
    const answer = await logs.read(run);
    const [log] = answer.kind === 'read' ? answer.logs : [];
    expect(log?.text.endsWith(error)).toBe(true);
    expect(log?.text.length).toBeLessThanOrEqual(512 * 1024);
    const kept = (log?.text.match(/\n/g) ?? []).length;
    expect((log?.linesBefore ?? 0) + kept).toBe(150_001);
  });

  it('that unfold without end are read so far and no further', async () => {
    const { logs, put } = await bucket({ textBytesMax: 4 * 1024 * 1024 });
    put('SPARK_DRIVER/stderr.gz', gzipSync(Buffer.alloc(64 * 1024 * 1024, 'x')));
    const before = process.memoryUsage().arrayBuffers;
    const answer = await logs.read(run);
    expect(answer.kind === 'read' && answer.logs[0]?.text.length).toBe(512 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(48 * 1024 * 1024);
  });

  it('that are one line without end are cut, not refused', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(`${'y'.repeat(3_000_000)}END`));
    const answer = await logs.read(run);
    expect(answer.kind === 'read' && answer.logs[0]?.text.endsWith('yEND')).toBe(true);
  });

  it.each([
    ['break off in the middle', (packed: Buffer) => packed.subarray(0, Math.floor(packed.length / 2))],
    ['are no gzip at all', () => Buffer.from('plain words')],
  ])('that %s are evidence as far as they go', async (_what, damage) => {
    const { logs, put } = await bucket();
    put(
      'SPARK_DRIVER/stderr.gz',
      damage(gzipSync(Array.from({ length: 9_999 }, (_, n) => `${n} ${Math.sin(n)}`).join('\n'))),
    );
    expect(await logs.read(run)).toMatchObject({
      kind: 'read',
      logs: [{ source: 'SPARK_DRIVER/stderr.gz' }],
    });
  });

  it('are told from gzips by their first bytes, whatever their names', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stdout.gz', 'plain words');
    put('SPARK_DRIVER/stderr', gzipSync(error));
    expect(await logs.read(run)).toMatchObject({ logs: [{ text: 'plain words' }, { text: error }] });
  });

  it('whose beginning is cut off begin with a whole line: half a secret is not recognised', async () => {
    const { logs, put } = await bucket();
    const line = `jdbc:postgresql://ana:${'hunter2'.repeat(20)}@db/shop is where it began\n`;
    const after = `${'y'.repeat(99)}\n`.repeat(5_242);
    const cut = 512 * 1024 - after.length - error.length;
    expect(cut).toBeGreaterThan(20);
    expect(cut).toBeLessThan(line.length - 30);
    for (const [name, body] of [
      ['stderr.gz', gzipSync(`first\n${line}${after}${error}`)],
      ['stdout', `first\n${line}${after}${error}`],
    ] as const)
      put(`SPARK_DRIVER/${name}`, body);
    const answer = await logs.read(run);
    if (answer.kind !== 'read') return expect.fail(answer.why);
    expect(answer.logs.map(({ text }) => text)).toEqual([`${after}${error}`, `${after}${error}`]);
    expect(answer.logs.map(({ linesBefore }) => linesBefore)).toEqual([1, 2]);
  });

  it('that are larger than what is read of one say which part it was', async () => {
    const { logs, put } = await bucket({ packedBytesMax: 1_000 });
    const noise = Array.from({ length: 4_000 }, (_, n) => Math.sin(n)).join('\n');
    put('SPARK_DRIVER/stderr.gz', gzipSync(noise));
    expect(await logs.read(run)).toMatchObject({
      logs: [{ source: 'SPARK_DRIVER/stderr.gz (its first 1000 bytes)' }],
    });
  });

  it('that are not packed are asked for from their end', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr', `${'a'.repeat(600_000)}\n${error}`);
    const [log] = await logs.read(run).then((answer) => (answer.kind === 'read' ? answer.logs : []));
    expect(log?.text.endsWith(error)).toBe(true);
    expect(log?.text.length).toBe(512 * 1024);
    expect(log?.source).toBe(`SPARK_DRIVER/stderr from byte ${600_001 + error.length - 512 * 1024}`);
    put('SPARK_DRIVER/stderr', error);
    expect(await logs.read(run)).toMatchObject({ logs: [{ source: 'SPARK_DRIVER/stderr', text: error }] });
  });

  it('that are not there yet, or still empty, are a state of their own', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', '');
    expect(await logs.read(run)).toEqual({
      kind: 'none',
      why: 'no driver log has arrived yet',
      mayCome: true,
    });
  });

  it('that the run sends nowhere are never waited for', async () => {
    const { logs, calls } = await bucket();
    expect(await logs.read({ ...run, request: requestTo(undefined) })).toMatchObject({ kind: 'none' });
    expect(calls).toEqual([]);
  });

  it('that may not be read say so, and are not taken for none', async () => {
    const { logs } = await bucket();
    const elsewhere = { ...run, request: requestTo('s3://another-bucket/x') };
    expect(await logs.read(elsewhere)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('not-found'),
    });
  });
});
