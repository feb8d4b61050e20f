import { decide } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import { jobNamed, type ResolvedJob } from '../core/job.ts';
import { isGrantLive, isOverdue } from '../core/memory.ts';
import { neverStartsAfterMs } from '../core/protocol.ts';
import { droppedQuestions, questionWrites, withQuestions } from './approvals.ts';
import { claimCancel, claimStart } from './claim.ts';
import { claimExtension, type ExtendResult, settleCommand } from './extend.ts';
import type { Claim } from './items.ts';
import { type JobState, loadJob, openClaim } from './load.ts';
import { observe } from './observe.ts';
import type { Ports, Wake } from './ports.ts';
import { takeOverName } from './rename.ts';
import { sendCancel, sendStart } from './send.ts';
import { settleClaim } from './settle.ts';
import { type Pass, writeDecision } from './write-decision.ts';
import { dropWish, recordWrite, without } from './writes.ts';

export interface PassReport {
  readonly job: string;
  /** What became of the pass, for logs and tests. */
  readonly outcome: string;
  readonly decision?: Decision;
  /** Nothing is known of what was written: the message has to come again. */
  readonly again: boolean;
}

/** Hears of every pass, whoever makes it. */
export interface PassListener {
  passed(report: PassReport): void;
  failed(job: string, error: unknown): void;
}

/** How often a claim that is not settled is looked at, while it may be sent again. */
const claimRetryMs = 5_000;
/** … and another command, which is in less of a hurry. */
const commandRetryMs = 20_000;
/** The longest delay of a queue message; later wakes are the sweep's. */
const queueDelayMaxMs = 900_000;
/** How soon a job that no policy declares is looked at again; one that declares it anew wakes it at once. */
const unmanagedLookMs = 24 * 3_600_000;

/** One job, one pass: observe → decide → claim → act → record. Any number may run at once. */
export async function reconcile(
  ports: Ports,
  wake: { readonly job: string; readonly look?: boolean },
): Promise<PassReport> {
  const { job: name } = wake;
  const nowMs = ports.clock.now();
  const current = await ports.policies.current();
  if (!current.ok) return report(name, `no-policy: ${current.code}`, current.code !== 'not-found');
  const { policy, hash } = current.value;
  const job = jobNamed(policy, name);
  const loaded = await loadJob(ports, name, job?.checkpoints ?? [], nowMs);
  if (!loaded.ok) return report(name, `store-${loaded.code}`, true);
  const state = withoutOverdue(loaded.value);
  if (state.newerState) return report(name, 'newer-state', false);
  const claim = openClaim(state);
  if (claim) return settle(ports, claim, { job, name, state });
  if (!job) return leaveAlone(ports, name, state);

  const renamed = await takeOverName(ports, job, state);
  if (renamed !== 'nothing') return report(name, `renamed-${renamed}`, renamed !== 'taken-over');

  const { command } = state.memory;
  // A start that is granted has two minutes; a longer retention can wait for it.
  if (command && !isGrantLive(state.memory, nowMs))
    return afterCommand(ports, name, await settleCommand(ports, command, { job, state }));

  const look = wake.look === true || state.memory.lookSinceMs !== undefined;
  const observation = await observe(ports, job, state, { look, isNewHint: wake.look === true, policy });
  const decision = decide({
    job,
    observation,
    memory: state.memory,
    random: ports.random(),
    ids: { decision: ports.ids.next('dec'), incident: ports.ids.next('inc') },
  });
  return carryOut(ports, { job, state, decision, policyHash: hash, look });
}

/** Judged afresh then; its entry in the fleet's line goes when it has its turn. */
function withoutOverdue(state: JobState): JobState {
  if (!isOverdue(state.memory, state.nowMs)) return state;
  const { wish, ...memory } = without(state.memory, new Set(['grant']));
  // Past its time it is not obeyed any more, and people are told of it; one that was given since stands.
  const order = memory.order ?? wish?.order;
  return { ...state, memory: { ...memory, ...(order ? { order } : {}) } };
}

async function carryOut(ports: Ports, pass: Pass): Promise<PassReport> {
  const { job, state, decision } = pass;
  const { verdict } = decision;
  const isDone = decision.guard.kind === 'done';
  if (verdict.kind === 'claim' && isDone) {
    const result = await claimStart(ports, pass, verdict.wish);
    if (result.kind !== 'claimed') return notClaimed(ports, pass, result);
    const sent = await sendStart(ports, result.claim, { job, memory: state.memory });
    await comeBack(ports, job.name, result.claim, sent);
    return report(job.name, `start-${sent}`, false, decision);
  }
  if (verdict.kind === 'cancel' && isDone) {
    const result = await claimCancel(ports, pass, verdict.run);
    if (result.kind !== 'claimed') return notClaimed(ports, pass, result);
    const sent = await sendCancel(ports, result.claim, { job, memory: state.memory });
    await comeBack(ports, job.name, result.claim, sent);
    return report(job.name, `cancel-${sent}`, false, decision);
  }
  if (verdict.kind === 'extend-retention')
    return afterCommand(ports, job.name, await claimExtension(ports, pass, verdict.extension), decision);
  const written = await writeDecision(ports, pass);
  // Whoever was faster may not have looked: then the hint comes again with its message.
  const isHintLost = written === 'conflict' && pass.look && decision.observation.others.kind !== 'seen';
  return report(job.name, `${decision.kind}-${written}`, written === 'unavailable' || isHintLost, decision);
}

