import type { AlarmHint } from '../core/alarm.ts';
import type { CapacityLimits } from '../core/capacity.ts';
import type { Decision } from '../core/decision.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import type { JobRun, JobRunSummary } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import type { BatchTimes, CheckpointInspection, PositionGap } from '../core/observation.ts';
import type { Item, ItemKey } from './items.ts';
import type { DriverLogs } from './log-ports.ts';
import type { Notice } from './notice.ts';
import type { Retentions, Streams } from './stream-ports.ts';

export type * from './log-ports.ts';
export type { Notice } from './notice.ts';
export type * from './stream-ports.ts';

/**
 * What the control code needs of the world. Expected failures are values: a port only throws when a promise of
 * ours is broken. `unavailable` means that nothing is known of the effect of a read; for writes each port says
 * itself which answers leave the outcome open.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export type Failure = {
  readonly ok: false;
  readonly code: 'not-found' | 'throttled' | 'unavailable' | 'malformed' | 'denied';
  /** For people and logs; never parsed. */
  readonly message: string;
};
export type Answer<T> = { readonly ok: true; readonly value: T } | Failure;

export interface JobRuns {
  /** Strongly consistent: only this proves that a run is terminal. With `attempt` it is the state of that attempt. */
  get(applicationId: string, jobRunId: string, attempt?: number): Promise<Answer<JobRun>>;
  /** One page, with the `Date` of the answer. Pages are the caller's, because the quota is. */
  list(applicationId: string, filter: ListFilter): Promise<Answer<ListPage>>;
  start(request: LaunchRequest, send: SendTerms): Promise<StartAnswer>;
  cancel(
    applicationId: string,
    jobRunId: string,
    terms: { graceSeconds: number; notAfterMs: number },
  ): Promise<CancelAnswer>;
}

export interface Applications {
  /** What an application may hold at once. */
  limits(applicationId: string): Promise<Answer<CapacityLimits>>;
}

export interface ListFilter {
  readonly states?: readonly string[];
  readonly createdAtAfterMs?: number;
  readonly createdAtBeforeMs?: number;
  readonly nextToken?: string;
}

export interface ListPage {
  readonly runs: readonly JobRunSummary[];
  readonly nextToken?: string;
  readonly dateMs: number;
}

export interface SendTerms {
  readonly clientToken: string;
  /** No attempt leaves with a signature younger than this, so AWS refuses it from notAfter + S on. */
  readonly notAfterMs: number;
}

export type StartAnswer =
  | { readonly kind: 'accepted'; readonly jobRunId: string }
  /** The service said no for now and no run exists because of this call: throttled, application busy. */
  | { readonly kind: 'not-now'; readonly message: string }
  /** The service will never accept this request: validation, missing application, missing rights. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Past the deadline: this attempt was not sent. */
  | { readonly kind: 'too-late' }
  /** Time-out, lost connection, 5xx: a run may exist. */
  | { readonly kind: 'ambiguous'; readonly message: string };

export type CancelAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'not-now'; readonly message: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'too-late' }
  | { readonly kind: 'ambiguous'; readonly message: string };

/**
 * Durable state with optimistic concurrency: every item carries `rev`, every write names the rev it saw. A
 * commit is all or nothing and serialisable. That is all the protocol needs of a database.
 */
export interface JobStore {
  /** Strongly consistent; the result has the order of the keys. `dateMs` is the database's own clock. */
  read(keys: readonly ItemKey[]): Promise<Answer<{ items: readonly (Item | undefined)[]; dateMs: number }>>;
  /**
   * `conflict`: some condition did not hold, nothing was written. `unavailable`: nothing is known; the next pass
   * reads what became of it.
   */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  /** Items of one partition in key order, strongly consistent. */
  list(
    pk: string,
    options: { limit: number; skPrefix?: string; newestFirst?: boolean },
  ): Promise<Answer<readonly Item[]>>;
  /** Job names whose next wake is due, soonest first; eventually consistent. */
  due(shard: number, options: { beforeMs: number; limit: number }): Promise<Answer<readonly string[]>>;
}

export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unavailable'; readonly message: string };

export type Write =
  | { readonly put: Item; readonly seenRev: number | 'absent' | 'any' }
  | { readonly delete: ItemKey; readonly seenRev: number | 'any' };

/** What wakes a pass. Wakes are hints: any may be lost, doubled or late. */
export type Wake =
  | {
      readonly kind: 'job';
      readonly job: string;
      readonly cause: string /** Look at the application's live runs too. */;
      readonly look?: boolean;
    }
  | {
      readonly kind: 'run';
      readonly applicationId: string;
      readonly jobRunId: string;
      readonly cause: string;
    }
  /** An alarm changed its state; which jobs it is about is found with the policy. */
  | ({ readonly kind: 'alarm'; readonly state: string } & AlarmHint)
  | { readonly kind: 'release' };

export interface WakeQueue {
  /** Delays are whole seconds up to 15 minutes; longer waits are the sweep's. */
  send(wakes: readonly { wake: Wake; delaySeconds: number }[]): Promise<Answer<void>>;
  /** Asks the release function to look at the wishes. */
  release(): Promise<Answer<void>>;
  /** Asks the notify function to look at the outbox. */
  notify(): Promise<Answer<void>>;
}

