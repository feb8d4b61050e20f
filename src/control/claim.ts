import { type ChargeResult, charge } from '../core/budget.ts';
import type { Decision } from '../core/decision.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { JobRun } from '../core/job-run.ts';
import { leastWorkers } from '../core/learned-sizes.ts';
import { type Incident, type JobMemory, type Tried, triedMax, type Wish } from '../core/memory.ts';
import { marksAtStart, progressOf } from '../core/progress.ts';
import { claimWakeMs, clockBoundMs, startDeadlineMs } from '../core/protocol.ts';
import { approvedBy, questionWrites, stepsAtClaim, withQuestions } from './approvals.ts';
import {
  type CancelClaim,
  type Claim,
  keys,
  type RingItem,
  type StartClaim,
  schemaVersion,
} from './items.ts';
import { type JobState, lockAt, nextRev, seenRev } from './load.ts';
import type { CommitOutcome, Ports, Write } from './ports.ts';
import { baseRequest, claimRequest, clientToken } from './start-request.ts';
import { toldOf } from './told.ts';
import { decisionWrite, dropWish, lastOf, lockWrite, noticeWrite, recordWrite, without } from './writes.ts';

export type ClaimResult<C extends Claim> =
  | { readonly kind: 'claimed'; readonly claim: C }
  /** Another pass was faster, or some read is too old; the world is looked at again. */
  | { readonly kind: 'not-claimed'; readonly why: 'conflict' | 'stale-listing' | 'no-request' | 'no-budget' }
  | { readonly kind: 'unavailable'; readonly message: string };

interface Context {
  readonly job: ResolvedJob;
  readonly state: JobState;
  readonly decision: Decision;
  readonly policyHash: string;
}

/**
 * Protocol, step 5: one transaction moves the locks, the record, the ring and the decision together, or nothing.
 * Only then may anything be sent.
 */
export async function claimStart(
  ports: Ports,
  context: Context,
  wish: Wish,
): Promise<ClaimResult<StartClaim>> {
  const { job, state, decision } = context;
  const { observation } = decision;
  const isFresh =
    observation.others.kind === 'seen' && Math.abs(state.nowMs - observation.others.dateMs) <= clockBoundMs;
  // Also drops a pass that was frozen between its look and this line.
  if (!isFresh) return { kind: 'not-claimed', why: 'stale-listing' };
  const found = await baseRequest(ports, job, wish.plan.base, observation);
  if (!found.ok) return { kind: 'unavailable', message: found.message };
  const base = found.value;
  if (!base) return { kind: 'not-claimed', why: 'no-request' };

  const claim = startClaim(ports, context, wish, base);
  const charged = wish.plan.spendsBudget ? chargeFor(context, wish, claim) : undefined;
  if (charged && !charged.ok) return { kind: 'not-claimed', why: 'no-budget' };
  const ring: Write[] = charged ? [ringWrite(job.name, state, charged.ring)] : [];
  const memory = memoryAfterClaim(context, wish, claim);
  const outcome = await ports.store.commit([
    ...claimWrites(context, claim, memory),
    ...ring,
    decisionWrite(decision),
    ...questionWrites(ports, decision, stepsAtClaim(decision), state.memory),
    ...dropWish(job.name, wish),
  ]);
  return claimed(outcome, claim);
}

/** Protocol, step 9: claimed like a start, without a charge; the run it names may be live. */
export async function claimCancel(
  ports: Ports,
  context: Context,
  run: JobRun,
): Promise<ClaimResult<CancelClaim>> {
  const { job, state, decision } = context;
  const claim: CancelClaim = {
    kind: 'cancel',
    id: ports.ids.next('clm'),
    job: job.name,
    decisionId: decision.id,
    applicationId: run.applicationId,
    runId: run.jobRunId,
    cause: decision.reason,
    graceSeconds: job.restart.gracePeriodSeconds,
    decidedAtMs: state.nowMs,
    notAfterMs: state.nowMs + startDeadlineMs,
    locks: job.checkpoints,
    ...approvedBy(decision),
  };
  const { learned, forget = [] } = decision.verdict;
  const after = without({ ...state.memory, ...learned }, new Set<string>(forget));
  const { memory, notice } = toldOf(decision, state.memory, withQuestions(after, stepsAtClaim(decision)));
  const outcome = await ports.store.commit([
    ...claimWrites(context, claim, memory),
    decisionWrite(decision),
    ...questionWrites(ports, decision, stepsAtClaim(decision), state.memory),
    ...(memory.wish ? [] : dropWish(job.name, state.memory.wish)),
    ...(notice
      ? [
          noticeWrite(ports, notice, {
            job: job.name,
            decisionId: decision.id,
            incident: memory.incident,
          }),
        ]
      : []),
  ]);
  return claimed(outcome, claim);
}

