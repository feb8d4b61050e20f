import { describe, expect, it } from 'vitest';
import { CHECKPOINT, createWorld } from './support.ts';

const PREFIX = 'checkpoints/orders/';

/** From the checkpoint of a real run on Spark 3.5.7; only the partition count is the world's default. */
const REAL_CONF = JSON.parse(
  '{"spark.sql.streaming.stateStore.providerClass":"org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",' +
    '"spark.sql.streaming.join.stateFormatVersion":"2","spark.sql.streaming.stateStore.compression.codec":"lz4",' +
    '"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan":"false","spark.sql.streaming.stateStore.rocksdb.formatVersion":"5",' +
    '"spark.sql.streaming.statefulOperator.useStrictDistribution":"true",' +
    '"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion":"2","spark.sql.streaming.multipleWatermarkPolicy":"min",' +
    '"spark.sql.streaming.aggregation.stateFormatVersion":"2","spark.sql.shuffle.partitions":"200"}',
);

describe('the checkpoint of a running job', () => {
  it('is written in the formats of Spark and of the Kinesis connector', async () => {
    const { objects, start, untilBatch } = createWorld();
    start();
    await untilBatch(1);
    expect(JSON.parse(objects.text(`${PREFIX}metadata`))).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(objects.text(`${PREFIX}commits/0`)).toBe('v1\n{"nextBatchWatermarkMs":0}');
    const [version, metadata = '', offsets = '', ...rest] = objects.text(`${PREFIX}offsets/0`).split('\n');
    expect([version, rest]).toEqual(['v1', []]);
    expect(JSON.parse(metadata)).toEqual({
      batchWatermarkMs: 0,
      batchTimestampMs: expect.any(Number),
      conf: REAL_CONF,
    });
    const start0 = {
      subSequenceNumber: '-1',
      isLast: 'true',
      iteratorType: 'TRIM_HORIZON',
      iteratorPosition: '',
    };
    expect(JSON.parse(offsets)).toEqual({
      metadata: { streamName: 'orders', batchId: '0' },
      'shardId-000000000000': start0,
      'shardId-000000000001': start0,
    });
    expect(JSON.parse(objects.text(`${PREFIX}sources/0/shard-source/0/shardId-000000000001`))).toEqual({
      shardId: 'shardId-000000000001',
      iteratorType: 'AFTER_SEQUENCE_NUMBER',
      iteratorPosition: expect.stringMatching(/^\d{56}$/),
      subSequenceNumber: -1,
      isLast: true,
    });
  });

  it('begins every batch where the one before it ended', async () => {
    const { objects, start, untilBatch } = createWorld();
    start();
    await untilBatch(5);
    for (let batch = 1; batch <= 5; batch += 1) {
      const line = JSON.parse(objects.text(`${PREFIX}offsets/${batch}`).split('\n')[2] ?? '');
      const end = JSON.parse(
        objects.text(`${PREFIX}sources/0/shard-source/${batch - 1}/shardId-000000000000`),
      );
      expect(line['shardId-000000000000'].iteratorPosition).toBe(end.iteratorPosition);
    }
  });
});

describe('a checkpoint over the deaths of its runs', () => {
  it('is left with a planned batch by a kill, and the next run reads exactly that batch again', async () => {
    const { world, objects, start, cancel, untilBatch, untilState } = createWorld();
    const first = start();
    await untilBatch(4);
    cancel(first, 0);
    await untilState(first, 'CANCELLED');
    const planned = objects.text(`${PREFIX}offsets/5`);
    expect(planned).not.toBe('');
    expect(objects.text(`${PREFIX}commits/5`)).toBe('');
    const second = start();
    await untilBatch(6);
    expect(objects.text(`${PREFIX}offsets/5`)).toBe(planned);
    const batches = world.journal.ofKind('batch-committed').map(({ batch, jobRunId }) => [batch, jobRunId]);
    expect(batches).toEqual([...[0, 1, 2, 3, 4].map((batch) => [batch, first]), [5, second], [6, second]]);
  });

  it('keeps the end positions of the tasks that were done when it was killed', async () => {
    const { world, objects, time, start, cancel, untilBatch } = createWorld();
    world.createStream({ name: 'orders', shards: 8 });
    const id = start();
    await untilBatch(4);
    await time.run({ untilMs: time.now() + 3_000 });
    cancel(id, 0);
    await time.run({ untilMs: time.now() + 1_000 });
    expect(objects.under(`${PREFIX}sources/0/shard-source/4/`)).toHaveLength(8);
    expect(objects.under(`${PREFIX}sources/0/shard-source/5/`)).toEqual([
      'shardId-000000000000',
      'shardId-000000000001',
      'shardId-000000000002',
    ]);
  });

  it('loses no record and reads none twice over many deaths', async () => {
    const { world, time, start, runFor } = createWorld();
    const stream = world.createStream({ name: 'clicks', shards: 3, recordsPerSecond: 300 });
    world.script('orders', {
      stream: 'clicks',
      dieAt: [{ cause: 'worker-lost', afterBatches: 3, times: 6 }],
    });
    start({ retryPolicy: { maxFailedAttemptsPerHour: 10 } });
    await runFor(60);
    const committed = world.journal.ofKind('batch-committed');
    expect(committed.map(({ batch }) => batch)).toEqual(committed.map((_, index) => index));
    const records = committed.reduce((sum, entry) => sum + Number(entry.records), 0);
    const received = stream.countAt(time.now()) * 3;
    expect(received - records).toBeGreaterThanOrEqual(0);
    expect(received - records).toBeLessThan(300 * 60);
  });
});

