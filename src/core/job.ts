import type { Severity } from './decision.ts';
import type { Classifier } from './failure/judgement.ts';
import type { ClassAction, FailureClass } from './failure/taxonomy.ts';
import type { LaunchRequest } from './launch-request.ts';
import type { Correlation } from './outages.ts';
import type { ScopeLimits } from './scope-budget.ts';
import type { VoluntaryLimits } from './voluntary.ts';
import type { ResolvedWindow } from './windows.ts';

/** How far Checkpilot may go: watch and record, ask first, or act. */
export type Mode = 'observe' | 'suggest' | 'act';

/** What modes, windows and approvals gate; spelled as in the policy. */
export const actionNames = [
  'restart',
  'scaleUp',
  'scaleDown',
  'reshard',
  'extendRetention',
  'upgrade',
] as const;
export type ActionName = (typeof actionNames)[number];

/** A policy after merging defaults: every value present, every duration in milliseconds. */
export interface ResolvedPolicy {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly owner: string;
  readonly jobs: Readonly<Record<string, ResolvedJob>>;
  readonly guardrails: {
    /** Starts a second that Checkpilot takes of the service's 1 a second, burst 25; the rest is for people. */
    readonly pace: { readonly perSecond: number; readonly burst: number };
    /** From when failures count as one outage; left out: `usualCorrelation`. */
    readonly correlated?: Correlation;
    /** How many refits and upgrades at once; left out: `usualVoluntary`. */
    readonly voluntary?: VoluntaryLimits;
    readonly approvals?: ResolvedApprovals;
    /** In the order of the policy; each job has those that are about it. */
    readonly windows?: readonly (ResolvedWindow & { readonly jobs?: readonly string[] })[];
    /** Restarts that jobs may take together; a scope that is left out has no limit of its own. */
    readonly budgets?: Readonly<Partial<Record<'application' | 'owner' | 'fleet', ScopeLimits>>>;
    /** What a pause by a person must keep to. */
    readonly pause: { readonly maxDurationMs: number; readonly requireReason: boolean };
  };
  /** Who is told, in the order in which they are asked. Left out: the log of the notify function. */
  readonly receivers?: readonly ResolvedReceiver[];
  /** Base URL of the runbooks, without a slash at its end. */
  readonly runbooks?: string;
}

/** How people are asked in mode suggest, and whom the question names. */
export interface ResolvedApprovals {
  readonly expireAfterMs: number;
  readonly slackUsers: readonly string[];
  readonly slackUserGroups: readonly string[];
}

/** A place where people read. */
export interface ResolvedReceiver {
  readonly name: string;
  readonly slack: {
    readonly channel: string;
    /** Name or ARN of the secret that holds the bot token. */
    readonly secretId: string;
  };
}

/** The job of that name. Names come from messages and people too, and `constructor` is no job. */
export function jobNamed(policy: ResolvedPolicy, name: string): ResolvedJob | undefined {
  return Object.hasOwn(policy.jobs, name) ? policy.jobs[name] : undefined;
}

/** One job as the policy declares it. */
export interface ResolvedJob {
  readonly name: string;
  /** Who answers for it, where that is not the owner of the policy. */
  readonly owner?: string;
  /** The name under which an earlier policy declared it. */
  readonly renamedFrom?: string;
  readonly match: {
    readonly applicationId: string;
    /** Glob over the run's name: `*` is any text. */
    readonly jobName: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  /** Normalised locations, sorted; each has a lock of its own. */
  readonly checkpoints: readonly string[];
  readonly mode: Mode;
  readonly actions: Readonly<Partial<Record<ActionName, Mode>>>;
  /** Windows of the guardrails that are about this job. */
  readonly windows?: readonly ResolvedWindow[];
  /** How people are asked in mode suggest. */
  readonly approvals?: { readonly expireAfterMs: number };
  readonly tier: 1 | 2 | 3;
  readonly restart: RestartPolicy;
  /** What the policy knows of the job's own failure texts. */
  readonly classifiers?: readonly Classifier[];
  /** RUNNING with input and without a committed batch for this long. */
  readonly stall: { readonly afterMs: number; readonly action: 'restart' | 'page' };
  /** What the job reads, where the policy says it: exactly one of these. */
  readonly source?: { readonly kinesis?: KinesisSource; readonly kafka?: KafkaSource };
  /** When unread data is in danger, and how long a stream may be told to keep it. */
  readonly retention?: {
    /** Share of the retention that unread data has used when people are warned. */
    readonly warnAt: number;
    readonly extendToMs?: number;
    /** One record of each shard may be read to tell how old the oldest unread one is. */
    readonly isAgeExact?: boolean;
  };
  /** Which alarms wake the job besides those that name it by tag or dimension; and whether `apply` makes some. */
  readonly alarms?: {
    /** Globs over the names of alarms: `*` is any text. */
    readonly names: readonly string[];
    readonly managed: boolean;
  };
  /** What to start when there is no earlier run, or when `restart.launchFrom` is `spec`. */
  readonly launch?: LaunchRequest;
}

export interface KinesisSource {
  readonly stream: string;
  readonly consumer?: string;
  /** The DynamoDB table in which the connector keeps the ends of shards; beside the checkpoint when left out. */
  readonly committerTable?: string;
}

/** Topics of a cluster, MSK or not: how long they keep records is what the policy says of it. */
export interface KafkaSource {
  readonly topics: readonly string[];
  readonly retentionMs?: number;
}

export interface RestartPolicy {
  readonly launchFrom: 'lastRun' | 'spec';
  /** The service's own failed attempts an hour (1..10) inside one run. */
  readonly nativeRetries: number;
  readonly budget: BudgetLimits;
  /** Restarts in a row without a newly committed batch before a person is needed. */
  readonly streakMax: number;
  readonly backoff: Backoff;
  /** Committing this long after a restart closes the incident. */
  readonly stableAfterMs: number;
  readonly gracePeriodSeconds: number;
  readonly onBudgetExhausted: 'page' | 'wait';
  readonly classes: Readonly<Partial<Record<FailureClass, ClassPolicy>>>;
}

export interface BudgetLimits {
  readonly perHour: number;
  readonly perDay: number;
}

/** Full jitter: the wait is drawn from 0 to min(max, initial × factor^step). */
export interface Backoff {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** What a policy may say about one failure class; what it leaves out is the taxonomy's default. */
export interface ClassPolicy {
  readonly action?: ClassAction;
  readonly streak?: number;
  /** What it leaves out is that of the job. */
  readonly backoff?: Partial<Backoff>;
  /** Restarts that answer this class, besides the budget of the job. */
  readonly budget?: ScopeLimits;
  /** How loud people are told. */
  readonly severity?: Severity;
  /** While a job waits for capacity: how often it looks, and from when on a person is told. */
  readonly everyMs?: number;
  readonly pageMs?: number;
  /** Spark memory (`54g`) that a size step must not exceed. */
  readonly grow?: { readonly driverMax?: string; readonly executorMax?: string };
}
