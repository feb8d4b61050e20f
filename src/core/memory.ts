import type { Approval } from './approval.ts';
import type { Audit } from './audits.ts';
import type { Resources } from './capacity.ts';
import type { ClockLevel } from './data-loss-clock.ts';
import type { Extension } from './decision.ts';
import type { Judgement } from './failure/judgement.ts';
import type { FailureClass } from './failure/taxonomy.ts';
import type { ActionName } from './job.ts';
import type { StartCause } from './job-run.ts';
import type { LossBlind, LossLook, LossMemory } from './loss-memory.ts';
import type { NativeAttempts } from './native-attempts.ts';
import type { RunSensor } from './observation.ts';
import type { Reason } from './reason.ts';
import type { SourceMemory } from './source.ts';
import type { Version } from './version.ts';
import type { WorkerChanges } from './workers.ts';

/** What Checkpilot remembers of a job between two passes; the durable job record holds exactly this. */
export interface JobMemory {
  /** How many runs of this job Checkpilot has started or adopted. */
  readonly generation: number;
  readonly run?: CurrentRun;
  /** A person's cancel is a wish too: it is respected until somebody says otherwise. */
  readonly desired: 'running' | 'stopped';
  /** Who stopped it by an order, and why; absent where the run was cancelled, and in earlier records. */
  readonly stopped?: Ordered & { readonly atMs: number };
  /** Per checkpoint location: what the last start stood at, and how many starts in a row moved nothing. */
  readonly progress: Readonly<Record<string, ProgressMark>>;
  /** Steps of the backoff; back to 0 with progress. */
  readonly backoffStep: number;
  /** Sizes that a failure taught us: no later start gives a worker less. */
  readonly leastWorkers?: WorkerChanges;
  /** The same, written by earlier versions with all sizes of a worker; they take what they find here for whole. */
  readonly workers?: WorkerChanges;
  readonly parked?: Parked;
  readonly pause?: Pause;
  /** Pauses of single actions. */
  readonly pausedActions?: Readonly<Partial<Record<ActionName, Pause>>>;
  /** The plans that a person is asked about, in mode suggest: what to do with the run, and a longer retention. */
  readonly approval?: Approval;
  readonly extensionApproval?: Approval;
  /** A person's order to start, until a wish is made of it or it expires. */
  readonly order?: Order;
  readonly wish?: Wish;
  readonly grant?: Grant;
  readonly incident?: Incident;
  /** The last start that Checkpilot claimed, for the hourly limit while progress is unknown. */
  readonly lastStartAtMs?: number;
  /** The last end that was judged, to tell a batch that always kills its run from bad luck. */
  readonly lastFailure?: LastFailure;
  /** How old the last runs became, to see a death at a fixed age. */
  readonly ages?: readonly RunAge[];
  /** The program that committed the last batch that was seen. */
  readonly good?: Version;
  /** Of each location, once the first batch there of a run was compared with the last one before it. */
  readonly audits?: Readonly<Record<string, Audit>>;
  /** Written by earlier versions: the generation that was compared at all locations. */
  readonly audited?: number;
  /** What a run of ours was cancelled for, until it has ended. */
  readonly cancelled?: Cancelled;
  /** Since when the live runs should be listed again: a hint asked for it, and they could not be. */
  readonly lookSinceMs?: number;
  /** Since when the job waits for capacity, whatever was tried meanwhile; until a run of it is RUNNING. */
  readonly waitsSinceMs?: number;
  /** Readings of the source, so that a look needs no new ones. */
  readonly source?: SourceMemory;
  readonly clock?: ClockMemory;
  /** What the logs of the job told of records that were left out. */
  readonly losses?: LossMemory;
  /** How far its logs were searched for that. */
  readonly lossLook?: LossLook;
  /** Why that is not all of them, as people were told. */
  readonly lossBlind?: LossBlind;
  /** A command that was decided and whose outcome is not recorded. */
  readonly command?: StreamCommand;
  /** Since when the service could not tell us of the run; told to people after ten minutes. */
  readonly unknownSinceMs?: number;
  /** The service's own failed attempts of the last hour. */
  readonly native?: NativeAttempts;
}

export interface Pause {
  readonly untilMs: number;
  readonly by: string;
  readonly reason: string;
}

/** Who ordered something, and why: whoever looks at it next wants to know both. */
export interface Ordered {
  readonly by: string;
  readonly reason: string;
}

export interface ClockMemory {
  /** The highest level that people were told, and the retention then. */
  readonly told?: { readonly level: ClockLevel; readonly retentionMs: number };
  /** The last extension that Kinesis took from us. */
  readonly extended?: {
    readonly stream: string;
    readonly fromHours: number;
    readonly toHours: number;
    readonly atMs: number;
    readonly proposedAtMs?: number;
  };
  readonly refused?: { readonly atMs: number; readonly message: string };
  /** An extension that was given up and that nobody refused: no answer, a stream that is being changed, a switch. */
  readonly tried?: { readonly atMs: number; readonly extension: Extension };
}

/** Sent until `notAfterMs` at the latest; after that it is decided afresh, never sent. */
export interface StreamCommand {
  readonly id: string;
  readonly decisionId: string;
  readonly extension: Extension;
  readonly decidedAtMs: number;
  readonly notAfterMs: number;
  /** Hash of the plan that a person approved. */
  readonly approval?: string;
}

export interface Order {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  /** Start although the job is parked. */
  readonly override: boolean;
  readonly expiresAtMs: number;
}

