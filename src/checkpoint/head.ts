import type { BatchTimes } from '../core/observation.ts';

/** Batch number to the time at which the store dates its file, epoch ms; NaN where it does not say. */
export type BatchFiles = ReadonlyMap<number, number>;

/** Fewer batches than this say nothing of how long one takes. */
const batchesMin = 5;

/**
 * The newest planned and committed batch from the files of `offsets/` and `commits/`, with their times. Spark keeps the
 * last hundred batches or so (spark.sql.streaming.minBatchesToRetain), so how long batches take is there for free. A
 * batch that was run again after a restart looks long; that is why it is not the longest one that counts.
 */
export function headOf(
  planned: BatchFiles,
  committed: BatchFiles,
): { readonly committedBatch: number; readonly plannedBatch: number; readonly times: BatchTimes } {
  const plannedBatch = Math.max(-1, ...planned.keys());
  const committedBatch = Math.max(-1, ...committed.keys());
  const times = {
    ...dated('plannedAtMs', planned.get(plannedBatch)),
    ...dated('committedAtMs', committed.get(committedBatch)),
    ...dated('committedPlannedAtMs', planned.get(committedBatch)),
    ...dated('batchP95Ms', p95(durations(planned, committed))),
  };
  return { committedBatch, plannedBatch, times };
}

function durations(planned: BatchFiles, committed: BatchFiles): readonly number[] {
  return [...committed].flatMap(([batch, atMs]) => {
    const durationMs = atMs - (planned.get(batch) ?? Number.NaN);
    return durationMs >= 0 ? [durationMs] : [];
  });
}

function p95(values: readonly number[]): number | undefined {
  if (values.length < batchesMin) return undefined;
  return [...values].sort((a, b) => a - b)[Math.floor(0.95 * (values.length - 1))];
}

function dated<K extends string>(key: K, value: number | undefined): { readonly [key in K]?: number } {
  return (value === undefined || Number.isNaN(value) ? {} : { [key]: value }) as {
    readonly [key in K]?: number;
  };
}
