import { mayAct } from '../core/guard.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isLive, type JobRun, runTags } from '../core/job-run.ts';
import { neverStartsAfterMs, signatureValidityMs } from '../core/protocol.ts';
import { listAll } from './all-runs.ts';
import { closeCancel, closeNeverStarted } from './close.ts';
import type { CancelClaim, Claim, StartClaim } from './items.ts';
import { gatesOf, type JobState } from './load.ts';
import type { Ports } from './ports.ts';
import { recordStart } from './record.ts';
import { isOrdered, type SendResult, sendCancel, sendStart } from './send.ts';
import { noticeWrite } from './writes.ts';

export type SettleResult = SendResult | 'too-early' | 'inconclusive' | 'never-started';

/** Room for clocks when runs of a claim are listed: none of them is older than this before the decision. */
const listMarginMs = 15 * 60_000;

/**
 * A pass that finds an open claim decides nothing (protocol, steps 2, 3 and 8). Within its deadline its own job
 * sends it again, with the stored request and token; otherwise the service is asked what became of it.
 */
export async function settleClaim(
  ports: Ports,
  claim: Claim,
  by: { job: ResolvedJob | undefined; name: string; state: JobState },
): Promise<SettleResult> {
  const { job, state } = by;
  const isOwn = claim.job === by.name;
  const isInTime = state.nowMs <= claim.notAfterMs;
  const mayAgain =
    job !== undefined &&
    isOwn &&
    isInTime &&
    isAllowed(ports, claim, job, state) &&
    claim.refused === undefined;
  if (claim.kind === 'cancel') {
    if (job && mayAgain) return sendCancel(ports, claim, { job, memory: state.memory });
    return settleExpiredCancel(ports, claim, state);
  }
  if (job && mayAgain) return sendStart(ports, claim, { job, memory: state.memory });
  return verify(ports, claim, state);
}

function isAllowed(ports: Ports, claim: Claim, job: ResolvedJob, state: JobState): boolean {
  if (claim.kind === 'start' && state.memory.desired === 'stopped') return false;
  const seen = { gates: gatesOf(ports, state), nowMs: state.nowMs };
  return mayAct('restart', job, seen, state.memory, isOrdered(claim)).kind === 'done';
}

/**
 * Protocol, step 8: only the service knows whether an old claim started a run. It is closed as "never started"
 * when a complete listing, made after every possible effect had to be visible, does not show it.
 */
async function verify(ports: Ports, claim: StartClaim, state: JobState): Promise<SettleResult> {
  const listing = await listAll(ports.runs, claim.applicationId, {
    createdAtAfterMs: claim.decidedAtMs - listMarginMs,
    // Nothing of this claim can be created later, so a busy application does not make the listing endless.
    createdAtBeforeMs: neverStartsAfterMs(claim.notAfterMs) + listMarginMs,
  });
  // An application that is gone runs nothing; the table's clock is AWS's too.
  const isGone =
    !listing.ok && listing.code === 'not-found' && state.dateMs > neverStartsAfterMs(claim.notAfterMs);
  if (isGone) return neverStarted(ports, claim);
  if (!listing.ok) return 'inconclusive';
  const found: JobRun[] = [];
  for (const summary of listing.value.runs) {
    if (summary.name !== claim.request.name) continue;
    const run = await ports.runs.get(claim.applicationId, summary.jobRunId);
    if (!run.ok) return 'inconclusive';
    if (run.value.tags[runTags.claim] === claim.id && isCreatedByUs(ports, run.value)) found.push(run.value);
  }
  const [first, ...more] = found.sort((a, b) => a.createdAtMs - b.createdAtMs);
  if (first) {
    if (more.length > 0) await tellSeveral(ports, claim, found);
    return recordStart(ports, claim, { jobRunId: first.jobRunId, acceptedAtMs: first.createdAtMs });
  }
  if (listing.value.dateMs <= neverStartsAfterMs(claim.notAfterMs)) return 'too-early';
  return neverStarted(ports, claim);
}

async function neverStarted(ports: Ports, claim: StartClaim): Promise<SettleResult> {
  const about = { job: claim.job, decision: claim.decisionId, claim: claim.id };
  ports.log.warn('claim closed: it never started a run', about);
  await closeNeverStarted(ports, claim);
  return 'never-started';
}

/** Tags alone prove nothing, "Clone job run" may copy them; where the stack says which role starts runs, it must fit. */
function isCreatedByUs(ports: Ports, run: JobRun): boolean {
  if (ports.startRoles === undefined) return true;
  // arn:aws:sts::111122223333:assumed-role/ROLE/SESSION, or the role's own ARN
  const { startRoles } = ports;
  return run.createdBy.split(/[/:]/).some((part) => startRoles.includes(part));
}

async function tellSeveral(ports: Ports, claim: StartClaim, runs: readonly JobRun[]): Promise<void> {
  const text = `${claim.job}: ${runs.length} runs carry one claim (${runs.map((run) => run.jobRunId).join(', ')}). Cancel all but the first.`;
  const notice = { event: 'writers.two-live-runs', severity: 'critical', text } as const;
  await ports.store.commit([noticeWrite(ports, notice, { job: claim.job, decisionId: claim.decisionId })]);
}

/** After its signature has run out the cancel either took effect, or never will. */
async function settleExpiredCancel(ports: Ports, claim: CancelClaim, state: JobState): Promise<SettleResult> {
  if (state.dateMs <= claim.notAfterMs + signatureValidityMs) return 'too-early';
  const run = await ports.runs.get(claim.applicationId, claim.runId);
  if (!run.ok) return 'inconclusive';
  const tookEffect = !isLive(run.value) || run.value.state === 'CANCELLING';
  return closeCancel(ports, claim, tookEffect);
}
