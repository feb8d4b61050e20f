import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { S3DriverLogs } from '../../src/aws/s3-driver-logs.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { JobRun } from '../../src/core/job-run.ts';
import { startS3 } from '../../src/local/s3.ts';
import { ObjectStore } from '../../src/world/object-store.ts';
import { clientsOf } from './scripted-server.ts';

const base = 'emr/applications/00app/jobs/00run';
const run = { applicationId: '00app', jobRunId: '00run', request: requestTo('s3://logs/emr/') } as JobRun;

function requestTo(logUri: string | undefined) {
  const s3MonitoringConfiguration = logUri === undefined ? {} : { logUri };
  return {
    configurationOverrides: { monitoringConfiguration: { s3MonitoringConfiguration } },
  } as JobRun['request'];
}

/** The reader against the local S3, and a way to put files where the service would. */
async function bucket(limits: ConstructorParameters<typeof S3DriverLogs>[1] = {}) {
  const calls: string[] = [];
  const store = new ObjectStore({ clock: systemClock, buckets: ['logs'] });
  const server = await startS3({
    clock: systemClock,
    store,
    fault: ({ operation }) => {
      calls.push(operation);
      return undefined;
    },
  });
  onTestFinished(() => server.close());
  const put = (path: string, body: string | Buffer) => store.put(`logs/${base}/${path}`, body, 'world');
  const timeouts = { connectMs: 5_000, requestMs: 5_000 };
  return { logs: new S3DriverLogs(clientsOf(server, { retries: 'none', timeouts }).s3, limits), put, calls };
}

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
      logs: [{ source: 'SPARK_EXECUTOR/3/stderr.gz', text: 'of attempt 2' }],
    });
    expect(await read(1)).toMatchObject({ logs: [{ text: 'of attempt 1' }] });
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

