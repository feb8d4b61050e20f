import type { Approval, ClosedApproval } from '../core/approval.ts';
import type { Ring } from '../core/budget.ts';
import type { Resources } from '../core/capacity.ts';
import type { Clock } from '../core/data-loss-clock.ts';
import type { GuardResult, Verdict } from '../core/decision.ts';
import type { StartCause } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import type { JobMemory } from '../core/memory.ts';
import type { Reason } from '../core/reason.ts';
import type {
  CapacityItem,
  ControlItem,
  EndedItem,
  LineItem,
  ListingItem,
  LiveItem,
  PaceItem,
  PolicyItem,
  ReleaseItem,
  ScopeRingItem,
  SweepItem,
  WishItem,
} from './fleet-items.ts';
import type { Notice } from './notice.ts';

export type * from './fleet-items.ts';

/** Written into every item. A reader accepts this and the one before; on a higher one it only observes. */
export const schemaVersion = 1;

/** The due index is spread over this many partitions. */
export const dueShards = 16;

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export interface Stored extends ItemKey {
  readonly schema: number;
  /** Grows by one with each write; what every conditional write names. */
  readonly rev: number;
  /** Epoch seconds after which DynamoDB may delete the item. */
  readonly ttl?: number;
}

/** `JOB#name / RECORD`. Its `rev` is the version of the protocol. */
export interface RecordItem extends Stored {
  readonly kind: 'record';
  readonly job: string;
  readonly memory: JobMemory;
  readonly policyHash: string;
  /** Locations of the claim under way, so that it is found even after the policy dropped or moved the job. */
  readonly claimLocks?: readonly string[];
  /** The policy declared it no longer when it was last looked at. */
  readonly unmanaged?: boolean;
  /** The last decision, and how often it was made again without a change. */
  readonly last?: {
    readonly id: string;
    readonly key: string;
    readonly kind: string;
    readonly reason: Reason;
    readonly guard: GuardResult;
    /** State of the job's run as that pass saw it; absent when there was none or it could not be read. */
    readonly runState?: string;
    /** Of that run; absent in older items. */
    readonly runId?: string;
    readonly untilMs?: number;
    /** What the safety lane found, as people read it: where the run differs, for one. */
    readonly concerns?: readonly string[];
    /** As the last pass had it, also where its decision repeats an older one. */
    readonly clock?: Clock;
    readonly firstAtMs: number;
    readonly lastAtMs: number;
    readonly count: number;
  };
  /** Keys of the due index. */
  readonly dueShard: string;
  readonly dueAtMs: number;
}

/** `CHECKPOINT#uri / LOCK`. Never expires, never deleted while a policy or a run names it. */
export interface LockItem extends Stored {
  readonly kind: 'lock';
  readonly location: string;
  readonly owner: string;
  readonly epoch: number;
  readonly runId?: string;
  readonly applicationId?: string;
  readonly claim?: Claim;
  readonly lastCancel?: { readonly runId: string; readonly claimId: string; readonly cause: Reason };
}

export type Claim = StartClaim | CancelClaim;

interface ClaimBase {
  readonly id: string;
  readonly job: string;
  readonly decisionId: string;
  readonly applicationId: string;
  readonly decidedAtMs: number;
  readonly notAfterMs: number;
  /** Hash of the plan that a person approved, in mode suggest. */
  readonly approval?: string;
  /** The service refused it for good; not sent again, closed when nothing can come of it any more. */
  readonly refused?: string;
  /** The locations whose locks carry this claim; record and close write exactly these. */
  readonly locks: readonly string[];
}

export interface StartClaim extends ClaimBase {
  readonly kind: 'start';
  readonly request: LaunchRequest;
  readonly clientToken: string;
  readonly cause: StartCause;
  readonly epoch: number;
}

export interface CancelClaim extends ClaimBase {
  readonly kind: 'cancel';
  readonly runId: string;
  readonly cause: Reason;
  readonly graceSeconds: number;
}

/** `RING#scope / RING`. */
export interface RingItem extends Stored {
  readonly kind: 'ring';
  readonly ring: Ring;
}

/** `JOB#name / LAUNCH#generation`: the request that a generation was started with. */
export interface LaunchItem extends Stored {
  readonly kind: 'launch';
  readonly job: string;
  readonly generation: number;
  readonly request: LaunchRequest;
  readonly jobRunId: string;
}

/** `JOB#name / DECISION#ulid`. */
export interface DecisionItem extends Stored {
  readonly kind: 'decision';
  readonly job: string;
  readonly decision: {
    readonly id: string;
    readonly job: string;
    readonly atMs: number;
    readonly kind: string;
    readonly reason: Reason;
    readonly verdict: Verdict;
    readonly trace: readonly { readonly rule: string; readonly said: string }[];
    readonly guard: GuardResult;
    readonly observation: unknown;
  };
}

/** `APPROVAL#hash / APPROVAL`: a plan that a person is asked about, and how that ended. The job's record has it too. */
export interface ApprovalItem extends Stored {
  readonly kind: 'approval';
  readonly job: string;
  readonly approval: Approval | ClosedApproval;
}

