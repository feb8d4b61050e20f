import { roomAt, usage } from '../core/budget.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isLive, isTerminal, type JobRun } from '../core/job-run.ts';
import { isGoneByOrder, isGrantLive } from '../core/memory.ts';
import type {
  BudgetSensor,
  CheckpointSensor,
  FailedAttempt,
  InputSensor,
  LogsSensor,
  Observation,
  OthersSensor,
  RunSensor,
} from '../core/observation.ts';
import { attemptKey } from '../core/rules/futile.ts';
import { quietSinceMs } from '../core/rules/stall.ts';
import { lookForOthers } from './listing.ts';
import { gatesOf, type JobState } from './load.ts';
import type { Failure, Ports } from './ports.ts';

/** A shared listing has to be young enough for the claim that follows it (protocol, step 4: 5 s). */
const sharedMs = 3_000;

/**
 * Reads the world into one observation (protocol, step 4). What is expensive or limited is only read when the
 * decision can hang on it: the application's listing for a start, a take-over or when a wake asks for it.
 */
export async function observe(
  ports: Ports,
  job: ResolvedJob,
  state: JobState,
  { look, isNewHint }: { look: boolean; isNewHint: boolean },
): Promise<Observation> {
  const { run, extraLive } = await observeLockedRuns(ports, state);
  const [others, checkpoints, logs, failedAttempt] = await Promise.all([
    observeOthers(ports, job, state, { run, extraLive, look, isNewHint }),
    observeCheckpoints(ports, job, run),
    observeLogs(ports, state, run),
    observeAttempt(ports, state, run),
  ]);
  const input = await observeInput(ports, job, { run, checkpoints, nowMs: state.nowMs });
  const ownCancelOf = state.locks.find((lock) => lock.item?.lastCancel)?.item?.lastCancel?.runId;
  return {
    nowMs: state.nowMs,
    run,
    others,
    checkpoints,
    ...(ownCancelOf === undefined ? {} : { ownCancelOf }),
    ...(logs ? { logs } : {}),
    ...(failedAttempt ? { failedAttempt } : {}),
    ...(input ? { input } : {}),
    budget: budgetSensor(job, state),
    gates: gatesOf(ports, state),
  };
}

/**
 * The runs that the job's locks name: usually one. After a change of locations there may be several; then a live
 * one counts, and every one of them has to be read before anything else is believed.
 */
async function observeLockedRuns(
  ports: Ports,
  state: JobState,
): Promise<{ run: RunSensor; extraLive: readonly JobRun[] }> {
  const named = new Map<string, string>();
  for (const { item } of state.locks) {
    if (item?.runId !== undefined && item.applicationId !== undefined)
      named.set(item.runId, item.applicationId);
  }
  // After a change of locations the new locks know nothing of the run that is still the job's own.
  const { run: own } = state.memory;
  if (own) named.set(own.jobRunId, own.applicationId);
  const answers = await Promise.all(
    [...named].map(([runId, applicationId]) => ports.runs.get(applicationId, runId)),
  );
  const seen: JobRun[] = [];
  for (const answer of answers) {
    if (!answer.ok) return { run: unread(answer), extraLive: [] };
    seen.push(answer.value);
  }
  const [current] = [...seen].sort(
    (a, b) => Number(isLive(b)) - Number(isLive(a)) || b.createdAtMs - a.createdAtMs,
  );
  if (!current) return { run: { kind: 'none' }, extraLive: [] };
  return {
    run: { kind: 'seen', run: current },
    extraLive: seen.filter((run) => run !== current && isLive(run)),
  };
}

function unread({ code, message }: Failure): RunSensor {
  return { kind: 'unknown', why: `${code}: ${message}`, ...(code === 'not-found' ? { gone: true } : {}) };
}

async function observeOthers(
  ports: Ports,
  job: ResolvedJob,
  state: JobState,
  seen: { run: RunSensor; extraLive: readonly JobRun[]; look: boolean; isNewHint: boolean },
): Promise<OthersSensor> {
  const { memory, nowMs } = state;
  const isContested = seen.extraLive.length > 0 || memory.incident?.class === 'concurrent-run';
  const ended = seen.run.kind === 'seen' && isTerminal(seen.run.run) ? seen.run.run : undefined;
  // Nothing else will move such a job but a person's run, and the hint of that may be lost.
  const isLeftDown = ended !== undefined && (memory.desired === 'stopped' || memory.parked !== undefined);
  const needed =
    seen.look ||
    isContested ||
    isLeftDown ||
    seen.run.kind === 'none' ||
    isGoneByOrder(seen.run, memory) ||
    isGrantLive(memory, nowMs);
  const isReadable = seen.run.kind !== 'unknown' || isGoneByOrder(seen.run, memory);
  if (!needed || !isReadable) return { kind: 'not-looked' };
  const locked = state.locks.flatMap(({ item }) => (item ? [item] : []));
  const own = memory.run ? [{ runId: memory.run.jobRunId, applicationId: memory.run.applicationId }] : [];
  const ours = [...locked, ...own];
  const found = await lookForOthers(ports, job, {
    runIds: ours.flatMap((lock) => (lock.runId === undefined ? [] : [lock.runId])),
    applicationIds: ours.flatMap((lock) => (lock.applicationId === undefined ? [] : [lock.applicationId])),
    nowMs,
    youngerThanMs: sharedSinceMs(state, seen.isNewHint),
    ...(ended && (seen.look || isLeftDown) ? { endedAfterMs: ended.createdAtMs } : {}),
  });
  return found.kind === 'seen' && seen.extraLive.length > 0 ? { ...found, locked: seen.extraLive } : found;
}

