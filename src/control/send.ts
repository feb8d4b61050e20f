import { mayAct } from '../core/guard.ts';
import type { ActionName, ResolvedJob } from '../core/job.ts';
import { isTerminal } from '../core/job-run.ts';
import type { JobMemory } from '../core/memory.ts';
import { closeCancel, markRefused } from './close.ts';
import { as, type CancelClaim, type Claim, keys, type StartClaim } from './items.ts';
import { gatesOf } from './load.ts';
import type { RecordResult } from './open-claim.ts';
import type { Ports } from './ports.ts';
import { recordStart } from './record.ts';

export type SendResult = RecordResult | 'held-back' | 'open' | 'refused';

/**
 * Protocol, steps 6 and 7: sends the *stored* request, then records what the service says. Whatever leaves the
 * outcome open records nothing: the next pass sends again with the same token, or verifies.
 */
export async function sendStart(
  ports: Ports,
  claim: StartClaim,
  guarded: { job: ResolvedJob; memory: JobMemory },
): Promise<SendResult> {
  if (!(await mayStillAct(ports, guarded, { ordered: isOrdered(claim), isStart: true }))) return 'held-back';
  const answer = await ports.runs.start(claim.request, {
    clientToken: claim.clientToken,
    notAfterMs: claim.notAfterMs,
  });
  const about = { job: claim.job, decision: claim.decisionId, claim: claim.id, ...answer };
  switch (answer.kind) {
    case 'accepted':
      ports.log.info('start accepted', about);
      // The time of the answer is never earlier than the acceptance, so the charge leaves its window no sooner.
      return recordStart(ports, claim, { jobRunId: answer.jobRunId, acceptedAtMs: ports.clock.now() });
    case 'refused':
      ports.log.error('start refused', about);
      await markRefused(ports, claim, answer);
      return 'refused';
    case 'not-now':
    case 'too-late':
    case 'ambiguous':
      ports.log.warn('start not settled', about);
      return 'open';
    default:
      return assertNever(answer);
  }
}

/** Protocol, steps 3 and 9. A cancel may be repeated, also on a run that has ended. */
export async function sendCancel(
  ports: Ports,
  claim: CancelClaim,
  guarded: { job: ResolvedJob; memory: JobMemory },
): Promise<SendResult> {
  if (!(await mayStillAct(ports, guarded, { ordered: isOrdered(claim) }))) return 'held-back';
  const terms = { graceSeconds: claim.graceSeconds, notAfterMs: claim.notAfterMs };
  const answer = await ports.runs.cancel(claim.applicationId, claim.runId, terms);
  const about = { job: claim.job, decision: claim.decisionId, claim: claim.id };
  ports.log.info('cancel sent', { ...about, run: claim.runId, ...answer });
  if (answer.kind === 'accepted') return closeCancel(ports, claim, true);
  if (answer.kind !== 'refused') return 'open';
  // A run that has ended refuses too, and may have ended by an earlier try of this very cancel.
  const run = await ports.runs.get(claim.applicationId, claim.runId);
  if (run.ok && (isTerminal(run.value) || run.value.state === 'CANCELLING'))
    return closeCancel(ports, claim, true);
  await markRefused(ports, claim, answer);
  return 'refused';
}

/** A person ordered this very command, or approved its plan. */
export function isOrdered({ cause, approval }: Claim): boolean {
  return cause === 'operator' || cause === 'stop-ordered' || approval !== undefined;
}

/** Switches, pause and stop are read again right before each command: a person who says one must not wait for a pass. */
export async function mayStillAct(
  ports: Ports,
  { job, memory }: { readonly job: ResolvedJob; readonly memory: JobMemory },
  {
    ordered,
    isStart = false,
    action = 'restart',
  }: { readonly ordered: boolean; readonly isStart?: boolean; readonly action?: ActionName },
): Promise<boolean> {
  const nowMs = ports.clock.now();
  const answer = await ports.store.read([keys.control, keys.record(job.name)]);
  if (!answer.ok) return false;
  const control = as('control', answer.value.items[0]);
  const fresh = as('record', answer.value.items[1])?.memory ?? memory;
  if (isStart && fresh.desired === 'stopped') return false;
  const gates = gatesOf(ports, {
    nowMs,
    dateMs: answer.value.dateMs,
    newerState: false,
    ...(control ? { control } : {}),
  });
  return mayAct(action, job, { gates, nowMs }, fresh, ordered).kind === 'done';
}

function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