describe('what a checkpoint keeps', () => {
  it('keeps the last 100 batches', async () => {
    const { objects, start, untilBatch } = createWorld();
    start();
    await untilBatch(120);
    const batches = objects
      .under(`${PREFIX}commits/`)
      .map(Number)
      .sort((a, b) => a - b);
    expect(batches).toEqual(Array.from({ length: 100 }, (_, index) => index + 21));
    expect(objects.under(`${PREFIX}sources/0/shard-source/20/`)).toEqual([]);
  });

  it('keeps the partition count of its first run', async () => {
    const { objects, start, cancel, untilBatch, untilState } = createWorld();
    const partitions = (count: number) => ({
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://artifacts/orders.py',
          entryPointArguments: [`--checkpoint=${CHECKPOINT}`],
          sparkSubmitParameters: `--conf spark.sql.shuffle.partitions=${count}`,
        },
      },
    });
    const first = start(partitions(16));
    await untilBatch(1);
    cancel(first, 0);
    await untilState(first, 'CANCELLED');
    start(partitions(64));
    await untilBatch(3);
    expect(objects.text(`${PREFIX}offsets/3`)).toContain('"spark.sql.shuffle.partitions":"16"');
  });
});

describe('two runs on one checkpoint', () => {
  it('are told in the journal at the acceptance of the second, whatever the spelling of the location', async () => {
    const { world, start, runFor } = createWorld();
    const first = start();
    await runFor(5);
    const second = start({
      name: 'orders-by-hand',
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://a/b.py',
          entryPointArguments: ['--checkpoint', 's3a://checkpoints//orders'],
        },
      },
    });
    expect(world.journal.ofKind('double-writer')).toMatchObject([
      { jobRunId: second, otherJobRunId: first, checkpoint: 's3://checkpoints/orders' },
    ]);
  });

  it('end with the death of one of them by a concurrent update', async () => {
    const { world, start, get, runFor } = createWorld();
    const ids = [start(), start()];
    await runFor(30);
    expect(ids.map((id) => get(id).state).sort()).toEqual(['FAILED', 'RUNNING']);
    expect(world.journal.ofKind('attempt-failed')).toMatchObject([{ class: 'concurrent-run' }]);
    const failed = ids.map((id) => get(id)).find(({ state }) => state === 'FAILED');
    expect(failed?.stateDetails).toContain('[CONCURRENT_STREAM_LOG_UPDATE]');
    const batches = world.journal.ofKind('batch-committed').map(({ batch }) => batch);
    expect(batches).toEqual(batches.map((_, index) => index));
  });

  it('are not told when the first one has ended', async () => {
    const { world, start, cancel, untilState, runFor } = createWorld();
    const first = start();
    await runFor(5);
    cancel(first);
    await untilState(first, 'CANCELLED');
    start();
    expect(world.journal.ofKind('double-writer')).toEqual([]);
  });
});

describe('a script', () => {
  it('kills at the same batch every time for a fault in the code', async () => {
    const { world, start, untilState } = createWorld();
    world.script('orders', { dieAt: [{ cause: 'user-code-error', atBatch: 3 }] });
    for (let run = 0; run < 2; run += 1) await untilState(start(), 'FAILED');
    expect(world.journal.ofKind('attempt-failed').map(({ batch }) => batch)).toEqual([3, 3]);
    expect(world.journal.ofKind('batch-committed')).toHaveLength(3);
  });

  it('kills for memory only while executors have too little', async () => {
    const { world, start, get, runFor, untilState } = createWorld();
    world.script('orders', { dieAt: [{ cause: 'out-of-memory', afterBatches: 1, neededMemoryGb: 20 }] });
    const sized = (memory: string) => ({
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://a/b.py',
          sparkSubmitParameters: `--conf spark.executor.memory=${memory}`,
        },
      },
    });
    await untilState(start(sized('14G')), 'FAILED');
    const id = start(sized('21G'));
    await runFor(30);
    expect(get(id).state).toBe('RUNNING');
  });

  it('strikes at its time, and the next attempt if none was at work then', async () => {
    const { world, time, start, runFor } = createWorld();
    const atMs = time.now() + 20 * 60_000;
    world.script('orders', {
      dieAt: [
        { cause: 'transient-io', atMs: time.now() + 1_000 },
        { cause: 'worker-lost', atMs },
      ],
    });
    start({ retryPolicy: { maxFailedAttemptsPerHour: 5 } });
    await runFor(40);
    const failed = world.journal.ofKind('attempt-failed');
    expect(failed.map((entry) => entry.class)).toEqual(['transient-io', 'worker-lost']);
    expect(failed[1]?.t).toBe(atMs);
  });
});

describe('records that retention removed before they were read', () => {
  it('are told as lost, once, with their number', async () => {
    const { world, start, cancel, untilBatch, untilState, runFor } = createWorld();
    world.createStream({ name: 'orders', shards: 2, recordsPerSecond: 100, retentionMs: 3_600_000 });
    const first = start();
    await untilBatch(2);
    cancel(first);
    await untilState(first, 'CANCELLED');
    await runFor(180);
    start();
    await runFor(30);
    const [lost, ...others] = world.journal.ofKind('records-lost');
    expect(others).toEqual([]);
    expect(Number(lost?.count)).toBeGreaterThan(100 * 110 * 60);
    expect(Number(lost?.count)).toBeLessThan(100 * 130 * 60);
  });
});
