import { describe, expect, it, onTestFinished } from 'vitest';
import { kinesisClient } from '../../src/aws/clients.ts';
import { KinesisRetentions } from '../../src/aws/kinesis-retentions.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { startKinesis } from '../../src/local/kinesis.ts';
import { createWorld } from '../world/support.ts';

const hourMs = 3_600_000;

/** The adapter with the real SDK client against the local Kinesis, over a stream of four shards that keeps 24 h. */
async function kinesis() {
  const { world, time } = createWorld();
  const stream = world.createStream({ name: 'clicks', shards: 4, recordsPerSecond: 100 });
  const calls: string[] = [];
  const faults: Fault[] = [];
  const server = await startKinesis({
    clock: time,
    kinesis: world.kinesis,
    fault: ({ service, operation }) => {
      calls.push(`${service}.${operation}`);
      return faults.shift();
    },
  });
  onTestFinished(() => server.close());
  const client = kinesisClient({
    region: 'us-east-1',
    clock: time,
    endpoints: { kinesis: server.url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    retries: 'none',
  });
  onTestFinished(() => client.destroy());
  const pass = (ms: number) => time.run({ untilMs: time.now() + ms });
  const sut = new KinesisRetentions(client, time);
  const extend = (hours: number, name = 'clicks') =>
    sut.extend(name, hours, { notAfterMs: time.now() + 120_000 });
  return { world, time, stream, calls, faults, sut, pass, extend };
}

describe('the retention of a stream', () => {
  it('is read with its shards, and one answer serves every job for minutes', async () => {
    const { sut, calls, time, pass } = await kinesis();
    const readAtMs = time.now();
    const answer = {
      ok: true,
      value: { retentionMs: 24 * hourMs, readAtMs, openShards: 4, isOnDemand: false },
    };
    expect(await Promise.all([sut.of('clicks'), sut.of('clicks')])).toEqual([answer, answer]);
    await pass(4 * 60_000);
    expect(await sut.of('clicks')).toEqual(answer);
    expect(calls).toEqual(['kinesis.DescribeStreamSummary']);
    await sut.of('clicks', { fresh: true });
    await pass(6 * 60_000);
    expect(await sut.of('clicks')).toMatchObject({ value: { readAtMs: time.now() } });
    expect(calls).toHaveLength(3);
  });

  it('is not known of a stream that is not there, and of one that is asked for too often', async () => {
    const { sut, faults } = await kinesis();
    expect(await sut.of('click')).toMatchObject({ ok: false, code: 'not-found' });
    faults.push({ kind: 'throttle' });
    expect(await sut.of('clicks')).toMatchObject({ ok: false, code: 'throttled' });
    faults.push({ kind: 'internal-error' });
    expect(await sut.of('clicks')).toMatchObject({ ok: false, code: 'unavailable' });
    expect(await sut.of('clicks')).toMatchObject({ ok: true });
  });

  it('is made longer, and is seen longer at once', async () => {
    const { sut, extend, stream, world } = await kinesis();
    await sut.of('clicks');
    expect(await extend(168)).toEqual({ kind: 'accepted' });
    expect(stream.retentionMs).toBe(168 * hourMs);
    expect(await sut.of('clicks')).toMatchObject({ value: { retentionMs: 168 * hourMs } });
    expect(world.journal.ofKind('retention-changed')).toMatchObject([
      { stream: 'clicks', from: 24, to: 168 },
    ]);
  });

  it('is never made shorter, nor the same', async () => {
    const { extend, world } = await kinesis();
    await extend(168);
    for (const hours of [168, 48, 0, 9_000])
      expect(await extend(hours)).toMatchObject({ kind: 'refused', code: 'InvalidArgumentException' });
    expect(await extend(48, 'click')).toMatchObject({ kind: 'refused', code: 'ResourceNotFoundException' });
    expect(world.journal.ofKind('retention-changed')).toHaveLength(1);
  });

  it('does not bring back what is gone', async () => {
    const { stream, time, pass, extend } = await kinesis();
    await pass(30 * hourMs);
    const gone = stream.trimmedAt(time.now());
    expect(gone).toBe(6 * 3_600 * 25);
    await extend(168);
    await pass(3 * hourMs);
    expect(stream.trimmedAt(time.now())).toBe(gone);
  });
});

describe('a longer retention that is asked for', () => {
  it('is not sent with a signature after its deadline', async () => {
    const { sut, time, calls } = await kinesis();
    expect(await sut.extend('clicks', 48, { notAfterMs: time.now() - 1_000 })).toEqual({ kind: 'too-late' });
    expect(calls).toEqual([]);
  });

  it('has an open outcome when the answer is lost, and none when it came too fast', async () => {
    const { faults, extend, stream } = await kinesis();
    faults.push({ kind: 'reset-after' }, { kind: 'internal-error' }, { kind: 'throttle' });
    expect(await extend(48)).toMatchObject({ kind: 'ambiguous' });
    expect(stream.retentionMs).toBe(48 * hourMs);
    expect(await extend(72)).toMatchObject({ kind: 'ambiguous' });
    expect(await extend(72)).toMatchObject({ kind: 'not-now' });
    expect(stream.retentionMs).toBe(48 * hourMs);
  });
});
