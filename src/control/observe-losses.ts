import { isTerminal, type JobRun } from '../core/job-run.ts';
import type { LossLook } from '../core/loss-memory.ts';
import { lossWords, newLosses } from '../core/losses.ts';
import { isGrantLive } from '../core/memory.ts';
import type { LossSensor, Observation } from '../core/observation.ts';
import { progressOf } from '../core/progress.ts';
import type { JobState } from './load.ts';
import { changedRun, nextOwed, settledMs, withOwed } from './owed-looks.ts';
import type { Ports } from './ports.ts';

/** How often the logs of a live run are searched: at every third look at a calm job. */
const everyMs = 15 * 60_000;
/** … where there is nothing to search, or no right to. */
const rarelyMs = 60 * 60_000;
/** What has not come, or was not answered, for so long does not come any more. */
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
  const pass: Pass = { ports, told: memory.losses?.told ?? [], nowMs };
  const before = memory.lossLook;
  const isOther = before !== undefined && before.jobRunId !== run.jobRunId;
  const isOwing = isOther && (!before.isLast || before.owed !== undefined);
  if (isOwing) return changedRun(before, beginning(run), nowMs);
  const last = isOther ? undefined : before;
  const owed = nextOwed(last?.owed, nowMs);
  if (last && owed) return withOwed(last, await searchEarlier(pass, owed), nowMs);
  if (last?.isLast) return undefined;
  const look = last ?? beginning(run);
  if (isTerminal(run)) return searchEnded(pass, run, look);
  if (run.state !== 'RUNNING') return undefined;
  const isFirst = last?.throughMs === undefined && progressOf(memory, { checkpoints }).committed;
  const isOfAttempt = look.attempt < (run.attempt ?? 1);
  const isTried = look.failingSinceMs !== undefined || look.rest !== undefined || look.isNowhere;
  const isNew = (isFirst || isOfAttempt) && !isTried;
  return isNew || nowMs >= dueMs(run, last) ? search(pass, run, look) : undefined;
}

interface Pass {
  readonly ports: Ports;
  /** Marks of losses that people know of. */
  readonly told: readonly string[];
  readonly nowMs: number;
}

function beginning(run: JobRun): LossLook {
  const { jobRunId, applicationId, createdAtMs } = run;
  return { jobRunId, applicationId, attempt: run.attempt ?? 1, atMs: createdAtMs };
}

function dueMs(run: JobRun, last: LossLook | undefined): number {
  const atMs = Math.max(last?.atMs ?? 0, run.startedAtMs ?? run.createdAtMs);
  return atMs + (last?.isNowhere ? rarelyMs : last?.rest ? settledMs : everyMs);
}

/** Another run has taken its place, and what it wrote last is still owed. */
async function searchEarlier(pass: Pass, last: LossLook): Promise<LossSensor> {
  const { ports, nowMs } = pass;
  const { jobRunId, applicationId } = last;
  const answer = await ports.runs.get(applicationId, jobRunId);
  if (answer.ok) return searchEnded(pass, answer.value, last);
  const failing = failed(last, nowMs);
  const isOver = answer.code === 'not-found' || isGivenUp(failing, nowMs);
  const why = `${answer.code}: ${answer.message}`;
  return isOver
    ? { kind: 'unknown', why, jobRunId, look: { ...failing, isLast: true }, isGivenUp: true }
    : { kind: 'unknown', why, jobRunId, look: failing };
}

async function searchEnded(pass: Pass, run: JobRun, last: LossLook): Promise<LossSensor> {
  const { nowMs } = pass;
  const { jobRunId } = run;
  // A run beside ours that goes on: it is asked for again, and its end is not known yet.
  if (!isTerminal(run)) return { kind: 'later', jobRunId, look: { ...last, atMs: nowMs } };
  const endedAtMs = run.endedAtMs ?? run.updatedAtMs;
  const look = { ...last, endedAtMs };
  const settledAtMs = endedAtMs + settledMs;
  const isEarly = last.rest !== undefined || last.failingSinceMs !== undefined;
  const againAtMs = isEarly ? Math.max(settledAtMs, last.atMs + settledMs) : settledAtMs;
  if (nowMs < againAtMs) return { kind: 'later', jobRunId, look, againAtMs };
  const found = await search(pass, run, look);
  if (!isOver(found, { look, run, settledAtMs }, nowMs)) return { ...found, againAtMs: nowMs + settledMs };
  const told = found.kind === 'unknown' ? { isGivenUp: true as const } : {};
  return { ...found, ...told, look: { ...found.look, isLast: true } };
}

