import type { Approval, ApprovalStep, ClosedApproval } from './approval.ts';
import type { Clock } from './data-loss-clock.ts';
import type { Judgement } from './failure/classify.ts';
import type { FailureClass } from './failure/taxonomy.ts';
import type { JobRun } from './job-run.ts';
import type { JobMemory, Ordered, Wish } from './memory.ts';
import type { Observation } from './observation.ts';
import type { Plan } from './plan.ts';
import type { Reason, Withholding } from './reason.ts';

/** What a rule wants, before the guard. The first rule that returns one wins. */
export type Verdict = (
  | { readonly kind: 'nothing' }
  /** Looks again at `untilMs`, or when something wakes the job. */
  | { readonly kind: 'wait' }
  /** Wants a start. Without a live grant it is only written down as a wish. */
  | { readonly kind: 'start'; readonly wish: WishDraft }
  /** Has the grant: claim and send what the wish planned. */
  | { readonly kind: 'claim'; readonly wish: Wish }
  | { readonly kind: 'cancel'; readonly run: JobRun }
  | { readonly kind: 'park' }
  /** Wanted by the safety lane; it takes the pass of the run lane, which is asked again right after. */
  | { readonly kind: 'extend-retention'; readonly extension: Extension }
) & {
  readonly reason: Reason;
  readonly untilMs?: number;
  readonly judgement?: Judgement;
  /** A run to take over; changes our own state only, so every mode does it. */
  readonly adopt?: JobRun;
  /** What the pass learned, whatever the guard says. */
  readonly learned?: Partial<JobMemory>;
  /** Fields of the memory that no longer hold. */
  readonly forget?: readonly (
    | 'wish'
    | 'grant'
    | 'parked'
    | 'incident'
    | 'unknownSinceMs'
    | 'order'
    | 'cancelled'
    | 'waitsSinceMs'
  )[];
  readonly notice?: NoticeDraft;
  /** The person whose order it follows. */
  readonly orderedBy?: Ordered;
};

/** A stream that is to keep its records for longer. */
export interface Extension {
  readonly stream: string;
  readonly fromHours: number;
  readonly toHours: number;
  /** What that costs, as people are told. */
  readonly cost: string;
}

export type WishDraft = Omit<Wish, 'id' | 'createdAtMs'>;

export type Severity = 'info' | 'warning' | 'critical';

/** What people are told. Kept structured; the words are made where they are shown. */
export interface NoticeDraft {
  readonly event:
    | 'incident.opened'
    | 'incident.updated'
    | 'incident.needs-human'
    | 'incident.recovered'
    | 'run.adopted'
    | 'run.stopped-by-person'
    | 'writers.two-live-runs'
    | 'approval.requested'
    | 'approval.answered'
    | 'approval.closed'
    | 'retention.undo-proposed'
    | 'policy.broken';
  readonly severity: Severity;
  readonly text: string;
  /** Present when it tells of an incident's state: the same state is told once. */
  readonly reason?: Reason;
  readonly class?: FailureClass;
  /** The incident begins with this notice, whatever the event. */
  readonly opens?: true;
  /** Tells of the same as other notices of this name: one message, changed in place. */
  readonly thread?: string;
  /** The question about a plan that it tells of. */
  readonly approval?: Approval | ClosedApproval;
  /** Of a call of the data-loss clock: when unread records are lost, epoch ms. */
  readonly lossAtMs?: number;
  /** It tells of something else while a person is needed already, and must not read as if that were over. */
  readonly stillNeedsHuman?: true;
}

/** The record of one pass: what was seen, what each rule said, what follows. Everything people see renders this. */
export interface Decision {
  readonly id: string;
  readonly job: string;
  readonly atMs: number;
  /** Design vocabulary: a `claim` verdict is the second half of a start. */
  readonly kind: 'nothing' | 'wait' | 'start' | 'cancel' | 'park' | 'extend-retention';
  readonly reason: Reason;
  readonly verdict: Verdict;
  /** Rules in the order they were asked, the last one being the one that decided. */
  readonly trace: readonly { readonly rule: string; readonly said: Reason | 'does-not-apply' }[];
  /** What the command would do; absent where there is none. */
  readonly plan?: Plan;
  readonly guard: GuardResult;
  /** What became of the question about the run, and of the one about a longer retention. */
  readonly approval?: ApprovalStep;
  readonly extensionApproval?: ApprovalStep;
  /** What the safety lane found. */
  readonly concerns: readonly Concern[];
  /** The data-loss clock; absent where the policy names no source. */
  readonly clock?: Clock;
  /** Starts in a row without a newly committed batch, and how many are allowed; absent in earlier records. */
  readonly streak?: { readonly now: number; readonly max: number };
  /** What the safety lane tells and learns besides the verdict. */
  readonly aside?: Aside;
  readonly observation: Observation;
}

export interface Aside {
  readonly notices?: readonly NoticeDraft[];
  readonly learned?: Partial<JobMemory>;
  /** A look is due by then, whatever the verdict waits for. */
  readonly lookAtMs?: number;
}

/** Something that a person should know and that no rule about the run decides. */
export interface Concern {
  readonly rule: string;
  readonly reason: Reason;
  readonly text: string;
}

export type GuardResult =
  | { readonly kind: 'done' }
  | ({ readonly kind: 'suggested' } & Hold)
  | ({ readonly kind: 'withheld' } & Hold);

/** What keeps a command from being sent. */
export interface Hold {
  readonly why: Withholding;
  /** Name of the window in the policy. */
  readonly window?: string;
  /** When this hold ends by itself; another may go on. */
  readonly untilMs?: number;
}

/** Whether people get a new message, or the one of the incident is changed in place. */
export function isNewPost(event: NoticeDraft['event']): boolean {
  return !inPlace.has(event);
}

const inPlace: ReadonlySet<NoticeDraft['event']> = new Set([
  'incident.updated',
  'incident.recovered',
  'approval.answered',
  'approval.closed',
]);
