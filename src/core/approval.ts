import type { GuardResult, NoticeDraft, Verdict } from './decision.ts';
import { forMs } from './explain-seen.ts';
import type { ActionName } from './job.ts';
import { isOrdered, type Plan } from './plan.ts';
import { reasons, type Withholding, withholdings } from './reason.ts';

/** A plan that a person is asked about, as the job remembers it: at most one at a time in each lane. */
export interface Approval {
  readonly hash: string;
  readonly action: ActionName;
  /** Absent in earlier records. */
  readonly command?: Plan['command'];
  readonly text: string;
  readonly state: 'open' | 'approved' | 'declined' | 'expired';
  /** The decision that asked. */
  readonly decisionId: string;
  readonly askedAtMs: number;
  /** Until when it may be answered; once approved, until when it may be carried out. */
  readonly expiresAtMs: number;
  /** Backoff of the start as it was when it was asked for: whoever answers has waited already. */
  readonly notBeforeMs?: number;
  /** The run that it is about, and what could not be read when it was asked; absent in earlier records. */
  readonly jobRunId?: string;
  readonly unread?: readonly string[];
  readonly by?: string;
  readonly reason?: string;
  readonly answeredAtMs?: number;
}

/** How the question about a plan ended. */
export interface ClosedApproval extends Omit<Approval, 'state'> {
  readonly state: 'used' | 'void' | 'expired' | 'not-needed';
  readonly closedAtMs: number;
  /** A sentence without its full stop. */
  readonly why: string;
  /** The plan that took its place. */
  readonly replacedBy?: string;
}

/** What one pass makes of it. */
export interface ApprovalStep {
  /** As it stands after the pass; absent when there is nothing to ask. */
  readonly now?: Approval;
  readonly closed?: ClosedApproval;
  readonly notices: readonly NoticeDraft[];
}

/** A plan that nobody answered is asked again after this long, as a new message (four hours, as other repeats). */
export const askAgainMs = 4 * 60 * 60_000;
/** Where the policy says nothing. */
export const usualExpiryMs = 30 * 60_000;

/** Whether a person said yes to exactly this plan, and lately. */
export function isApproved(approval: Approval | undefined, plan: Plan | undefined, nowMs: number): boolean {
  return (
    approval !== undefined &&
    approval.state === 'approved' &&
    approval.hash === plan?.hash &&
    nowMs < approval.expiresAtMs
  );
}

/** What a person can do who does not want to wait for the question: never more than the plan would do. */
export function withoutAsking({ command, action }: Approval | ClosedApproval, job: string): string {
  if (action === 'extendRetention')
    return 'aws kinesis increase-stream-retention-period does the same by hand';
  return command === 'cancel'
    ? `checkpilot stop ${job} --reason "…" cancels it now, and checkpilot start after that starts the job again`
    : `checkpilot start ${job} --reason "…" starts it now`;
}

interface Pass {
  readonly job: string;
  readonly decisionId: string;
  readonly nowMs: number;
  readonly verdict: Verdict;
  readonly plan: Plan | undefined;
  readonly guard: GuardResult;
  readonly expireAfterMs: number;
  /** Why nothing is wanted any more, where that is not what the verdict says. */
  readonly over?: string;
  /** The run that was seen, and what could not be read of it. */
  readonly jobRunId?: string;
  readonly unread?: readonly string[];
}

/**
 * What becomes of the question about a plan: asked, kept, or closed because the plan has changed, nothing is wanted any
 * more, or nobody answered in time. Answers of people and the claim that uses an approval up are written elsewhere.
 */
export function approvalStep(pass: Pass, before: Approval | undefined): ApprovalStep {
  const { verdict, plan, guard } = pass;
  if (!before) return guard.kind === 'suggested' ? asked(pass) : { notices: [] };
  if (isBlindNow(pass, before)) return keptOrExpired(pass, before);
  // While it waits, or looks after something else, nothing is known that speaks for or against the plan.
  if (!plan && verdict.kind !== 'nothing' && verdict.kind !== 'park') return keptOrExpired(pass, before);
  if (!plan) {
    const why = pass.over ?? reasons[verdict.reason].slice(0, -1);
    return closed(pass, before, { state: 'not-needed', why });
  }
  if (plan.hash !== before.hash && isOrdered(verdict))
    return closed(pass, before, { state: 'not-needed', why: 'a person ordered it' });
  if (plan.hash !== before.hash) {
    const why = `the plan has changed since: now it is to ${plan.text}`;
    const end = closed(pass, before, { state: 'void', why, replacedBy: plan.hash });
    return guard.kind === 'suggested' ? and(end, asked(pass)) : end;
  }
  if (guard.kind === 'done' && before.state !== 'approved')
    return closed(pass, before, { state: 'not-needed', why: 'it is done without an approval now' });
  if (guard.kind === 'withheld') return heldBack(pass, before, guard.why);
  if (guard.kind === 'done') return keptOrExpired(pass, before);
  if (before.state === 'approved') {
    const why = 'it could not be carried out in time, and is asked for again';
    return and(closed(pass, before, { state: 'expired', why }), asked(pass));
  }
  const isDueAgain = before.state === 'expired' && pass.nowMs >= before.askedAtMs + askAgainMs;
  return isDueAgain ? asked(pass) : keptOrExpired(pass, before);
}