/**
 * A claim that was not made leaves everything as it was, and the job comes back while its grant lives. Only a wish
 * that can never be claimed as it stands is dropped, so that the end of the run is judged afresh.
 */
async function notClaimed(
  ports: Ports,
  { job, state, decision }: Pass,
  result: { kind: 'not-claimed'; why: string } | { kind: 'unavailable'; message: string },
): Promise<PassReport> {
  if (result.kind === 'unavailable') return report(job.name, 'claim-unavailable', true, decision);
  if (result.why === 'no-request' || result.why === 'no-budget') {
    const memory = without(state.memory, new Set(['wish', 'grant']));
    const write = recordWrite(job.name, state, { memory, dueAtMs: state.nowMs });
    await ports.store.commit([write, ...dropWish(job.name, state.memory.wish)]);
  }
  const wake: Wake = { kind: 'job', job: job.name, cause: result.why };
  await ports.wakes.send([{ wake, delaySeconds: Math.ceil(claimRetryMs / 1000) }]);
  return report(job.name, `not-claimed-${result.why}`, false, decision);
}

async function settle(
  ports: Ports,
  claim: Claim,
  by: { job: ResolvedJob | undefined; name: string; state: JobState },
): Promise<PassReport> {
  const result = await settleClaim(ports, claim, by);
  const about = { job: by.name, decision: claim.decisionId, claim: claim.id };
  ports.log.info('open claim met', { ...about, kind: claim.kind, result });
  await comeBack(ports, by.name, claim, result);
  return report(by.name, `settle-${result}`, result === 'unavailable');
}

/** The run lane was not asked in this pass, so the next one comes soon. */
async function afterCommand(
  ports: Ports,
  job: string,
  result: ExtendResult,
  decision?: Decision,
): Promise<PassReport> {
  const delayMs = result === 'open' ? commandRetryMs : 0;
  const wake: Wake = { kind: 'job', job, cause: `retention-${result}` };
  await ports.wakes.send([{ wake, delaySeconds: Math.ceil(delayMs / 1000) }]);
  return report(job, `extend-${result}`, result === 'unavailable', decision);
}

/** A job that the policy dropped is not looked at every minute; its run is never touched, its memory is kept. */
async function leaveAlone(ports: Ports, name: string, state: JobState): Promise<PassReport> {
  if (state.record) {
    const dropped = droppedQuestions(state.memory, state.nowMs);
    const memory = withQuestions(
      without(state.memory, new Set(['wish', 'grant', 'order', 'command'])),
      dropped,
    );
    const dueAtMs = state.nowMs + unmanagedLookMs;
    const asked = state.memory.approval?.decisionId ?? state.memory.extensionApproval?.decisionId ?? '';
    await ports.store.commit([
      recordWrite(name, state, { memory, dueAtMs, unmanaged: true }),
      ...dropWish(name, state.memory.wish),
      ...questionWrites(ports, { job: name, id: asked, atMs: state.nowMs }, dropped, state.memory),
    ]);
  }
  return report(name, 'not-managed', false);
}

/**
 * Wakes the job when something can be done about its claim. The time goes into the record first, and only the pass
 * that moved it there sends a wake: otherwise each of several passes would start a chain of its own.
 */
async function comeBack(ports: Ports, name: string, claim: Claim, result: string): Promise<void> {
  const nowMs = ports.clock.now();
  const delayMs = comeBackDelayMs(claim, result, nowMs);
  if (delayMs === undefined) return;
  const loaded = await loadJob(ports, name, []);
  if (!loaded.ok || !loaded.value.record) return;
  const { record, memory } = loaded.value;
  const atMs = nowMs + delayMs;
  const isArranged = record.dueAtMs > nowMs && record.dueAtMs <= atMs;
  if (isArranged) return;
  const outcome = await ports.store.commit([recordWrite(name, loaded.value, { memory, dueAtMs: atMs })]);
  if (outcome.kind !== 'committed' || delayMs > queueDelayMaxMs) return;
  const wake: Wake = { kind: 'job', job: name, cause: `claim-${result}` };
  await ports.wakes.send([{ wake, delaySeconds: Math.ceil(delayMs / 1000) }]);
}

function comeBackDelayMs(claim: Claim, result: string, nowMs: number): number | undefined {
  if (result === 'recorded' || result === 'not-mine')
    return claim.kind === 'cancel' ? claimRetryMs : undefined;
  if (result === 'never-started') return 0;
  if (nowMs + claimRetryMs <= claim.notAfterMs && result === 'open') return claimRetryMs;
  const knownAtMs = neverStartsAfterMs(claim.notAfterMs) + 1_000;
  if (nowMs < knownAtMs) return Math.max(claimRetryMs, knownAtMs - nowMs);
  // The service does not answer: the older the claim, the less often it is asked.
  return Math.min(queueDelayMaxMs, Math.max(4 * claimRetryMs, (nowMs - claim.decidedAtMs) / 4));
}

function report(job: string, outcome: string, again: boolean, decision?: Decision): PassReport {
  return { job, outcome, again, ...(decision ? { decision } : {}) };
}
