import { type Approval, answerNotice, usualExpiryMs, withoutAsking } from '../core/approval.ts';
import { forMs } from '../core/explain-seen.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { JobMemory } from '../core/memory.ts';
import { questionNames, questionOn } from '../core/questions.ts';
import { approvalItem } from './approvals.ts';
import { type ApprovalItem, as, keys } from './items.ts';
import type { JobState } from './load.ts';
import { type Change, change, heldBack, type OrderAnswer, type OrderPorts, type Person } from './orders.ts';
import type { Answer, Ports } from './ports.ts';
import { dropWish, noticeWrite, without } from './writes.ts';

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
    const questions = questionNames.flatMap((name) => memory[name] ?? []);
    const asked = plan
      ? questions.find(({ hash }) => hash === plan.approval.hash)
      : theOneMeant(questions, answer);
    if (asked === 'several') return { refused: severalText(job.name, questions) };
    if (asked) return answered(ports, job, { memory, state, asked }, { ...person, answer });
    if (plan) return { refused: pastText(plan, questions) };
    const why = `${job.name} asks for no approval; checkpilot status ${job.name} says what it waits for`;
    return { refused: why };
  });
}

/** Whoever names the job means the question that can still be answered so. */
function theOneMeant(
  questions: readonly Approval[],
  answer: 'approved' | 'declined',
): Approval | 'several' | undefined {
  const open = questions.filter(({ state }) => state === 'open');
  const answerable =
    open.length === 0 && answer === 'declined' ? questions.filter(({ state }) => state === 'approved') : open;
  return answerable.length > 1 ? 'several' : (answerable[0] ?? questions[0]);
}

function severalText(job: string, questions: readonly Approval[]): string {
  const each = questions.map(({ hash, text }) => `${hash} (${text})`).join(' or ');
  return `${job} asks more than one thing; name the plan that you mean: ${each}`;
}

/** What became of a plan that is not asked about any more. */
function pastText({ approval }: ApprovalItem, questions: readonly Approval[]): string {
  const { hash, action } = approval;
  const asked = questions.find((one) => questionOn(one.action) === questionOn(action));
  const now = asked ? `; now the question is plan ${asked.hash}: ${asked.text}` : '';
  if ('closedAtMs' in approval) return `plan ${hash} is ${approval.state}: ${approval.why}${now}`;
  return `plan ${hash} is not asked about any more${now}`;
}

function answered(
  ports: OrderPorts,
  job: ResolvedJob,
  { memory, state, asked }: { memory: JobMemory; state: JobState; asked: Approval },
  { answer, ...person }: Person & { readonly answer: 'approved' | 'declined' },
): Change {
  const { nowMs } = state;
  const byWhom = `${asked.by ?? 'somebody'} ${asked.state} it ${forMs(nowMs - (asked.answeredAtMs ?? nowMs))} ago (“${asked.reason ?? ''}”)`;
  const otherwise = withoutAsking(asked, job.name);
  const isLate = asked.state === 'expired' || nowMs >= asked.expiresAtMs;
  const held = answer === 'approved' ? heldBack(ports, job, state, asked.action) : undefined;
  if (asked.state === 'approved' && answer === 'approved' && isLate) {
    const until = held === undefined ? '' : ` (${held})`;
    return { refused: `${byWhom}, and that has expired${until}; it is asked for again. ${otherwise}` };
  }
  if (asked.state === answer) return byWhom;
  if (asked.state === 'declined') return { refused: `${byWhom}; ${otherwise}` };
  if (isLate && answer === 'approved')
    return { refused: `nobody answered within the time, so plan ${asked.hash} has expired; ${otherwise}` };
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
  // A start that was approved may have a place in the fleet's line by now.
  const isOver = answer === 'declined' && asked.action === 'restart';
  const rest = isOver ? without(memory, new Set(['wish', 'grant'])) : memory;
  return {
    memory: { ...rest, [questionOn(asked.action)]: approval },
    also: [
      approvalItem(job.name, approval, nowMs),
      notice,
      ...(isOver ? dropWish(job.name, memory.wish) : []),
    ],
    about: `plan ${asked.hash}: ${asked.text}`,
  };
}
