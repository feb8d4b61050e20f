import { describe, expect, it } from 'vitest';
import { ObjectStore } from '../../src/world/object-store.ts';
import { withDefaults, worldParameters } from '../../src/world/parameters.ts';
import { sparkJobOf } from '../../src/world/spark-request.ts';
import { Stream } from '../../src/world/stream.ts';
import { VirtualTime } from '../../src/world/virtual-time.ts';
import { World } from '../../src/world/world.ts';
import { createWorld, START_MS, us } from './support.ts';

async function busyHour(seed: number): Promise<{ journal: string; objects: unknown; events: unknown[] }> {
  const { world, objects, start, runFor } = createWorld({
    seed,
    parameters: { eventDoubleProbability: 0.2 },
  });
  const events: unknown[] = [];
  world.emr.onEvent((event) => {
    events.push(event);
  });
  world.createStream({
    name: 'orders',
    recordsPerSecond: (timeMs) => 500 + 400 * Math.sin(timeMs / 600_000),
  });
  world.script('orders', { dieAt: [{ cause: 'worker-lost', afterBatches: 5, times: 3 }] });
  start({
    retryPolicy: { maxFailedAttemptsPerHour: 2 },
    tags: { 'checkpilot:job': 'o', 'checkpilot:cause': 'launch' },
  });
  await runFor(30);
  start({ retryPolicy: { maxFailedAttemptsPerHour: 5 } });
  await runFor(30);
  return { journal: world.journal.text(), objects: [...objects.objects], events };
}

describe('the world', () => {
  it('gives the same journal, objects and events for the same seed, byte by byte', async () => {
    const [first, second] = [await busyHour(7), await busyHour(7)];
    expect(first.journal).toBe(second.journal);
    expect(first.objects).toEqual(second.objects);
    expect(first.events).toEqual(second.events);
    expect((await busyHour(8)).journal).not.toBe(first.journal);
  });

  it('journals with time, seed, job, checkpoint and run, and the cause only of runs that have one', async () => {
    const { world, start } = createWorld({ seed: 3 });
    const tagged = start({ tags: { 'checkpilot:job': 'orders-eu', 'checkpilot:cause': 'restart' } });
    const byHand = start();
    const [ours, theirs] = world.journal.ofKind('start-accepted');
    expect(ours).toEqual({
      t: START_MS,
      seed: 3,
      kind: 'start-accepted',
      job: 'orders-eu',
      checkpoint: 's3://checkpoints/orders',
      jobRunId: tagged,
      clientToken: 'token-1',
      cause: 'restart',
      by: expect.stringContaining('assumed-role'),
    });
    expect(theirs).toMatchObject({ job: 'orders', jobRunId: byHand });
    expect(theirs).not.toHaveProperty('cause');
    expect(world.journal.text().split('\n')[0]).toBe(JSON.stringify(ours));
  });

  it('writes into the object store of the local stack, as itself', async () => {
    const time = new VirtualTime(START_MS);
    const objects = new ObjectStore({ clock: time, buckets: ['checkpoints'] });
    const world = new World({ seed: 1, time, objects });
    const { applicationId } = world.emr.createApplication({ name: 'streams', releaseLabel: 'emr-7.10.0' });
    world.emr.startJobRun(createWorld().request({ applicationId }), us);
    await time.run({ untilMs: START_MS + 30 * 60_000 });
    expect(objects.get('checkpoints/orders/metadata')?.body.toString()).toMatch(/^\{"id":"[0-9a-f-]{36}"\}$/);
    expect(new Set(objects.mutations.map(({ writer, op }) => `${writer} ${op}`))).toEqual(
      new Set(['world put', 'world delete']),
    );
  });

  it('has a unit and a source for every parameter, and takes replacements by name', () => {
    for (const { unit, source } of Object.values(worldParameters)) {
      expect([unit.length > 0, source.length > 0]).toEqual([true, true]);
    }
    expect(withDefaults({ capacityPerCore: 10 })).toEqual({ ...withDefaults(), capacityPerCore: 10 });
  });
});

describe('a stream', () => {
  it('counts records of a constant and of a changing rate, and finds when each arrived', () => {
    const steady = new Stream(
      { name: 's', shards: 2, recordsPerSecond: 100, retentionMs: 3_600_000 },
      START_MS,
    );
    expect(steady.countAt(START_MS + 60_000)).toBe(3_000);
    expect(steady.arrivalMs(3_000, START_MS + 120_000)).toBe(START_MS + 60_000);
    expect(steady.arrivalMs(9_000, START_MS + 120_000)).toBeUndefined();
    expect(steady.trimmedAt(START_MS + 3_660_000)).toBe(3_000);
    const rate = (timeMs: number): number => (timeMs < START_MS + 60_000 ? 100 : 300);
    const rising = new Stream(
      { name: 's', shards: 2, recordsPerSecond: rate, retentionMs: 3_600_000 },
      START_MS,
    );
    expect(rising.countAt(START_MS + 120_000)).toBe(3_000 + 9_000);
  });

  it('has sequence numbers that grow and lead back to the count', () => {
    const stream = new Stream({ name: 's', shards: 3, recordsPerSecond: 1, retentionMs: 1 }, START_MS);
    const shardId = stream.shardIds[2] ?? '';
    expect(shardId).toBe('shardId-000000000002');
    const [early, late] = [stream.positionAfter(shardId, 10), stream.positionAfter(shardId, 11)];
    expect(BigInt(late.iteratorPosition) > BigInt(early.iteratorPosition)).toBe(true);
    expect(stream.countBefore(shardId, late)).toBe(11);
  });
});

describe('what Spark reads from a request', () => {
  it('takes sizes from sparkSubmitParameters before spark-defaults, and from the short flags too', () => {
    const { request } = createWorld();
    const job = sparkJobOf(
      request({
        jobDriver: {
          sparkSubmit: {
            entryPoint: 's3://a/b.py',
            entryPointArguments: ['--stream', 'clicks', '--checkpoint', 's3a://b/x//y/'],
            sparkSubmitParameters:
              '--conf spark.executor.memory=8192m --executor-cores 2 --conf "spark.dynamicAllocation.maxExecutors=7"',
          },
        },
        configurationOverrides: {
          applicationConfiguration: [
            {
              classification: 'spark-defaults',
              properties: { 'spark.executor.memory': '4G', 'spark.sql.shuffle.partitions': '32' },
            },
          ],
        },
      }),
      withDefaults(),
    );
    expect(job).toEqual({
      checkpoints: ['s3://b/x/y'],
      streamName: 'clicks',
      driver: { cores: 4, memoryGb: 14, diskGb: 20 },
      executor: { cores: 2, memoryGb: 8, diskGb: 20 },
      executorsMax: 7,
      executorsMin: 0,
      shufflePartitions: 32,
    });
  });
});
