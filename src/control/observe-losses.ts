import { isTerminal, type JobRun } from '../core/job-run.ts';
import { findLosses, lossWords } from '../core/losses.ts';
import { isGrantLive, type LossLook } from '../core/memory.ts';
import type { LossSensor, Observation } from '../core/observation.ts';
import { progressOf } from '../core/progress.ts';
import type { JobState } from './load.ts';
import type { Ports } from './ports.ts';

/** How often the logs of a live run are searched: at every third look at a calm job. */
const everyMs = 15 * 60_000;
/** … where there is nothing to search, or no right to. */
const rarelyMs = 60 * 60_000;
/** By then the logs of a run that has ended have arrived … */
const settledMs = 3 * 60_000;
/** … and after this they do not come any more. */
const givenUpMs = 20 * 60_000;

/**
 * Whether the job's logs warn of records that it left out. A live run is searched when it has committed its first batch and
 * every quarter of an hour after that; a run that has ended once more when its logs have arrived, however it ended and
 * whatever runs now. Only what was written since the last search is read, and one run is searched in a pass.
 */
export async function observeLosses(
  ports: Ports,
  { memory, nowMs }: JobState,
  { run: sensor, checkpoints }: Pick<Observation, 'run' | 'checkpoints'>,
): Promise<LossSensor | undefined> {
  // A pass that may claim has to be quick.
  if (sensor.kind !== 'seen' || isGrantLive(memory, nowMs)) return undefined;
  const { run } = sensor;
  const last = memory.lossLook;
  if (last && last.jobRunId !== run.jobRunId && !last.isLast) return searchEarlier(ports, last, nowMs);
  const before = last?.jobRunId === run.jobRunId ? last : undefined;
  if (before?.isLast) return undefined;
  const look = before ?? beginning(run);
  if (isTerminal(run)) return searchEnded(ports, run, look, nowMs);
  if (run.state !== 'RUNNING') return undefined;
  const startedMs = run.startedAtMs ?? run.createdAtMs;
  const dueMs = before ? before.atMs + (before.isNowhere ? rarelyMs : everyMs) : startedMs + everyMs;
  const isFirst = before === undefined && progressOf(memory, { checkpoints }).committed;
  const isOfAttempt = look.attempt < (run.attempt ?? 1);
  return isFirst || isOfAttempt || nowMs >= dueMs ? search(ports, run, look, nowMs) : undefined;
}

function beginning(run: JobRun): LossLook {
  const { jobRunId, applicationId, createdAtMs } = run;
  return { jobRunId, applicationId, attempt: run.attempt ?? 1, atMs: createdAtMs };
}

/** Another run has taken its place, and what it wrote last is still owed. */
async function searchEarlier(ports: Ports, last: LossLook, nowMs: number): Promise<LossSensor> {
  const { jobRunId, applicationId, endedAtMs } = last;
  if (endedAtMs !== undefined && nowMs < endedAtMs + settledMs)
    return { kind: 'later', jobRunId, look: last, againAtMs: endedAtMs + settledMs };
  const answer = await ports.runs.get(applicationId, jobRunId);
  if (answer.ok) return searchEnded(ports, answer.value, last, nowMs);
  const isOver = answer.code === 'not-found' || nowMs - (endedAtMs ?? last.atMs) >= givenUpMs;
  const look: LossLook = isOver ? { ...last, isLast: true } : last;
  return { kind: 'unknown', why: `${answer.code}: ${answer.message}`, jobRunId, look };
}

async function searchEnded(ports: Ports, run: JobRun, last: LossLook, nowMs: number): Promise<LossSensor> {
  const { jobRunId } = run;
  const endedAtMs = run.endedAtMs ?? run.updatedAtMs;
  const look = { ...last, endedAtMs };
  const settledAtMs = endedAtMs + settledMs;
  if (nowMs < settledAtMs) return { kind: 'later', jobRunId, look, againAtMs: settledAtMs };
  const found = await search(ports, run, look, nowMs);
  // An attempt before the last one was searched, or there is more: both go on.
  const isWhole = found.kind === 'seen' && found.unread === undefined && look.attempt >= (run.attempt ?? 1);
  const isOver = isWhole || found.look.isNowhere === true || nowMs - endedAtMs >= givenUpMs;
  return isOver
    ? { ...found, look: { ...found.look, isLast: true } }
    : { ...found, againAtMs: nowMs + settledMs };
}

async function search(ports: Ports, run: JobRun, before: LossLook, nowMs: number): Promise<LossSensor> {
  const { jobRunId, createdAtMs } = run;
  const { isNowhere: _before, ...rest } = before;
  const sinceMs = before.throughMs ?? createdAtMs;
  const newest = run.attempt ?? 1;
  const answer = await ports.logs.search(run, {
    sinceMs,
    nowMs,
    words: lossWords,
    // Of a run that was tried once there may be no folders of attempts.
    ...(newest > 1 ? { attempt: before.attempt } : {}),
  });
  const look: LossLook = { ...rest, atMs: nowMs };
  if (answer.kind !== 'read') {
    const isNowhere = answer.kind === 'none' && answer.mayCome !== true;
    const where = isNowhere ? { isNowhere } : {};
    return { kind: answer.kind, why: answer.why, jobRunId, look: { ...look, ...where, attempt: newest } };
  }
  const { logs, throughMs, unread } = answer;
  const isMore = unread !== undefined;
  // The next attempt has files of its own, which may be older than the last one of this attempt.
  const on = before.attempt < newest && !isMore ? { attempt: before.attempt + 1 } : { throughMs };
  const found = findLosses(logs);
  return { kind: 'seen', found, ...(isMore ? { unread } : {}), jobRunId, look: { ...look, ...on } };
}
