import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bucket, run } from './s3-logs-support.ts';

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

  it('says so of more warnings than are kept', async () => {
    const { logs, put } = await bucket();
    put('SPARK_DRIVER/stderr.gz', gzipSync(loss.repeat(5_000)));
    expect(await logs.search(run, search(0))).toMatchObject({
      cut: 'the oldest warnings in SPARK_DRIVER/stderr.gz',
    });
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