function startClaim(
  ports: Ports,
  { job, state, decision }: Context,
  wish: Wish,
  base: Parameters<typeof claimRequest>[0],
): StartClaim {
  const id = ports.ids.next('clm');
  const [first] = job.checkpoints;
  if (first === undefined)
    throw new Error(`job ${job.name} has no checkpoint location: the policy check must refuse it`);
  const epoch = epochOf(state, first) + 1;
  return {
    kind: 'start',
    id,
    job: job.name,
    decisionId: decision.id,
    applicationId: base.applicationId,
    request: claimRequest(base, wish, { id, job: job.name, epoch }, decision.observation),
    clientToken: clientToken(first, epoch, id),
    cause: wish.cause,
    epoch,
    decidedAtMs: state.nowMs,
    notAfterMs: state.nowMs + startDeadlineMs,
    locks: job.checkpoints,
    ...approvedBy(decision),
  };
}

/** Job and class are charged in one item, so both are or none is. */
function chargeFor({ job, state }: Context, { class: of }: Wish, claim: StartClaim): ChargeResult {
  const classLimits = of && job.restart.classes[of]?.budget;
  return charge(state.ring, job.restart.budget, {
    claimId: claim.id,
    nowMs: state.nowMs,
    ...(of ? { class: of } : {}),
    ...(classLimits ? { classLimits } : {}),
  });
}

/** The claim on every lock that it needs, and the record that says so. */
function claimWrites(context: Context, claim: Claim, memory: JobMemory): readonly Write[] {
  const { job, state, decision, policyHash } = context;
  return [
    ...lockWrites(context, claim),
    recordWrite(job.name, state, {
      memory,
      dueAtMs: state.nowMs + claimWakeMs,
      policyHash,
      claimLocks: claim.locks,
      last: lastOf(state.record, decision, false),
    }),
  ];
}

function lockWrites({ job, state }: Context, claim: Claim): readonly Write[] {
  return claim.locks.map((location) => {
    const before = lockAt(state, location);
    // A cancel names a run under the lock as it is; only a start takes the lock over.
    const isTaken = claim.kind === 'start';
    const owner = isTaken ? job.name : (before?.owner ?? job.name);
    return lockWrite(state, location, { owner, epoch: epochOf(state, location) + (isTaken ? 1 : 0), claim });
  });
}

function epochOf(state: JobState, location: string): number {
  return lockAt(state, location)?.epoch ?? 0;
}

function memoryAfterClaim({ state, decision }: Context, wish: Wish, claim: StartClaim): JobMemory {
  const { wish: _granted, ...rest } = withQuestions(state.memory, stepsAtClaim(decision));
  const { observation } = decision;
  const isRestart = wish.cause === 'restart' && wish.class !== 'capacity-unavailable';
  const progress = progressOf(state.memory, observation);
  const step = progress.committed ? 0 : state.memory.backoffStep;
  const least = leastWorkers(wish.plan);
  return {
    ...rest,
    progress: marksAtStart(state.memory, observation, isRestart),
    backoffStep: isRestart ? step + 1 : step,
    lastStartAtMs: claim.decidedAtMs,
    ...(least ? { leastWorkers: least } : {}),
    ...(rest.grant ? { grant: { ...rest.grant, state: 'used', claimId: claim.id } } : {}),
    ...(rest.incident ? { incident: withTry(rest.incident, wish, claim, progress.newest) } : {}),
  };
}

function withTry(
  incident: Incident,
  { plan: { change } }: Wish,
  { decidedAtMs }: StartClaim,
  fromBatch: number | undefined,
): Incident {
  const tried: Tried = {
    atMs: decidedAtMs,
    ...(fromBatch === undefined ? {} : { fromBatch }),
    ...(change === undefined ? {} : { change }),
  };
  return {
    ...incident,
    restarts: incident.restarts + 1,
    tried: [...(incident.tried ?? []), tried].slice(-triedMax),
  };
}

export function ringWrite(job: string, state: Pick<JobState, 'ringItem'>, ring: RingItem['ring']): Write {
  const put: RingItem = {
    ...keys.jobRing(job),
    kind: 'ring',
    schema: schemaVersion,
    rev: nextRev(state.ringItem),
    ring,
  };
  return { put, seenRev: seenRev(state.ringItem) };
}

function claimed<C extends Claim>(outcome: CommitOutcome, claim: C): ClaimResult<C> {
  if (outcome.kind === 'committed') return { kind: 'claimed', claim };
  if (outcome.kind === 'conflict') return { kind: 'not-claimed', why: 'conflict' };
  return outcome;
}