/** Which batch of a checkpoint was planned and which committed last; -1 where there is none. */
export interface CheckpointHead {
  readonly committedBatch: number;
  readonly plannedBatch: number;
  readonly times?: BatchTimes;
}

export interface Checkpoints {
  head(location: string): Promise<Answer<CheckpointHead>>;
  /** As Spark would judge it at a start. */
  inspect(location: string, options?: CheckpointOptions): Promise<Answer<CheckpointInspection>>;
  /** When a batch was planned, as its own file says; undefined where it cannot be told. */
  plannedAt(location: string, batch: number): Promise<Answer<number | undefined>>;
  /** What lies behind the last committed batch, as the Kinesis streams themselves say: a few calls for each shard. */
  oldestRecord(location: string, options?: CheckpointOptions): Promise<Answer<OldestRecord>>;
  /** Where batch N+1 does not begin at the end of batch N; undefined where that cannot be told. */
  seam(
    location: string,
    batch: number,
    options?: CheckpointOptions,
  ): Promise<Answer<readonly PositionGap[] | undefined>>;
}

export interface OldestRecord {
  /** The batch that was the last committed one; -1 before the first. */
  readonly batch: number;
  /** When the oldest record behind it arrived; absent where none lies there. */
  readonly arrivedMs?: number;
}

export interface CheckpointOptions {
  /** The DynamoDB table in which the Kinesis connector keeps the ends of shards, if not beside the checkpoint. */
  readonly committerTable?: string;
}

export interface InForce {
  readonly policy: ResolvedPolicy;
  readonly hash: string;
  /** The policy that should be in force and cannot be used; the one above is the last good one. */
  readonly broken?: { readonly hash: string; readonly message: string };
}

export interface Policies {
  /** The policy in force. `not-found` before the first `apply`. */
  current(): Promise<Answer<InForce>>;
}

/** One incident's notices that are still to be told, oldest first; a notice without an incident stands alone. */
export interface Story {
  readonly notices: readonly [Notice, ...Notice[]];
  /** The decision that the newest of them tells of; absent when there was none, or when it is not kept any more. */
  readonly decision?: Decision;
}

export type ToldAnswer =
  | { readonly ok: true }
  /** Asked too often: nothing of the story is lost, and nothing more is asked before that time has passed. */
  | {
      readonly ok: false;
      readonly code: 'throttled';
      readonly retryAfterMs: number;
      readonly message: string;
    }
  /** Down, slow or unclear: the same story is told again later. */
  | { readonly ok: false; readonly code: 'unavailable'; readonly message: string }
  /** It will never take this: no such channel, no such token. The next receiver is asked at once. */
  | { readonly ok: false; readonly code: 'refused'; readonly message: string };

/** Where people read. It is told at least once, and tells doubles by the ids of the notices. */
export interface Receiver {
  /** As the policy names it. */
  readonly name: string;
  tell(story: Story): Promise<ToldAnswer>;
}

/** Where automation listens. `eventId` is the same each time an event is published again. */
export interface OwnEvent {
  readonly type: 'Decision Made' | 'Incident Opened' | 'Incident Updated' | 'Incident Closed' | 'Notice';
  readonly atMs: number;
  readonly detail: Readonly<Record<string, unknown>> & { readonly eventId: string };
}

export interface EventBus {
  /** All or none counts as published: a failure means that all of them are to be published again. */
  publish(events: readonly OwnEvent[]): Promise<Answer<void>>;
}

export interface Ids {
  /** A ULID with a prefix, e.g. `dec_01J…`. */
  next(prefix: 'dec' | 'inc' | 'clm' | 'cmd' | 'wsh' | 'gnt' | 'ntc' | 'ord'): string;
}

/** In [0, 1). */
export type Random = () => number;

export interface Log {
  info(message: string, data?: Readonly<Record<string, unknown>>): void;
  warn(message: string, data?: Readonly<Record<string, unknown>>): void;
  error(message: string, data?: Readonly<Record<string, unknown>>): void;
}

/** What the notify function may touch: no runs, no checkpoints. */
export interface NotifyPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: JobStore;
  readonly policies: Policies;
  readonly events: EventBus;
  /** In the order in which they are asked; without a policy there is none. */
  receivers(policy: ResolvedPolicy | undefined): readonly Receiver[];
}

/** Everything that one pass may touch. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly runs: JobRuns;
  readonly applications: Applications;
  readonly store: JobStore;
  readonly wakes: WakeQueue;
  readonly checkpoints: Checkpoints;
  readonly logs: DriverLogs;
  readonly streams: Streams;
  readonly retentions: Retentions;
  readonly policies: Policies;
  readonly events: EventBus;
  /** The stack parameter `Act`. */
  readonly act: 'none' | 'restart' | 'all';
  /** Roles whose runs are ours, as they appear in `createdBy`; unknown in stacks that do not say it. */
  readonly startRoles?: readonly string[];
}