/** From when on another pass's listing will do: seconds back, or since the hint for a look that is owed; not for a new hint. */
function sharedSinceMs({ memory, nowMs }: JobState, isNewHint: boolean): number {
  if (isNewHint) return Number.POSITIVE_INFINITY;
  const recentMs = nowMs - sharedMs;
  return isGrantLive(memory, nowMs) ? recentMs : Math.min(recentMs, memory.lookSinceMs ?? recentMs);
}

async function observeCheckpoints(
  ports: Ports,
  job: ResolvedJob,
  run: RunSensor,
): Promise<Readonly<Record<string, CheckpointSensor>>> {
  // Before RUNNING no batch can have been committed by this run; the last answer still stands.
  const isWorthIt =
    run.kind === 'none' ||
    run.kind === 'unknown' ||
    (run.kind === 'seen' && (run.run.state === 'RUNNING' || isTerminal(run.run)));
  if (!isWorthIt) return {};
  const heads = await Promise.all(job.checkpoints.map((location) => ports.checkpoints.head(location)));
  const sensors: Record<string, CheckpointSensor> = {};
  for (const [index, location] of job.checkpoints.entries()) {
    const head = heads[index];
    if (!head) continue;
    sensors[location] = head.ok
      ? { kind: 'seen', ...head.value }
      : { kind: 'unknown', why: `${head.code}: ${head.message}` };
  }
  return sensors;
}

/** Only for an end that is still to be judged: logs are the dearest evidence, and an end is judged once. */
async function observeLogs(
  ports: Ports,
  { memory }: JobState,
  run: RunSensor,
): Promise<LogsSensor | undefined> {
  if (run.kind !== 'seen' || run.run.state !== 'FAILED') return undefined;
  const { jobRunId } = run.run;
  const isJudged = memory.wish?.afterRunId === jobRunId || memory.parked?.jobRunId === jobRunId;
  if (isJudged || memory.desired === 'stopped') return undefined;
  return ports.logs.read(run.run);
}

/** The service tries a live run again: why the attempt before failed is read once, when it is judged. */
async function observeAttempt(
  ports: Ports,
  { memory }: JobState,
  sensor: RunSensor,
): Promise<FailedAttempt | undefined> {
  if (sensor.kind !== 'seen' || !isLive(sensor.run) || memory.desired === 'stopped') return undefined;
  const { run } = sensor;
  const number = (run.attempt ?? 1) - 1;
  if (number < 1 || run.state === 'CANCELLING') return undefined;
  if (memory.lastFailure?.jobRunId === attemptKey(run, number)) return undefined;
  const answer = await ports.runs.get(run.applicationId, run.jobRunId, number);
  // A hint: without it the run is judged when it ends, as any other.
  if (!answer.ok) return undefined;
  const { stateDetails, endedAtMs, updatedAtMs } = answer.value;
  const logs = await ports.logs.read(run, number);
  return { number, stateDetails, endedAtMs: endedAtMs ?? updatedAtMs, logs };
}

/** A quiet job may have a quiet stream: its metrics tell, and are asked for only then. */
async function observeInput(
  ports: Ports,
  job: ResolvedJob,
  seen: Pick<Observation, 'run' | 'checkpoints' | 'nowMs'>,
): Promise<InputSensor | undefined> {
  const stream = job.source?.kinesis.stream;
  const fromMs = quietSinceMs(job, seen);
  if (stream === undefined || fromMs === undefined) return undefined;
  const answer = await ports.streams.received(stream, { fromMs, toMs: seen.nowMs });
  return answer.ok
    ? { kind: 'seen', records: answer.value }
    : { kind: 'unknown', why: `${answer.code}: ${answer.message}` };
}

function budgetSensor(job: ResolvedJob, state: JobState): BudgetSensor {
  const room = roomAt(state.ring, job.restart.budget, state.nowMs);
  const used = usage(state.ring, state.nowMs);
  return {
    room: room.ok,
    ...(room.ok ? {} : { window: room.window }),
    ...(room.ok || room.freesAtMs === undefined ? {} : { freesAtMs: room.freesAtMs }),
    usedHour: used.hour,
    usedDay: used.day,
  };
}
