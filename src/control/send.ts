import { mayAct } from '../core/guard.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { JobMemory } from '../core/memory.ts';
import { closeCancel, markRefused } from './close.ts';
import { as, type CancelClaim, keys, type StartClaim } from './items.ts';
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
  if (!(await mayStillAct(ports, guarded, claim.cause === 'operator'))) return 'held-back';
  const answer = await ports.runs.start(claim.request, {
    clientToken: claim.clientToken,
    notAfterMs: claim.notAfterMs,
  });
  const about = { job: claim.job, claim: claim.id, ...answer };
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
  if (!(await mayStillAct(ports, guarded, claim.cause === 'stop-ordered'))) return 'held-back';
  const terms = { graceSeconds: claim.graceSeconds, notAfterMs: claim.notAfterMs };
  const answer = await ports.runs.cancel(claim.applicationId, claim.runId, terms);
  ports.log.info('cancel sent', { job: claim.job, claim: claim.id, run: claim.runId, ...answer });
  // A refusal means that the run has ended; it may have ended by an earlier try of this very cancel.
  if (answer.kind === 'accepted' || answer.kind === 'refused') return closeCancel(ports, claim, true);
  return 'open';
}

/** The switches are read again right before each command: a person who pulls one must not wait for a pass. */
async function mayStillAct(
  ports: Ports,
  { job, memory }: { job: ResolvedJob; memory: JobMemory },
  ordered: boolean,
): Promise<boolean> {
  const nowMs = ports.clock.now();
  const answer = await ports.store.read([keys.control]);
  if (!answer.ok) return false;
  const control = as('control', answer.value.items[0]);
  const gates = gatesOf(ports, {
    nowMs,
    dateMs: answer.value.dateMs,
    newerState: false,
    ...(control ? { control } : {}),
  });
  return mayAct('restart', job, { gates, nowMs }, memory, ordered).kind === 'done';
}

function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
