import { type Approval, withoutAsking } from './approval.ts';
import type { Decision } from './decision.ts';
import { forMs } from './explain-seen.ts';
import { fleetHold } from './guard.ts';
import type { ActionName } from './job.ts';
import { questionOn } from './questions.ts';
import type { Reason, Withholding } from './reason.ts';

/** What would change the answer, the likeliest first: what holds the command back, else what holds the start back. */
export function adviceOn(decision: Decision): readonly string[] {
  return advice(decision).map((line) => line.replaceAll('JOB', decision.job));
}

function advice(decision: Decision): readonly string[] {
  const { guard, plan, reason, verdict, atMs } = decision;
  if (guard.kind !== 'done') {
    const action = plan?.action ?? 'restart';
    return [adviceOnHold(guard.why, { action, question: decision[questionOn(action)]?.now, nowMs: atMs })];
  }
  const hold = turns.has(reason) ? fleetHold(decision.observation.gates) : undefined;
  if (hold && hold.why !== 'awaits-approval')
    return [`${onHold[hold.why]}: until then no start has its turn`];
  const { untilMs } = verdict;
  const wait =
    verdict.kind === 'wait' && untilMs !== undefined && timed.has(reason)
      ? [`wait ${forMs(untilMs - atMs)}`]
      : [];
  return [...wait, ...(adviceOnReason[reason] ?? [])];
}

/** Waits for `release`, which lets nothing go while the fleet is held. */
const turns: ReadonlySet<Reason> = new Set([
  'awaits-grant',
  'fleet-canary',
  'fleet-held',
  'scope-budget-exhausted',
  'waits-for-capacity',
] as const);

/** Reasons that time alone can end; of the others a wait only says when Checkpilot looks again. */
const timed: ReadonlySet<Reason> = new Set([
  'retry-budget-exhausted',
  'class-budget-exhausted',
  'backing-off',
  'progress-unknown',
] as const);

const byHand = 'checkpilot start JOB --override --reason "…"; or start a run yourself, it is taken over';
const startAgain = 'checkpilot start JOB --reason "…"; or start a run yourself, it is taken over';

interface Held {
  readonly action: ActionName;
  /** What a person is asked about it. */
  readonly question: Approval | undefined;
  readonly nowMs: number;
}

/** What ends a hold of a command of this action; JOB stands for the name of the job. */
export function adviceOnHold(why: Withholding, held: Held): string {
  if (why === 'awaits-approval') return adviceOnQuestion(held);
  return onHold[why].replace('actions.ACTION', `actions.${held.action}`);
}

/** Advice that follows an answer: only what is still open can be approved. */
function adviceOnQuestion({ action, question, nowMs }: Held): string {
  const byPolicy = `or set actions.${action}: act in the policy`;
  if (!question) return `wait: a person is asked at the next look; ${byPolicy}`;
  const { hash, state, expiresAtMs } = question;
  const otherwise = withoutAsking(question, 'JOB');
  if (state === 'open' && nowMs < expiresAtMs)
    return `checkpilot approve ${hash} --reason "…"; or ${otherwise}; ${byPolicy}`;
  const wait =
    state === 'declined' ? 'it was declined, and is asked again once the plan changes' : askedAgain;
  return `${wait}; ${otherwise}; ${byPolicy}`;
}

const askedAgain = 'wait: it is asked again, with a new message';

const onHold: Readonly<Record<Exclude<Withholding, 'awaits-approval'>, string>> = {
  'kill-switch': 'checkpilot kill off --reason "…"',
  'newer-state': 'deploy the release that wrote the record, or a later one',
  'clock-differs': 'nothing to do by hand: it acts again once the clocks agree',
  'fleet-paused': 'checkpilot resume --all, or wait until the pause expires',
  'job-paused': 'checkpilot resume JOB, or wait until the pause expires',
  'action-paused': 'checkpilot resume JOB, or wait until the pause expires',
  'mode-observe': 'set mode: act (or actions.ACTION: act) in the policy',
  'deny-window': 'wait until the window closes; or change guardrails.windows in the policy',
  'outside-allow-window': 'wait until the window opens; or change guardrails.windows in the policy',
  'act-not-deployed': 'deploy the stack with Act: all, or restart where it is about runs',
};