export interface CurrentRun {
  readonly jobRunId: string;
  readonly applicationId: string;
  readonly generation: number;
  readonly cause: StartCause | 'adopted';
  readonly acceptedAtMs: number;
}

export interface RunAge {
  readonly jobRunId: string;
  readonly ageMs: number;
}

export interface Cancelled {
  readonly jobRunId: string;
  readonly reason: 'stalled' | 'deterministic-failure' | 'unexplained-error' | 'data-at-risk';
  readonly judgement: Judgement;
}

export interface LastFailure {
  /** The run, or an attempt of one. */
  readonly jobRunId: string;
  readonly fingerprint: string;
  /** Planned and committed batch at each location when it ended, as one text. */
  readonly standsAt: string;
  /** Ends in a row at this place, this one included. */
  readonly count: number;
  /** Fingerprint of the end before this one at this place. */
  readonly before?: string;
}

export interface ProgressMark {
  /** Last committed batch when the current run was started; -1 before the first batch. */
  readonly committedAtStart: number;
  /** Last planned batch then, which that run runs again if it was not committed. */
  readonly plannedAtStart?: number;
  readonly streak: number;
  /** Highest committed batch that any pass has seen: a checkpoint that stands before it was replaced or cut. */
  readonly seen?: number;
}

export interface Parked {
  readonly reason: Reason;
  readonly class?: FailureClass;
  readonly atMs: number;
  /** What ended; a run that a person starts later unparks the job. */
  readonly jobRunId?: string;
}

/** A start that a rule wants, with everything the claim pass needs: it reads no evidence again. */
export interface Wish {
  readonly id: string;
  readonly cause: StartCause;
  readonly reason: Reason;
  readonly class?: FailureClass;
  /** The terminal run that this start answers; another run there makes the wish stale. */
  readonly afterRunId?: string;
  readonly createdAtMs: number;
  /** Backoff: no grant before. */
  readonly notBeforeMs: number;
  readonly tier: 1 | 2 | 3;
  /** When unread data is lost, as far as known; the release function serves the shortest first. */
  readonly deadlineMs?: number;
  readonly plan: StartPlan;
  /** The order of a person that it was made of. */
  readonly order?: Order;
  /** The least that it needs of its application, where that could be read. */
  readonly needed?: Resources;
  /** There is no room for it: the line of its application decides when it goes. */
  readonly awaitsCapacity?: true;
}

export interface StartPlan {
  /** Which request to start from: the policy's own, or the stored one of a generation. */
  readonly base: 'spec' | { readonly generation: number };
  /** Its workers get at least this. */
  readonly leastWorkers?: WorkerChanges;
  /** The same, written by earlier versions with all sizes of a worker. */
  readonly workers?: WorkerChanges;
  /** One plain sentence on what is different from the run before, for people. */
  readonly change?: string;
  readonly spendsBudget: boolean;
}

/** The right to claim one start, given by the release function. */
export interface Grant {
  readonly id: string;
  readonly wishId: string;
  readonly grantedAtMs: number;
  readonly expiresAtMs: number;
  readonly state: 'unused' | 'used';
  readonly claimId?: string;
  /** When its run was accepted, or when a claim was decided that never started one: the charge of it counts from then. */
  readonly chargedAtMs?: number;
}

export interface Incident {
  readonly id: string;
  readonly openedAtMs: number;
  readonly class?: FailureClass;
  /** Set once a person is needed; cleared when the job recovers. */
  readonly needsHuman: boolean;
  /** The reason last told, so that the same state is told once. */
  readonly toldReason: Reason;
  /** What held its commands back when it was told last. */
  readonly held?: string;
  readonly restarts: number;
  /** How often a person started the job within the incident: what happens after that is news, however alike it is. */
  readonly personStarts?: number;
  /** The newest starts within the incident, oldest first; absent in records of earlier releases. */
  readonly tried?: readonly Tried[];
}

/** A start that was to end an incident, for the person who is called when it did not. */
export interface Tried {
  readonly atMs: number;
  /** The batch that it started after, where that was known; -1 before the first one. */
  readonly fromBatch?: number;
  /** What was different from the run before. */
  readonly change?: string;
}

/** Starts kept of one incident: a person reads the last ones, and budgets allow a dozen a day. */
export const triedMax = 5;

export const newMemory: JobMemory = { generation: 0, desired: 'running', progress: {}, backoffStep: 0 };

/**
 * A start that a person ordered and that could not be sent in the time of the order: people have moved on, and what they
 * saw then need not be so any more.
 */
export function isOverdue(memory: JobMemory, nowMs: number): boolean {
  const { order } = memory.wish ?? {};
  return order !== undefined && nowMs >= order.expiresAtMs && !isGrantLive(memory, nowMs);
}

export function isGrantLive(memory: JobMemory, nowMs: number): boolean {
  const { grant, wish } = memory;
  return (
    grant !== undefined &&
    wish !== undefined &&
    grant.state === 'unused' &&
    grant.wishId === wish.id &&
    nowMs < grant.expiresAtMs
  );
}

/**
 * A run that the service no longer knows counts as ended only when a person says so: with an order to start that
 * overrides, or the wish that was made of it. Without that a 404 proves nothing, and nothing is started.
 */
export function isGoneByOrder(run: RunSensor, { order, wish }: JobMemory): boolean {
  if (run.kind !== 'unknown' || !run.gone) return false;
  return order?.override === true || (wish?.cause === 'operator' && wish.afterRunId === undefined);
}
