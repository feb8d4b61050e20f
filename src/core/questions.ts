import { type Approval, type ApprovalStep, approvalStep, isApproved, usualExpiryMs } from './approval.ts';
import type { Clock } from './data-loss-clock.ts';
import type { ActionName } from './job.ts';
import type { JobMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { DecideInput, Next } from './rule.ts';

/** One question for each lane: what is asked about records must not wait for an answer about the run, nor undo it. */
export const questionNames = ['approval', 'extensionApproval'] as const;
export type QuestionName = (typeof questionNames)[number];
export type Questions = Readonly<Partial<Record<QuestionName, Approval>>>;
export type QuestionSteps = Readonly<Partial<Record<QuestionName, ApprovalStep>>>;

export function questionOn(action: ActionName): QuestionName {
  return action === 'extendRetention' ? 'extensionApproval' : 'approval';
}

/** Whether a person said yes to exactly this plan, and lately. */
export function isPlanApproved(questions: Questions, plan: Plan | undefined, nowMs: number): boolean {
  return plan !== undefined && isApproved(questions[questionOn(plan.action)], plan, nowMs);
}

type Wanted = Next & { readonly plan: Plan | undefined };

interface Lanes {
  readonly run: Wanted;
  /** What the safety lane wants. */
  readonly extension: Wanted | undefined;
  /** The run lane was not asked in earnest: it is again right after the command of the safety lane. */
  readonly isExtending: boolean;
  readonly clock: Clock | undefined;
}

/** What becomes of the questions in this pass. */
export function questionSteps(input: DecideInput, lanes: Lanes): QuestionSteps {
  const { job, observation, memory, ids } = input;
  const expireAfterMs = job.approvals?.expireAfterMs ?? usualExpiryMs;
  const pass = { job: job.name, decisionId: ids.decision, nowMs: observation.nowMs, expireAfterMs };
  const approval = lanes.isExtending
    ? stays(memory)
    : approvalStep({ ...pass, ...lanes.run }, memory.approval);
  const extension = lanes.extension ?? notWanted(input, lanes.clock);
  const extensionApproval = approvalStep({ ...pass, ...extension }, memory.extensionApproval);
  return { ...ifAny('approval', approval), ...ifAny('extensionApproval', extensionApproval) };
}

function stays({ approval }: JobMemory): ApprovalStep {
  return { ...(approval ? { now: approval } : {}), notices: [] };
}

/** No longer retention is wanted; while it is not known how old the records are, nothing speaks against it either. */
function notWanted({ observation }: DecideInput, clock: Clock | undefined): Wanted & { over: string } {
  const isKnown = clock?.kind !== 'unknown' && observation.source?.retention.kind !== 'unknown';
  return {
    verdict: { kind: isKnown ? 'nothing' : 'wait', reason: 'retention-short' },
    guard: { kind: 'done' },
    plan: undefined,
    over: 'its unread records do not need it any more',
  };
}

function ifAny(name: QuestionName, step: ApprovalStep): QuestionSteps {
  return step.now || step.closed ? { [name]: step } : {};
}
