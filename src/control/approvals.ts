import { type ApprovalStep, droppedApproval, isApproved, usedApproval } from '../core/approval.ts';
import type { Decision } from '../core/decision.ts';
import type { JobMemory } from '../core/memory.ts';
import { type QuestionSteps, type Questions, questionNames } from '../core/questions.ts';
import { type ApprovalItem, keys, schemaVersion } from './items.ts';
import type { Ports, Write } from './ports.ts';
import { noticeWrite } from './writes.ts';

/** What became of a question is kept as long as decisions are. */
const approvalLifeSeconds = 30 * 24 * 3_600;

/** The questions after a claim: it uses up the one about its own plan, and the other goes on. */
export function stepsAtClaim(decision: Decision): QuestionSteps {
  const { plan, atMs } = decision;
  return eachStep(decision, (step) => {
    const isOwn = step.now?.state === 'approved' && step.now.hash === plan?.hash;
    return isOwn && step.now ? usedApproval(step.now, atMs) : step;
  });
}

/** The memory with its questions as a pass or a claim leaves them. */
export function withQuestions(memory: JobMemory, steps: QuestionSteps): JobMemory {
  const { approval: _run, extensionApproval: _records, ...rest } = memory;
  const { approval, extensionApproval } = steps;
  return {
    ...rest,
    ...(approval?.now ? { approval: approval.now } : {}),
    ...(extensionApproval?.now ? { extensionApproval: extensionApproval.now } : {}),
  };
}

/** The hash under which a claim was approved, for sending it again later. A yes that has expired is none, also where nobody needs one. */
export function approvedBy(decision: Decision): { readonly approval?: string } {
  const { plan, atMs, approval, extensionApproval } = decision;
  const isYes = [approval, extensionApproval].some((step) => isApproved(step?.now, plan, atMs));
  return plan && isYes ? { approval: plan.hash } : {};
}

/** The questions of a job that no policy declares any more: nobody can answer them, and people are told so. */
export function droppedQuestions(memory: JobMemory, nowMs: number): QuestionSteps {
  return Object.fromEntries(
    questionNames.flatMap((name) => {
      const asked = memory[name];
      return asked ? [[name, droppedApproval(asked, nowMs)]] : [];
    }),
  );
}

/** The questions under their hashes, and what people are told of them. The condition of each is the record's, beside it. */
export function questionWrites(
  ports: Pick<Ports, 'clock' | 'ids'>,
  decision: Pick<Decision, 'job' | 'id' | 'atMs'>,
  steps: QuestionSteps,
  before: Questions,
): readonly Write[] {
  const { job, id, atMs } = decision;
  return questionNames.flatMap((name) => {
    const { closed, now, notices = [] } = steps[name] ?? {};
    // The same plan asked again takes the place of the question that lapsed.
    const isReplaced = closed !== undefined && closed.hash === now?.hash;
    return [
      ...(closed && !isReplaced ? [approvalItem(job, closed, atMs)] : []),
      ...(now && now !== before[name] ? [approvalItem(job, now, atMs)] : []),
      ...notices.map((notice) => noticeWrite(ports, notice, { job, decisionId: id })),
    ];
  });
}

function eachStep(steps: QuestionSteps, next: (step: ApprovalStep) => ApprovalStep): QuestionSteps {
  return Object.fromEntries(
    questionNames.flatMap((name) => {
      const step = steps[name];
      return step ? [[name, next(step)]] : [];
    }),
  );
}

/** The question under its hash. */
export function approvalItem(job: string, approval: ApprovalItem['approval'], nowMs: number): Write {
  const put: ApprovalItem = {
    ...keys.approval(approval.hash),
    kind: 'approval',
    schema: schemaVersion,
    rev: 1,
    ttl: Math.floor(nowMs / 1_000) + approvalLifeSeconds,
    job,
    approval,
  };
  return { put, seenRev: 'any' };
}
