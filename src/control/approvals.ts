import { type Approval, type ApprovalStep, isApproved, usedApproval } from '../core/approval.ts';
import type { Decision } from '../core/decision.ts';
import { type ApprovalItem, keys, schemaVersion } from './items.ts';
import type { Ports, Write } from './ports.ts';
import { noticeWrite } from './writes.ts';

/** What became of a question is kept as long as decisions are. */
const approvalLifeSeconds = 30 * 24 * 3_600;

/** The question as it stands after the claim of its own plan: that uses it up. */
export function stepAtClaim(decision: Decision): ApprovalStep {
  const step = decision.approval ?? { notices: [] };
  const isOwn = step.now?.state === 'approved' && step.now.hash === decision.plan?.hash;
  return isOwn && step.now ? usedApproval(step.now, decision.atMs) : step;
}

/** The hash under which a claim was approved, for sending it again later. A yes that has expired is none, also where nobody needs one. */
export function approvedBy({ approval, plan, atMs }: Decision): { readonly approval?: string } {
  return plan && isApproved(approval?.now, plan, atMs) ? { approval: plan.hash } : {};
}

/** The question under its hash, and what people are told of it. The condition of each is the record's, beside it. */
export function approvalWrites(
  ports: Pick<Ports, 'clock' | 'ids'>,
  decision: Decision,
  step: ApprovalStep,
  before: Approval | undefined,
): readonly Write[] {
  const { closed, now } = step;
  const { job, id, atMs } = decision;
  // The same plan asked again takes the place of the question that lapsed.
  const isReplaced = closed !== undefined && closed.hash === now?.hash;
  return [
    ...(closed && !isReplaced ? [approvalItem(job, closed, atMs)] : []),
    ...(now && now !== before ? [approvalItem(job, now, atMs)] : []),
    ...step.notices.map((notice) => noticeWrite(ports, notice, { job, decisionId: id })),
  ];
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
