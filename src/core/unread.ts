import type { JobRun } from './job-run.ts';
import type { Observation, RunSensor } from './observation.ts';
import type { ReadSensor, SourceSensor } from './source.ts';

/** How sure the age of the oldest unread record is: it is its own time of arrival, not older, about so old, or not younger. */
export type Bound = 'exact' | 'at-most' | 'about' | 'at-least';

/** Since when records wait that the job has not read and committed. */
export type Unread =
  | { readonly kind: 'since'; readonly sinceMs: number; readonly bound: Bound; readonly how: string }
  | { readonly kind: 'none'; readonly how: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** A batch this much older than now is no longer the pulse of a job that commits; then its age is asked for exactly. */
export const stillMs = 15 * 60_000;
/** Whether the stream was quiet is asked for from this age on: until then it makes no difference. */
export const inputAskMs = 3_600_000;
/** Records are seconds old when they are read by a job that keeps up, a batch's length at most. */
const keptUpMs = 2 * 60_000;
/** CloudWatch counts by minutes: what came this soon after a batch is no pause. */
const quietMs = 3 * 60_000;
/** A driver that planned nothing for this long found nothing, whatever its trigger interval is. */
const quietGapMs = 2 * 3_600_000;

/**
 * The age of the oldest unread record, from the last committed batch: all that had come when it was planned was read, but
 * for what the job was behind. That is free and works while the job is down. A stream that took nothing since makes
 * it younger, and a driver that looks for input and finds none. Where the records themselves were asked, they say it.
 */
export function unreadOf(source: SourceSensor, run: RunSensor, nowMs: number): Unread {
  const { exact, read } = source;
  if (read.kind !== 'seen' || exact?.batch !== read.batch) return reckoned(source, run, nowMs);
  const { arrivedMs, why } = exact;
  if (why !== undefined) {
    const unread = reckoned(source, run, nowMs);
    const asked = `; its records could not be asked (${why})`;
    return unread.kind === 'unknown' ? unread : { ...unread, how: `${unread.how}${asked}` };
  }
  if (arrivedMs === undefined)
    return { kind: 'none', how: `no record lies behind batch ${read.batch} in any shard` };
  const how = `it arrived then, the first behind batch ${read.batch}`;
  return { kind: 'since', sinceMs: arrivedMs, bound: 'exact', how };
}

function reckoned(source: SourceSensor, run: RunSensor, nowMs: number): Unread {
  const { read, lag, input } = source;
  if (read.kind === 'unknown') return { kind: 'unknown', why: read.why };
  if (read.kind === 'first-batch')
    return {
      kind: 'since',
      sinceMs: read.plannedAtMs,
      bound: 'at-least',
      how: 'batch 0 was planned then and never committed',
    };
  const running = run.kind === 'seen' && run.run.state === 'RUNNING' ? run.run : undefined;
  if (running && hasLookedInVain(read, running))
    return {
      kind: 'since',
      sinceMs: read.nextPlannedAtMs ?? nowMs,
      bound: 'about',
      how: `the driver found nothing before it planned batch ${read.batch + 1}`,
    };
  const isIdle = running !== undefined && read.nextPlannedAtMs === undefined;
  const isInputKnown = input?.batch === read.batch;
  if (isIdle && !isInputKnown && nowMs - read.plannedAtMs >= inputAskMs)
    return {
      kind: 'unknown',
      why: 'the run has planned no batch for long; whether input waits is not known',
    };
  const lagMs = lag?.lagMs;
  const hasKeptUp = isIdle || (lagMs !== undefined && lagMs <= keptUpMs);
  const bound: Bound = lagMs === undefined ? 'at-least' : lag?.batch === read.batch ? 'at-most' : 'about';
  if (isInputKnown && hasKeptUp) {
    const { firstMs } = input;
    if (firstMs === undefined) return { kind: 'none', how: `nothing came in since batch ${read.batch}` };
    if (firstMs - read.plannedAtMs >= quietMs)
      return {
        kind: 'since',
        sinceMs: firstMs,
        bound: bound === 'at-least' ? 'about' : bound,
        how: `the first that came after batch ${read.batch}`,
      };
  }
  return { kind: 'since', sinceMs: read.plannedAtMs - (lagMs ?? 0), bound, how: howOf(read.batch, lagMs) };
}

/** The location that is furthest behind decides; `seen` has what each of them last committed. */
export function isStill({
  checkpoints,
  nowMs,
  run,
}: Pick<Observation, 'checkpoints' | 'nowMs' | 'run'>): boolean {
  if (run.kind !== 'seen' || run.run.state !== 'RUNNING') return true;
  return Object.values(checkpoints).some(
    (sensor) => sensor.kind !== 'seen' || nowMs - (sensor.times?.committedAtMs ?? 0) >= stillMs,
  );
}

/** The run was there all the time between two batches: had there been input, it would have planned one. */
function hasLookedInVain(
  { committedAtMs, nextPlannedAtMs }: Extract<ReadSensor, { kind: 'seen' }>,
  { startedAtMs, attemptCreatedAtMs }: JobRun,
): boolean {
  if (committedAtMs === undefined || nextPlannedAtMs === undefined || startedAtMs === undefined) return false;
  const livesSinceMs = Math.max(startedAtMs, attemptCreatedAtMs ?? 0);
  return livesSinceMs <= committedAtMs && nextPlannedAtMs - committedAtMs >= quietGapMs;
}

function howOf(batch: number, lagMs: number | undefined): string {
  const planned = `batch ${batch} was planned then`;
  if (lagMs === undefined) return `${planned}; how far the job was behind is not known`;
  return lagMs <= keptUpMs
    ? `${planned}, and the job had kept up`
    : `${planned}, less what the job was behind`;
}
