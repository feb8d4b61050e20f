import type { ResolvedJob, ResolvedPolicy } from '../core/job.ts';
import { isLive, isTerminal, type JobRun } from '../core/job-run.ts';
import { isGoneByOrder, isGrantLive } from '../core/memory.ts';
import { countAttempts } from '../core/native-attempts.ts';
import type { CheckpointSensor, Observation, OthersSensor, RunSensor } from '../core/observation.ts';
import { actionOfEnd } from '../core/rules/judge-failure.ts';
import { type Turn, turnOf } from '../core/turn.ts';
import { observeBudget } from './budget.ts';
import { observeCapacity } from './capacity.ts';
import { roomForChange } from './changes.ts';
import { as, keys } from './items.ts';
import { lookForOthers } from './listing.ts';
import { gatesOf, type JobState } from './load.ts';
import { observeApplication } from './observe-application.ts';
import {
  observeAttempt,
  observeInput,
  observeInspections,
  observeLogs,
  observeSeams,
} from './observe-evidence.ts';
import { observeLosses } from './observe-losses.ts';
import { observeSource } from './observe-source.ts';
import type { Failure, Ports } from './ports.ts';
import { scopesOf } from './scopes.ts';
import { wishItem } from './writes.ts';

/** A shared listing has to be young enough for the claim that follows it (protocol, step 4: 5 s). */
const sharedMs = 3_000;
/** The first look at a job only finds what there is: a wish is granted later, and its claim lists again. */
const sharedFirstMs = 60_000;

/**
 * Reads the world into one observation (protocol, step 4). What is expensive or limited is only read when the
 * decision can hang on it: the application's listing for a start, a take-over or when a wake asks for it.
 */
export async function observe(
  ports: Ports,
  job: ResolvedJob,
  state: JobState,
  { look, isNewHint, policy }: { look: boolean; isNewHint: boolean; policy: ResolvedPolicy },
): Promise<Observation> {
  const { run, extraLive } = await observeLockedRuns(ports, state);
  const [others, checkpoints, logs, failedAttempt] = await Promise.all([
    observeOthers(ports, job, state, { run, extraLive, look, isNewHint }),
    observeCheckpoints(ports, job, run),
    observeLogs(ports, state, run),
    observeAttempt(ports, state, run),
  ]);
  const [inspections, seams] = await Promise.all([
    observeInspections(ports, job, state, {
      others,
      checkpoints,
      ...(logs ? { logs } : {}),
      ...(failedAttempt ? { failedAttempt } : {}),
    }),
    observeSeams(ports, job, state, { run, checkpoints }),
  ]);
  const input = await observeInput(ports, job, { run, checkpoints, nowMs: state.nowMs });
  const turn = await observeTurn(ports, job, state, policy);
  const source = await observeSource(ports, job, state, { run, checkpoints });
  const losses = await observeLosses(ports, state, { run, checkpoints });
  const ownCancelOf = state.locks.find((lock) => lock.item?.lastCancel)?.item?.lastCancel?.runId;
  const before = state.memory.native;
  const native = run.kind === 'seen' ? countAttempts(before, run.run, state.nowMs) : before;
  const observation: Observation = {
    nowMs: state.nowMs,
    run,
    others,
    checkpoints,
    ...(ownCancelOf === undefined ? {} : { ownCancelOf }),
    ...(logs ? { logs } : {}),
    ...(failedAttempt ? { failedAttempt } : {}),
    ...(input ? { input } : {}),
    ...(source ? { source } : {}),
    ...(inspections ? { inspections } : {}),
    ...(seams ? { seams } : {}),
    ...(losses ? { losses } : {}),
    budget: observeBudget(job, { ring: state.ring, nowMs: state.nowMs, native }),
    ...(turn ? { turn } : {}),
    gates: gatesOf(ports, state),
  };
  const action = actionOfEnd({ job, memory: state.memory, observation });
  const application = await observeApplication(ports, job, state, action);
  const sized = application ? { ...observation, application } : observation;
  const capacity = await observeCapacity(ports, job, state, { observation: sized, action });
  return capacity ? { ...sized, capacity } : sized;
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
    youngerThanMs: sharedSinceMs(state, seen),
    ...(ended && (seen.look || isLeftDown) ? { last: ended } : {}),
  });
  return found.kind === 'seen' && seen.extraLive.length > 0 ? { ...found, locked: seen.extraLive } : found;
}

/**
 * From when on another pass's listing will do: seconds back before a claim, a minute back where nothing is started on
 * it, since the hint for a look that is owed; never for a new hint.
 */
function sharedSinceMs(
  { memory, nowMs }: JobState,
  { isNewHint, run }: { readonly isNewHint: boolean; readonly run: RunSensor },
): number {
  if (isNewHint) return Number.POSITIVE_INFINITY;
  const recentMs = nowMs - sharedMs;
  if (isGrantLive(memory, nowMs)) return recentMs;
  if (memory.lookSinceMs !== undefined) return Math.min(recentMs, memory.lookSinceMs);
  return run.kind === 'none' ? nowMs - sharedFirstMs : recentMs;
}

/** Only a wish that is due and has no grant has to know what the fleet waits for. */
async function observeTurn(
  ports: Ports,
  job: ResolvedJob,
  { memory, nowMs }: JobState,
  policy: ResolvedPolicy,
): Promise<Turn | undefined> {
  const { wish } = memory;
  if (!wish || nowMs < wish.notBeforeMs || isGrantLive(memory, nowMs)) return undefined;
  const read = await ports.store.read([keys.release]);
  const item = read.ok ? as('release', read.value.items[0]) : undefined;
  if (!item) return undefined;
  const { class: failureClass, applicationId, charged, voluntary = false } = wishItem(job, wish);
  const room = roomForChange(item, policy, { applicationId, voluntary }, nowMs);
  if (!room.ok)
    return {
      reason: 'voluntary-limits',
      text: `changes that nobody needs at once wait for each other: ${room.text}`,
      ...(room.freesAtMs === undefined ? {} : { untilMs: room.freesAtMs }),
    };
  const scopes = charged
    ? scopesOf(policy, { applicationId, ...(job.owner ? { owner: job.owner } : {}) })
    : [];
  return turnOf(item, { applicationId, scopes, ...(failureClass ? { class: failureClass } : {}) });
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
