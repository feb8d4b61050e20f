import { type Approval, type ApprovalStep, approvalStep, isApproved, usualExpiryMs } from './approval.ts';
import type { Clock } from './data-loss-clock.ts';
import type { ActionName } from './job.ts';
import { isLive, type JobRun } from './job-run.ts';
import type { JobMemory } from './memory.ts';
import type { LogsSensor } from './observation.ts';
import type { Plan } from './plan.ts';
import type { DecideInput, Next } from './rule.ts';
import { attemptKey } from './rules/futile.ts';

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
    : approvalStep({ ...pass, ...lanes.run, ...runSeen(input) }, memory.approval);
  const extension = lanes.extension ?? notWanted(input, lanes.clock);
  const extensionApproval = approvalStep({ ...pass, ...extension }, memory.extensionApproval);
  return { ...ifAny('approval', approval), ...ifAny('extensionApproval', extensionApproval) };
}

function runSeen(input: DecideInput): { readonly jobRunId?: string; readonly unread: readonly string[] } {
  const { run } = input.observation;
  return { ...(run.kind === 'seen' ? { jobRunId: run.run.jobRunId } : {}), unread: unreadSpots(input) };
}

/** What a judgement of the run would rest on, and could not be read. */
function unreadSpots({ observation, memory }: DecideInput): readonly string[] {
  const { checkpoints, inspections = {}, logs, failedAttempt, input, run } = observation;
  const isUnknown = ({ kind }: { readonly kind: string }) => kind === 'unknown';
  const isPart = (sensor: LogsSensor | undefined) =>
    sensor?.kind === 'unknown' || (sensor?.kind === 'read' && sensor.unread !== undefined);
  const spots: Readonly<Record<string, boolean>> = {
    attempt: run.kind === 'seen' && failedAttempt === undefined && isToJudge(run.run, memory),
    checkpoint: Object.values(checkpoints).some(isUnknown),
    input: input?.kind === 'unknown',
    inspection: Object.values(inspections).some(isUnknown),
    logs: isPart(logs) || isPart(failedAttempt?.logs),
  };
  return Object.keys(spots).filter((spot) => spots[spot]);
}

/** An earlier attempt of the live run failed, and was not judged yet. */
function isToJudge(run: JobRun, { lastFailure }: JobMemory): boolean {
  const before = (run.attempt ?? 1) - 1;
  return isLive(run) && before > 0 && lastFailure?.jobRunId !== attemptKey(run, before);
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