/**
 * Evidence that was there when it was asked, and cannot be read now: the same end judged without it looks like another
 * one, and a run that stands still like a healthy one. For a few hours that speaks neither for the plan nor against it.
 */
function isBlindNow({ verdict, plan, guard, nowMs, jobRunId, unread = [] }: Pass, before: Approval): boolean {
  const isSame = jobRunId !== undefined && before.jobRunId === jobRunId;
  const isLess = unread.some((spot) => !before.unread?.includes(spot));
  const isLapsed = before.state === 'approved' && nowMs >= before.expiresAtMs;
  if (!isSame || !isLess || isLapsed || nowMs >= before.askedAtMs + askAgainMs) return false;
  if (plan) return guard.kind !== 'done' && plan.hash !== before.hash;
  return (
    verdict.adopt === undefined && (verdict.reason === 'run-healthy' || verdict.reason === 'attempt-failed')
  );
}

/** Under a hold nobody can answer, so what lapses meanwhile is asked as soon as it ends. */
function heldBack(pass: Pass, before: Approval, why: Withholding): ApprovalStep {
  const isForGood = why === 'mode-observe' || why === 'act-not-deployed';
  if (isForGood && before.state !== 'declined')
    return closed(pass, before, { state: 'not-needed', why: `${withholdings[why]} now` });
  if (before.state !== 'open' || pass.nowMs < before.expiresAtMs) return { now: before, notices: [] };
  const text = `${withholdings[why]}, so nobody could answer in time; it is asked again when that ends`;
  return closed(pass, before, { state: 'expired', why: text });
}

/** The end of a question that its claim answers. */
export function usedApproval(approval: Approval, nowMs: number): ApprovalStep {
  const why = 'it is carried out';
  return ended(approval, { state: 'used', why, closedAtMs: nowMs });
}

/** The end of a question whose job no policy declares any more. */
export function droppedApproval(approval: Approval, nowMs: number): ApprovalStep {
  return ended(approval, {
    state: 'not-needed',
    why: reasons['not-managed'].slice(0, -1),
    closedAtMs: nowMs,
  });
}

/** Told when a person answers; the message of the question is changed to it. */
export function answerNotice(job: string, approval: Approval): NoticeDraft {
  const said = approval.state === 'approved' ? 'approved' : 'declined';
  return noticeOf(approval, `${job}: ${approval.by ?? 'somebody'} ${said} to ${approval.text}.`, 'answered');
}

function asked(pass: Pass): ApprovalStep {
  const { plan, nowMs, verdict, job, expireAfterMs } = pass;
  if (!plan) return { notices: [] };
  const now: Approval = {
    ...plan,
    state: 'open',
    decisionId: pass.decisionId,
    askedAtMs: nowMs,
    expiresAtMs: nowMs + expireAfterMs,
    ...(pass.jobRunId === undefined ? {} : { jobRunId: pass.jobRunId }),
    ...(pass.unread?.length ? { unread: pass.unread } : {}),
    ...(verdict.kind === 'start' ? { notBeforeMs: verdict.wish.notBeforeMs } : {}),
  };
  const text = `${job}: ${reasons[verdict.reason]} Checkpilot would ${plan.text}, and asks first: checkpilot approve ${plan.hash} --reason "…" within ${forMs(expireAfterMs)}.`;
  return { now, notices: [noticeOf(now, text, 'requested')] };
}

function keptOrExpired({ nowMs, job }: Pass, before: Approval): ApprovalStep {
  if (before.state !== 'open' || nowMs < before.expiresAtMs) return { now: before, notices: [] };
  const now: Approval = { ...before, state: 'expired' };
  const text = `${job}: nobody answered in time, so nothing was done (${before.text}). It is asked again later; ${withoutAsking(before, job)}.`;
  return { now, notices: [noticeOf(now, text, 'closed')] };
}

function closed(
  { nowMs }: Pass,
  before: Approval,
  end: Pick<ClosedApproval, 'state' | 'why' | 'replacedBy'>,
): ApprovalStep {
  return ended(before, { ...end, closedAtMs: nowMs });
}

function ended(
  before: Approval,
  end: Pick<ClosedApproval, 'state' | 'why' | 'replacedBy' | 'closedAtMs'>,
): ApprovalStep {
  const { state: _answered, ...rest } = before;
  const closing: ClosedApproval = { ...rest, ...end };
  const answer = before.state === 'approved' ? `${before.by ?? 'somebody'} approved it; ` : '';
  // What was declined or has lapsed says so already.
  const isSettled = before.state === 'declined' || before.state === 'expired';
  return { closed: closing, notices: isSettled ? [] : [noticeOf(closing, `${answer}${end.why}.`, 'closed')] };
}

function and(first: ApprovalStep, second: ApprovalStep): ApprovalStep {
  return { ...first, ...second, notices: [...first.notices, ...second.notices] };
}

function noticeOf(
  approval: Approval | ClosedApproval,
  text: string,
  event: 'requested' | 'answered' | 'closed',
): NoticeDraft {
  return {
    event: `approval.${event}`,
    severity: event === 'requested' ? 'warning' : 'info',
    text,
    // One message for each question, changed in place to what became of it.
    thread: `approval-${approval.decisionId}`,
    approval,
  };
}