describe('a search of the logs in S3', () => {
  const words = ['may have been lost'];
  const filler = `${'26/11/22 20:13:52 INFO DAGScheduler: nothing of interest'}\n`.repeat(20_000);
  const loss = 'WARN KafkaDataConsumer: what is gone\nSome data may have been lost, it says\nits end\n';
  const search = (sinceMs: number) => ({ sinceMs, nowMs: Date.now(), words });
  const later = (sinceMs: number) => ({ ...search(sinceMs), nowMs: Date.now() + 120_000 });

  it('takes the few lines around a word out of every stderr, wherever in the file they stand', async () => {
    const { logs, put, calls } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(filler));
    put('SPARK_DRIVER/stdout.gz', gzipSync(loss));
    put('SPARK_EXECUTOR/4/stderr', `${filler.slice(0, 1_000)}\n${loss}${filler}`);
    const answer = await logs.search(run, search(0));
    if (answer.kind !== 'read') return expect.fail(answer.why);
    expect(answer.logs.map(({ source, text }) => [source, text.split('\n').length])).toEqual([
      ['SPARK_DRIVER/stderr.gz', 1],
      ['SPARK_EXECUTOR/4/stderr', 6],
    ]);
    expect(answer.logs[1]?.text).toContain('what is gone\nSome data may have been lost, it says\nits end');
    expect(calls).toHaveLength(4);
  });

  it('reads nothing again that is no newer than what was searched', async () => {
    const { logs, put, calls } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(loss));
    const first = await logs.search(run, later(0));
    if (first.kind !== 'read') return expect.fail(first.why);
    calls.length = 0;
    expect(await logs.search(run, later(first.throughMs))).toMatchObject({
      logs: [],
      throughMs: first.throughMs,
    });
    expect(calls).toEqual(['ListObjectsV2', 'ListObjectsV2']);
  });

  it('reads a file twice that is as young as the search: it may be longer than it was', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(loss));
    const first = await logs.search(run, search(0));
    if (first.kind !== 'read') return expect.fail(first.why);
    expect(await logs.search(run, later(first.throughMs))).toMatchObject({ logs: [{}] });
  });

  it('leaves what is too much to the next one, however many files are of one second, and says how much', async () => {
    const { logs, put } = await bucket();
    for (let executor = 11; executor <= 25; executor += 1)
      put(`SPARK_EXECUTOR/${executor}/stderr.gz`, gzipSync(loss));
    const first = await logs.search(run, later(0));
    expect(first).toMatchObject({ kind: 'read', throughMs: 0, unread: '3 more files' });
    if (first.kind !== 'read' || first.mark === undefined) return expect.fail('it knows where it stopped');
    const rest = { mark: first.mark, beganMs: later(0).nowMs };
    const second = await logs.search(run, { ...later(0), rest });
    if (second.kind !== 'read') return expect.fail(second.why);
    expect([second.logs.length, second.unread, second.mark]).toEqual([3, undefined, undefined]);
    expect(second.logs.map(({ source }) => source)).not.toContain(first.logs[11]?.source);
    expect(await logs.search(run, later(second.throughMs))).toMatchObject({ logs: [] });
  });

  it('reads a file again that grew behind it while it went through the others', async () => {
    const { logs, put } = await bucket();
    for (let executor = 11; executor <= 23; executor += 1)
      put(`SPARK_EXECUTOR/${executor}/stderr.gz`, gzipSync(filler.slice(0, 100)));
    const beganMs = Date.now();
    const first = await logs.search(run, { ...search(0), nowMs: beganMs });
    if (first.kind !== 'read' || first.mark === undefined) return expect.fail('it knows where it stopped');
    put('SPARK_EXECUTOR/11/stderr.gz', gzipSync(loss));
    const second = await logs.search(run, { ...later(0), rest: { mark: first.mark, beganMs } });
    if (second.kind !== 'read') return expect.fail(second.why);
    const third = await logs.search(run, later(second.throughMs));
    expect(third.kind === 'read' && third.logs[0]?.text).toContain('may have been lost');
  });

  it('finds what stands in the last of thousands of files, with a few listings in each pass', async () => {
    const { logs, put, calls } = await bucket();
    for (let executor = 0; executor < 6_200; executor += 1) {
      const name = `SPARK_EXECUTOR/${10_000 + executor}`;
      put(`${name}/stdout.gz`, 'x');
      if (executor === 6_150) put(`${name}/stderr.gz`, gzipSync(loss));
    }
    let rest: { mark: string; beganMs: number } | undefined;
    for (let pass = 0; pass < 3; pass += 1) {
      calls.length = 0;
      const answer = await logs.search(run, { ...later(0), ...(rest ? { rest } : {}) });
      if (answer.kind !== 'read') return expect.fail(answer.why);
      expect(calls.length).toBeLessThanOrEqual(1 + 5 + 1);
      if (answer.mark === undefined)
        return expect(answer.logs[0]?.source).toBe('SPARK_EXECUTOR/16150/stderr.gz');
      expect(answer.unread).toBe('files beyond those that were listed');
      rest = { mark: answer.mark, beganMs: later(0).nowMs };
    }
    expect.fail('it comes to the end');
  });

  it('says which part of a file is too large to be read, and goes on behind it', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(Buffer.concat([randomBytes(17_000_000), Buffer.from(loss)])));
    put('SPARK_EXECUTOR/1/stderr', filler.repeat(5));
    put('SPARK_EXECUTOR/2/stderr.gz', gzipSync(loss));
    const answer = await logs.search(run, search(0));
    if (answer.kind !== 'read') return expect.fail(answer.why);
    expect(answer.cut).toBe('the end of SPARK_DRIVER/stderr.gz, the beginning of SPARK_EXECUTOR/1/stderr');
    expect(answer.logs.at(-1)?.text).toContain('may have been lost');
  });

  it('says so of a small file that unfolds to more than may be read', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(Buffer.alloc(130 * 1024 * 1024, 'x\n')));
    expect(await logs.search(run, search(0))).toMatchObject({ cut: 'the end of SPARK_DRIVER/stderr.gz' });
  });

  it('survives a line that never ends', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(`${'x'.repeat(30_000_000)}may have been lost`));
    const answer = await logs.search(run, search(0));
    expect(answer.kind === 'read' && (answer.logs[0]?.text.length ?? 0)).toBeLessThan(20_000);
  });

  it('finds nothing yet where no log has arrived', async () => {
    const { logs } = await bucket();
    expect(await logs.search(run, search(0))).toMatchObject({ kind: 'none', mayCome: true });
  });
});
