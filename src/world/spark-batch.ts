import type { CheckpointWriter, PlannedBatch, Positions } from './checkpoint-writer.ts';
import type { WorldParameters } from './parameters.ts';
import type { SparkJob } from './spark-request.ts';
import type { ShardPosition, Stream } from './stream.ts';

/** One micro-batch as its driver sees it. */
export interface Batch {
  batchId: number;
  /** It was planned before and not committed: the same start positions are read again. */
  isReplay: boolean;
  plan: PlannedBatch;
  ends: Positions;
  records: number;
  recordsOfLargestShard: number;
  /** Records that retention removed before they were read. */
  recordsLost: number;
  /** Age of the oldest record that it reads; 0 when there is none. */
  oldestMs: number;
}

export interface NextBatchOptions {
  checkpoint: CheckpointWriter;
  stream: Stream;
  parameters: WorldParameters;
  nowMs: number;
  /** The last batch that this attempt committed; undefined in a fresh attempt, which reads the log instead. */
  after: number | undefined;
}

/** The batch that an attempt runs next: the planned and uncommitted one of a fresh attempt, or a new one. */
export function nextBatch({ checkpoint, stream, parameters, nowMs, after }: NextBatchOptions): Batch {
  const batchId = (after ?? checkpoint.lastCommitted) + 1;
  const unfinished = after === undefined ? checkpoint.planned(batchId) : undefined;
  const plan = unfinished ?? {
    batchId,
    streamName: stream.name,
    starts: startsOf(stream, checkpoint.endsOf(batchId - 1)),
    batchTimestampMs: nowMs,
  };
  return {
    batchId,
    isReplay: unfinished !== undefined,
    plan,
    ...read(stream, plan.starts, { nowMs, parameters }),
  };
}

/**
 * How long it runs: one task per shard, as many at a time as there are slots; a task lasts as long as its shard's
 * records take, and the connector's quiet time at least.
 */
export function batchSeconds(batch: Batch, slots: number, parameters: WorldParameters): number {
  const waves = Math.ceil(batch.plan.starts.size / slots);
  const taskSeconds = Math.max(
    parameters.taskFloorSeconds,
    batch.recordsOfLargestShard / parameters.capacityPerCore,
  );
  return parameters.batchOverheadSeconds + waves * taskSeconds;
}

/** As many executors as so many shards can use, within the bounds of the job. */
export function executorsWanted(shards: number, job: SparkJob): number {
  const useful = Math.ceil(shards / job.executor.cores);
  return Math.max(1, Math.min(job.executorsMax, Math.max(job.executorsMin, useful)));
}

function startsOf(stream: Stream, previousEnds: Positions | undefined): Positions {
  const trimHorizon = (shardId: string): ShardPosition => stream.positionAfter(shardId, 0);
  return new Map(
    stream.shardIds.map((shardId) => [shardId, previousEnds?.get(shardId) ?? trimHorizon(shardId)]),
  );
}

type ReadResult = Pick<Batch, 'ends' | 'records' | 'recordsOfLargestShard' | 'recordsLost' | 'oldestMs'>;

function read(
  stream: Stream,
  starts: Positions,
  { nowMs, parameters }: { nowMs: number; parameters: WorldParameters },
): ReadResult {
  const ends = new Map<string, ShardPosition>();
  const result: ReadResult = { ends, records: 0, recordsOfLargestShard: 0, recordsLost: 0, oldestMs: 0 };
  const oldest = stream.trimmedAt(nowMs);
  for (const [shardId, start] of starts) {
    const wanted = stream.countBefore(shardId, start);
    const from = Math.max(wanted, oldest);
    // A reader that begins at TRIM_HORIZON never wanted what was gone before.
    if (start.iteratorType !== 'TRIM_HORIZON') result.recordsLost += from - wanted;
    const to = Math.min(stream.countAt(nowMs), from + parameters.recordsPerShardMax);
    ends.set(shardId, stream.positionAfter(shardId, to));
    result.records += to - from;
    if (to > from) {
      const arrivedAtMs = stream.arrivalMs(from + 1, nowMs) ?? nowMs;
      result.oldestMs = Math.max(result.oldestMs, nowMs - arrivedAtMs);
    }
    result.recordsOfLargestShard = Math.max(result.recordsOfLargestShard, to - from);
  }
  return result;
}
