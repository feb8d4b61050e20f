import type { Random } from './random.ts';
import type { ShardPosition } from './stream.ts';

/** Where the world writes: keys are `bucket/key`. */
export interface ObjectSink {
  put(key: string, body: string | Buffer, writer: 'world'): void;
  delete(key: string, writer: 'world'): void;
}

export type Positions = ReadonlyMap<string, ShardPosition>;

export interface PlannedBatch {
  batchId: number;
  streamName: string;
  /** Where the batch starts reading, per shard. */
  starts: Positions;
  batchTimestampMs: number;
}

const PROVIDER = 'org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider';

/** Spark reports a second writer only when it writes, and with this text (Spark 3.5). */
export class ConcurrentUpdate extends Error {
  readonly batchId: number;

  constructor(batchId: number) {
    super(
      `[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs detected for ${batchId}.`,
    );
    this.name = 'ConcurrentUpdate';
    this.batchId = batchId;
  }
}

/**
 * One checkpoint location of a Structured Streaming query that reads Kinesis: keeps the log in mind and writes
 * it in Spark's and the connector's own file formats. `offsets/N` is written before batch N runs, the shards'
 * end positions while it runs, `commits/N` after it.
 */
export class CheckpointWriter {
  readonly uri: string;
  readonly #objects: ObjectSink;
  readonly #prefix: string;
  readonly #retained: number;
  readonly #planned = new Map<number, PlannedBatch>();
  readonly #ends = new Map<number, Map<string, ShardPosition>>();
  #lastPlanned = -1;
  #lastCommitted = -1;
  #queryId: string | undefined;
  #shufflePartitions: number | undefined;

  constructor(objects: ObjectSink, uri: string, batchesRetained: number) {
    this.#objects = objects;
    this.uri = uri;
    this.#prefix = `${uri.replace(/^s3:\/\//, '')}/`;
    this.#retained = batchesRetained;
  }

  /** -1 before the first batch. */
  get lastPlanned(): number {
    return this.#lastPlanned;
  }

  /** -1 before the first commit. */
  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** What a starting query does: writes `metadata` once; the partition count of the first run stays for ever. */
  open(random: Random, shufflePartitions: number): { queryId: string } {
    this.#shufflePartitions ??= shufflePartitions;
    if (this.#queryId === undefined) {
      this.#queryId = random.uuid();
      this.#put('metadata', JSON.stringify({ id: this.#queryId }));
    }
    return { queryId: this.#queryId };
  }

  planned(batchId: number): PlannedBatch | undefined {
    return this.#planned.get(batchId);
  }

  endsOf(batchId: number): Positions | undefined {
    return this.#ends.get(batchId);
  }

  /** Writes `offsets/N`. Throws ConcurrentUpdate if another query has written it. */
  plan(batch: PlannedBatch): void {
    if (batch.batchId <= this.#lastPlanned) throw new ConcurrentUpdate(batch.batchId);
    this.#planned.set(batch.batchId, batch);
    this.#lastPlanned = batch.batchId;
    const metadata = {
      batchWatermarkMs: 0,
      batchTimestampMs: batch.batchTimestampMs,
      conf: stateConf(this.#shufflePartitions ?? 0),
    };
    const offsets = offsetLine(batch);
    this.#put(`offsets/${batch.batchId}`, `v1\n${JSON.stringify(metadata)}\n${offsets}`);
  }

  /** Writes the end position of one shard, as an executor does when its task is done. The last writer wins. */
  endShard(batchId: number, shardId: string, end: ShardPosition): void {
    const ends = this.#ends.get(batchId) ?? new Map<string, ShardPosition>();
    this.#ends.set(batchId, ends.set(shardId, end));
    const body = { shardId, ...end, subSequenceNumber: -1, isLast: true };
    this.#put(`sources/0/shard-source/${batchId}/${shardId}`, JSON.stringify(body));
  }

  /** Writes `commits/N` and purges what is older than the retained batches. Throws ConcurrentUpdate. */
  commit(batchId: number): void {
    if (batchId <= this.#lastCommitted) throw new ConcurrentUpdate(batchId);
    this.#lastCommitted = batchId;
    this.#put(`commits/${batchId}`, `v1\n${JSON.stringify({ nextBatchWatermarkMs: 0 })}`);
    this.#purge(batchId - this.#retained);
  }

  #purge(batchId: number): void {
    for (const shardId of this.#ends.get(batchId)?.keys() ?? []) {
      this.#objects.delete(`${this.#prefix}sources/0/shard-source/${batchId}/${shardId}`, 'world');
    }
    if (this.#planned.delete(batchId)) {
      this.#objects.delete(`${this.#prefix}offsets/${batchId}`, 'world');
      this.#objects.delete(`${this.#prefix}commits/${batchId}`, 'world');
    }
    this.#ends.delete(batchId);
  }

  #put(path: string, body: string): void {
    this.#objects.put(this.#prefix + path, body, 'world');
  }
}

/** One spelling per location: s3a and s3n are s3, no doubled and no trailing slashes. */
export function normalizedCheckpoint(uri: string): string {
  const [, bucketAndKey = uri] = uri.trim().match(/^s3[an]?:\/\/(.*)$/i) ?? [];
  return `s3://${bucketAndKey.split('/').filter(Boolean).join('/')}`;
}

/** Every value is a string here, and the position is where the batch starts, not where it ends. */
function offsetLine({ batchId, streamName, starts }: PlannedBatch): string {
  const line: Record<string, Record<string, string>> = {
    metadata: { streamName, batchId: String(batchId) },
  };
  for (const [shardId, { iteratorType, iteratorPosition }] of starts) {
    line[shardId] = { subSequenceNumber: '-1', isLast: 'true', iteratorType, iteratorPosition };
  }
  return JSON.stringify(line);
}

/** What Spark 3.5 pins in every planned batch. */
function stateConf(shufflePartitions: number): Record<string, string> {
  return {
    'spark.sql.streaming.stateStore.providerClass': PROVIDER,
    'spark.sql.streaming.join.stateFormatVersion': '2',
    'spark.sql.streaming.stateStore.compression.codec': 'lz4',
    'spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan': 'false',
    'spark.sql.streaming.stateStore.rocksdb.formatVersion': '5',
    'spark.sql.streaming.statefulOperator.useStrictDistribution': 'true',
    'spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion': '2',
    'spark.sql.streaming.multipleWatermarkPolicy': 'min',
    'spark.sql.streaming.aggregation.stateFormatVersion': '2',
    'spark.sql.shuffle.partitions': String(shufflePartitions),
  };
}