const adviceOnReason: Readonly<Partial<Record<Reason, readonly string[]>>> = {
  'awaits-evidence': ['nothing to do by hand: without a log it is judged after three minutes all the same'],
  'retry-budget-exhausted': ['raise restart.budget in the policy', startAgain],
  'class-budget-exhausted': ['raise restart.classes.<class>.budget in the policy', startAgain],
  'progress-unknown': ['make the checkpoint readable for Checkpilot'],
  'checkpoint-unreadable': ['make the checkpoint readable for Checkpilot'],
  'deterministic-failure': ['fix the cause named in the evidence', byHand],
  'unexplained-error': [
    'read the evidence: whether it passes, and what another try would do to the data, is for you to say',
    byHand,
    'so that it is tried again by itself next time: name its class in classifiers of the policy',
  ],
  'checkpoint-went-back': [
    'find out who deleted, replaced or cut the checkpoint; restore it if you can',
    'if it was meant so: checkpilot start JOB --override --reason "…"',
  ],
  'checkpoint-damaged': [
    'checkpilot checkpoint LOCATION says what is wrong and how to mend it',
    'once it is mended: checkpilot start JOB --override --reason "…"',
  ],
  'positions-skipped': ['find out what the skipped range held, and read it again while the stream keeps it'],
  'records-left-out': ['find out what the range held, and read it again from wherever it still is'],
  'losses-unknown': [
    'let Checkpilot read the logs (parameters LogBucketArns and LogGroupArns of its stack), and rotate those that are too large',
  ],
  'positions-repeated': ['look for doubles in the sink'],
  'start-refused': ['mend what the service refused, then checkpilot start JOB --override --reason "…"'],
  'data-at-risk': ['look at the checkpoint and the source before anything is started', byHand],
  'streak-without-progress': ['find out why no batch is committed', byHand],
  'size-steps-used-up': ['raise restart.classes.<class>.grow in the policy, or for a disk its type', byHand],
  futile: ['fix the cause named in the evidence; the job is parked once the run has ended'],
  stalled: [
    'look at the driver and the sink of the run: slow, locked, or without executors',
    'raise stall.after in the policy if batches may take that long',
  ],
  parked: [byHand],
  'stopped-on-purpose': [startAgain],
  'cancelled-by-person': [startAgain],
  'no-request-to-start': ['give the job a launch.spec in the policy, or start it once yourself'],
  'foreign-run-beside-ours': ['cancel the run that should not write to this checkpoint'],
  'several-own-runs': ['cancel all live runs of the job but the one that serves all its locations'],
  'checkpoint-in-use': ['cancel the run that names the checkpoint, or mend match in the policy'],
  'several-foreign-runs': ['cancel all live runs of the job but one'],
  'ours-yields-to-foreign-run': ['cancel the other run before ours is gone, if ours is the right one'],
  'run-unknown': ['let Checkpilot read the run: see why above'],
  'listing-unknown': ['let Checkpilot list the runs of the application: see why above'],
  'fleet-canary': ['nothing to do by hand: the others follow when one of the first has committed a batch'],
  'fleet-held': [
    'mend what the failed jobs have in common: two are tried again from time to time',
    startAgain,
  ],
  'scope-budget-exhausted': ['raise guardrails.budgets in the policy', startAgain],
  'voluntary-limits': [
    'nothing to do by hand: it follows when those under way have committed a batch',
    'raise guardrails.fleet.voluntary in the policy',
  ],
  'waits-for-capacity': [
    'raise maximumCapacity or maxConcurrentRuns of the application, or the vCPU quota of the account',
    'stop another job of the application',
    'checkpilot start JOB --reason "…" tries it at once, whatever is known of the room',
  ],
  'capacity-too-small': [
    'raise maximumCapacity of the application, or make the workers of the job smaller',
    byHand,
  ],
  'retention-short': ['nothing to do by hand; to have it otherwise: retention.extendTo in the policy'],
  'awaits-grant': ['nothing to do by hand: starts of the fleet take turns'],
};
