import { type Approval, answerNotice, usualExpiryMs } from '../core/approval.ts';
import { forMs } from '../core/explain-seen.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { JobMemory } from '../core/memory.ts';
import { approvalItem } from './approvals.ts';
import { type ApprovalItem, as, keys } from './items.ts';
import type { JobState } from './load.ts';
import { type Change, change, heldBack, type OrderAnswer, type OrderPorts, type Person } from './orders.ts';
import type { Answer, Ports } from './ports.ts';
import { noticeWrite } from './writes.ts';

/** The job that a hash was asked for, whatever became of it. */
export async function jobOfApproval(
  ports: Pick<Ports, 'store'>,
  hash: string,
): Promise<Answer<ApprovalItem | undefined>> {
  const read = await ports.store.read([keys.approval(hash)]);
  return read.ok ? { ok: true, value: as('approval', read.value.items[0]) } : read;
}

/**
 * A person's answer, written only while the question stands as they saw it: of two people at once one is first, and the
 * other is told. With a plan the answer is to that one and no other.
 */
export function answerApproval(
  ports: OrderPorts,
  job: ResolvedJob,
  person: Person,
  { answer, plan }: { readonly answer: 'approved' | 'declined'; readonly plan?: ApprovalItem },
): Promise<OrderAnswer> {
  return change(ports, job, (memory, state): Change => {
    const asked = memory.approval;
    if (plan && plan.approval.hash !== asked?.hash) return { refused: pastText(plan, asked) };
    if (asked) return answered(ports, job, { memory, state, asked }, person, answer);
    const why = `${job.name} asks for no approval; checkpilot status ${job.name} says what it waits for`;
    return { refused: why };
  });
}

/** What became of a plan that is not asked about any more. */
function pastText({ approval }: ApprovalItem, asked: Approval | undefined): string {
  const { hash } = approval;
  const now = asked ? `; now the question is plan ${asked.hash}: ${asked.text}` : '';
  if ('closedAtMs' in approval) return `plan ${hash} is ${approval.state}: ${approval.why}${now}`;
  return `plan ${hash} is not asked about any more${now}`;
}

function answered(
  ports: OrderPorts,
  job: ResolvedJob,
  { memory, state, asked }: { memory: JobMemory; state: JobState; asked: Approval },
  person: Person,
  answer: 'approved' | 'declined',
): Change {
  const { nowMs } = state;
  const byWhom = `${asked.by ?? 'somebody'} ${asked.state} it ${forMs(nowMs - (asked.answeredAtMs ?? nowMs))} ago (“${asked.reason ?? ''}”)`;
  const startsAnyway = `checkpilot start ${job.name} --reason "…" starts it all the same`;
  if (asked.state === answer) return byWhom;
  if (asked.state === 'declined') return { refused: `${byWhom}; ${startsAnyway}` };
  const isLate = asked.state === 'expired' || nowMs >= asked.expiresAtMs;
  if (isLate && answer === 'approved')
    return { refused: `nobody answered within the time, so plan ${asked.hash} has expired; ${startsAnyway}` };
  const held = answer === 'approved' ? heldBack(ports, job, state) : undefined;
  if (held) return { refused: `${job.name} cannot be approved now: ${held}` };
  const lifeMs = job.approvals?.expireAfterMs ?? usualExpiryMs;
  const approval: Approval = {
    ...asked,
    state: answer,
    ...person,
    answeredAtMs: nowMs,
    expiresAtMs: Math.max(nowMs, asked.notBeforeMs ?? 0) + lifeMs,
  };
  const notice = noticeWrite(ports, answerNotice(job.name, approval), {
    job: job.name,
    decisionId: asked.decisionId,
  });
  return { memory: { ...memory, approval }, also: [approvalItem(job.name, approval, nowMs), notice] };
}
