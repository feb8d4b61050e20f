import type { ResolvedJob } from '../core/job.ts';
import type { ExactReading, ReadSensor, SourceMemory } from '../core/source.ts';
import { inputAskMs } from '../core/unread.ts';
import type { Ports } from './ports.ts';

/** One record per shard is asked for this often at most (GetRecords: 5 a second and shard, shared with every reader). */
const everyMs = 10 * 60_000;
/** Nearer to the end of the retention older records may be gone already, and the first that is left tells less than the metrics. */
const trimmedSoonMs = 3_600_000;

/**
 * The arrival of the oldest unread record, where the policy wants to know it exactly. It stays the same while nothing is
 * committed, so one answer does for each time that the job stands still.
 */
export async function observeOldest(
  ports: Ports,
  { checkpoints, retention, source }: ResolvedJob,
  seen: {
    readonly read: ReadSensor;
    readonly before: SourceMemory;
    readonly nowMs: number;
    /** The job stands still, and the pass has the time. */
    readonly mayAsk: boolean;
  },
): Promise<ExactReading | undefined> {
  const { read, before, nowMs } = seen;
  if (!retention?.isAgeExact || read.kind !== 'seen') return undefined;
  const known = before.exact?.batch === read.batch ? before.exact : undefined;
  if (known?.arrivedMs !== undefined || !seen.mayAsk || nowMs - read.plannedAtMs < inputAskMs) return known;
  if (known && nowMs - known.readAtMs < everyMs) return known;
  const committerTable = source?.kinesis?.committerTable;
  const options = committerTable === undefined ? {} : { committerTable };
  const answers = await Promise.all(
    checkpoints.map((location) => ports.checkpoints.oldestRecord(location, options)),
  );
  const untold = (why: string): ExactReading => ({ batch: read.batch, why, readAtMs: nowMs });
  let arrivedMs = Number.POSITIVE_INFINITY;
  for (const [index, answer] of answers.entries()) {
    if (!answer.ok) return untold(`${answer.code}: ${answer.message}`);
    if (checkpoints[index] === read.location && answer.value.batch !== read.batch)
      return untold('a batch was committed meanwhile');
    arrivedMs = Math.min(arrivedMs, answer.value.arrivedMs ?? Number.POSITIVE_INFINITY);
  }
  if (!Number.isFinite(arrivedMs)) return { batch: read.batch, readAtMs: nowMs };
  const retentionMs = before.retention?.retentionMs;
  if (retentionMs === undefined || arrivedMs < nowMs - retentionMs + trimmedSoonMs)
    return untold('older records may be gone already');
  return { batch: read.batch, arrivedMs, readAtMs: nowMs };
}