/** Never while something is left: an attempt, a part of what was written, or what came after the search had begun. */
function isOver(
  found: LossSensor,
  { look, run, settledAtMs }: { look: LossLook; run: JobRun; settledAtMs: number },
  nowMs: number,
): boolean {
  if (found.look.isNowhere) return true;
  const isOfLast = look.attempt >= (run.attempt ?? 1);
  if (found.kind !== 'seen') return (isOfLast || found.kind === 'unknown') && isGivenUp(found.look, nowMs);
  const beganMs = look.rest?.beganMs ?? nowMs;
  return isOfLast && found.unread === undefined && beganMs >= settledAtMs;
}

async function search(
  { ports, told: known, nowMs }: Pass,
  run: JobRun,
  before: LossLook,
): Promise<LossSensor> {
  const { jobRunId, createdAtMs } = run;
  const { isNowhere: _nowhere, failingSinceMs: _failing, rest, ...kept } = before;
  const newest = run.attempt ?? 1;
  const answer = await ports.logs.search(run, {
    sinceMs: before.throughMs ?? createdAtMs,
    nowMs,
    words: lossWords,
    ...(rest ? { rest } : {}),
    // Of a run that was tried once there may be no folders of attempts.
    ...(newest > 1 ? { attempt: before.attempt } : {}),
  });
  const look: LossLook = { ...kept, atMs: nowMs };
  if (answer.kind === 'none' && answer.mayCome !== true)
    return { kind: 'none', why: answer.why, jobRunId, look: { ...look, isNowhere: true, attempt: newest } };
  if (answer.kind !== 'read') {
    const failing = failed(before, nowMs);
    // Logs of an earlier attempt that have not come by now are not waited for; an answer is.
    const isGone = answer.kind === 'none' && before.attempt < newest && isGivenUp(failing, nowMs);
    const on = isGone ? nextAttempt(failing) : failing;
    // Of a run that goes on it is told after some tries: the next one may be answered.
    const isLong = answer.kind === 'unknown' && nowMs - (failing.failingSinceMs ?? nowMs) >= rarelyMs;
    const told = isLong ? { isGivenUp: true as const } : {};
    return { kind: answer.kind, why: answer.why, jobRunId, look: on, ...told };
  }
  const { logs, throughMs, unread, mark, cut } = answer;
  const found = { ...newLosses(logs, known), ...(cut === undefined ? {} : { cut }) };
  if (unread !== undefined) {
    const left = mark === undefined ? {} : { rest: { mark, beganMs: rest?.beganMs ?? nowMs } };
    return { kind: 'seen', ...found, unread, jobRunId, look: { ...look, ...left } };
  }
  const on = before.attempt < newest ? nextAttempt(look) : { ...look, throughMs };
  return { kind: 'seen', ...found, jobRunId, look: on };
}

/** It has files of its own, which may be older than the last one of this attempt. */
function nextAttempt({ rest: _of, ...look }: LossLook): LossLook {
  return { ...look, attempt: look.attempt + 1 };
}

/** It stays where it is, and is tried again. */
function failed(before: LossLook, nowMs: number): LossLook {
  const { isNowhere: _before, ...look } = before;
  return { ...look, atMs: nowMs, failingSinceMs: before.failingSinceMs ?? nowMs };
}

/** Counted from the end, or from the first try where that came later than logs do. */
function isGivenUp({ failingSinceMs, endedAtMs }: LossLook, nowMs: number): boolean {
  if (failingSinceMs === undefined) return false;
  const sinceMs = Math.max(failingSinceMs - settledMs, endedAtMs ?? 0);
  return nowMs - sinceMs >= givenUpMs;
}