/** `RUN#id / RUN`: what is known of a run for ever, so that it is read from the service once. */
export interface RunItem extends Stored {
  readonly kind: 'run';
  readonly jobRunId: string;
  readonly applicationId: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly locations: readonly string[];
  /** What it holds of its application at any time; absent in older records, null where its sizes cannot be read. */
  readonly held?: Resources | null;
  /** The job that recorded or adopted it; absent for runs that are nobody's yet. */
  readonly job?: string;
  /** Started by a claim of ours that was closed or taken: should not exist. */
  readonly stray?: boolean;
}

/** `OUTBOX#0 / severity|id`: a notice that is still to be told or published; what is critical comes first. */
export interface OutboxItem extends Stored {
  readonly kind: 'outbox';
  readonly notice: Notice;
  /** What is done already of a notice that had to stay: it was published as an event, or told to people. */
  readonly done?: 'published' | 'told';
}

/** `INCIDENT#id / THREAD#receiver`: the messages of one incident in one place, so that they are changed in place. */
export interface ThreadItem extends Stored {
  readonly kind: 'thread';
  /** Ids of the notices that were told here, newest last. */
  readonly told: readonly string[];
  /** The messages, oldest first: the first one is the head of the thread. */
  readonly posts: readonly ThreadPost[];
  /** A post that was on its way when nothing more was heard of it. */
  readonly posting?: { readonly key: string; readonly atMs: number };
}

export interface ThreadPost {
  /** What it tells of, e.g. `needs-human worker-lost`: one post each. */
  readonly key: string;
  /** Slack's id of the message. */
  readonly ts: string;
  /** Of a call of the data-loss clock within an outage. */
  readonly lossAtMs?: number;
}

export type Item =
  | RecordItem
  | LockItem
  | RingItem
  | LaunchItem
  | DecisionItem
  | ApprovalItem
  | WishItem
  | ReleaseItem
  | ScopeRingItem
  | RunItem
  | CapacityItem
  | LineItem
  | PaceItem
  | ControlItem
  | PolicyItem
  | ListingItem
  | LiveItem
  | EndedItem
  | SweepItem
  | OutboxItem
  | ThreadItem;

export const keys = {
  record: (job: string): ItemKey => ({ pk: `JOB#${job}`, sk: 'RECORD' }),
  launch: (job: string, generation: number): ItemKey => ({
    pk: `JOB#${job}`,
    sk: `LAUNCH#${String(generation).padStart(8, '0')}`,
  }),
  decision: (job: string, id: string): ItemKey => ({ pk: `JOB#${job}`, sk: `DECISION#${id}` }),
  lock: (location: string): ItemKey => ({ pk: `CHECKPOINT#${location}`, sk: 'LOCK' }),
  scopeRing: (scope: string): ItemKey => ({ pk: `RING#${scope}`, sk: 'RING' }),
  jobRing: (job: string): ItemKey => ({ pk: `RING#job/${job}`, sk: 'RING' }),
  approval: (hash: string): ItemKey => ({ pk: `APPROVAL#${hash}`, sk: 'APPROVAL' }),
  run: (jobRunId: string): ItemKey => ({ pk: `RUN#${jobRunId}`, sk: 'RUN' }),
  control: { pk: 'CONTROL#fleet', sk: 'CONTROL' },
  pace: { pk: 'PACE#api', sk: 'PACE' },
  policy: { pk: 'POLICY#current', sk: 'POLICY' },
  listing: (applicationId: string): ItemKey => ({ pk: `APPLICATION#${applicationId}`, sk: 'LISTING' }),
  live: (applicationId: string): ItemKey => ({ pk: `APPLICATION#${applicationId}`, sk: 'LIVE' }),
  ended: (applicationId: string): ItemKey => ({ pk: `APPLICATION#${applicationId}`, sk: 'ENDED' }),
  capacity: (applicationId: string): ItemKey => ({ pk: `APPLICATION#${applicationId}`, sk: 'CAPACITY' }),
  line: (applicationId: string): ItemKey => ({ pk: `APPLICATION#${applicationId}`, sk: 'LINE' }),
  release: { pk: 'RELEASE#fleet', sk: 'RELEASE' },
  sweep: { pk: 'SWEEP#state', sk: 'SWEEP' },
  thread: (incidentId: string, receiver: string): ItemKey => ({
    pk: `INCIDENT#${incidentId}`,
    sk: `THREAD#${receiver}`,
  }),
  wishes: 'START#0',
  outbox: 'OUTBOX#0',
} as const;

/** The item of a kind at a key, or nothing; another kind there means that the table is not ours. */
export function as<K extends Item['kind']>(
  kind: K,
  item: Item | undefined,
): Extract<Item, { kind: K }> | undefined {
  if (item === undefined) return undefined;
  if (item.kind !== kind) throw new Error(`${item.pk} / ${item.sk} is a ${item.kind}, expected a ${kind}`);
  return item as Extract<Item, { kind: K }>;
}
