import type { Resources, Room } from './capacity.ts';
import type { FailureClass } from './failure/taxonomy.ts';
import type { JobRun } from './job-run.ts';
import type { LossLook } from './loss-memory.ts';
import type { Loss } from './losses.ts';
import type { NativeUse } from './native-attempts.ts';
import type { SourceSensor } from './source.ts';
import type { SparkDefaults } from './spark-settings.ts';
import type { Turn } from './turn.ts';

/** Everything one pass saw of one job. A sensor that could not answer says why; it never stands for "no". */
export interface Observation {
  /** Taken before the reads of the pass; every time below is judged against it. */
  readonly nowMs: number;
  /** The run that the checkpoint's lock names. */
  readonly run: RunSensor;
  /** Live runs that belong to this job besides that one. */
  readonly others: OthersSensor;
  /** One answer per checkpoint location of the job. */
  readonly checkpoints: Readonly<Record<string, CheckpointSensor>>;
  /** The lock's note of our own cancel, to tell it from a person's. */
  readonly ownCancelOf?: string;
  /** What the driver of an ended run wrote; absent where the cause is known already or is not asked for. */
  readonly logs?: LogsSensor;
  /** The look at each checkpoint: right before a start, and when an end in the middle of a batch is judged. */
  readonly inspections?: Readonly<Record<string, InspectionSensor>>;
  /** Where the first batch of a new run begins, asked once for each start. */
  readonly seams?: Readonly<Record<string, SeamSensor>>;
  /** The attempt of the live run that failed last, while it is still to be judged. */
  readonly failedAttempt?: FailedAttempt;
  /** What the source took since the last sign of work; only asked for when a running job has shown none for long. */
  readonly input?: InputSensor;
  /** What the application may hold and holds; asked for when the job waits for that, and right before a start. */
  readonly capacity?: CapacitySensor;
  /** What the application gives the workers of its runs; asked for when a size step or a start hangs on it. */
  readonly application?: ApplicationSensor;
  /** How far the job has read and how long its source keeps what it has not; where the policy names a source. */
  readonly source?: SourceSensor;
  /** What the job's logs warn of since the last look at them; absent where none was due. */
  readonly losses?: LossSensor;
  readonly budget: BudgetSensor;
  /** Why a start that is due has not had its turn in the fleet, where it is more than the pace. */
  readonly turn?: Turn;
  readonly gates: Gates;
}

export interface Unknown {
  readonly kind: 'unknown';
  /** What the sensor answered instead: `throttled`, `not-found`, `answer-malformed: …`. */
  readonly why: string;
}

export type RunSensor =
  | { readonly kind: 'none' }
  | { readonly kind: 'seen'; readonly run: JobRun }
  /** `gone`: the service knows neither the run nor where it ran; only a person may start beside that. */
  | (Unknown & { readonly gone?: boolean });

export type OthersSensor =
  | { readonly kind: 'not-looked' }
  | {
      readonly kind: 'seen';
      /** The `Date` of the listing: a claim is only made within seconds of it. */
      readonly dateMs: number;
      /** Live runs that match the job and that no other job has recorded: a hand-over, if there is one only. */
      readonly live: readonly JobRun[];
      /** Live runs that only name one of our checkpoints: never taken over, and nothing starts beside them. */
      readonly naming?: readonly JobRun[];
      /** Further live runs in our own locks, after a change of locations: ours too, so none of them yields. */
      readonly locked?: readonly JobRun[];
      /** The newest ended run of this job that nobody has recorded, when the lock names none. */
      readonly ended?: JobRun;
    }
  | Unknown;

export type CheckpointSensor =
  | {
      readonly kind: 'seen';
      /** Highest batch under commits/; -1 when none was committed yet. */
      readonly committedBatch: number;
      /** Highest batch under offsets/; -1 when none was planned yet. */
      readonly plannedBatch: number;
      readonly times?: BatchTimes;
    }
  | Unknown;

export type InspectionSensor = ({ readonly kind: 'seen' } & CheckpointInspection) | Unknown;

/** A checkpoint as Spark would judge it at a start. */
export interface CheckpointInspection {
  /** `empty`, `clean`, `in-flight`, `corrupt`, `incompatible`. */
  readonly health: string;
  /** What a start would fail on for certain. */
  readonly fault?: { readonly message: string; readonly path: string };
  /** The batch that was planned and not committed, and in words what it reads of which partition. */
  readonly inFlight?: { readonly batch: number; readonly range: string };
}

export type SeamSensor =
  | {
      readonly kind: 'seen';
      /** The last batch before the new run's first one. */
      readonly batch: number;
      readonly gaps: readonly PositionGap[];
    }
  /** What would tell is not there, and will not come. */
  | { readonly kind: 'untold'; readonly batch: number }
  | Unknown;

/** A partition or shard that a batch does not go on with where the one before it ended. */
export interface PositionGap {
  readonly kind: 'skipped' | 'went-back' | 'vanished' | 'late-start' | 'unclear' | 'unproven';
  readonly stream: string | null;
  readonly id: string;
  readonly from: GapPosition | null;
  readonly to: GapPosition | null;
  /** Of an unproven one: why the stream could not be asked whether anything lies there. */
  readonly why?: string;
}

interface GapPosition {
  readonly position: string | number;
  readonly positionType: string;
}

/** When the newest batches were planned and committed, as the store dates their files. */
export interface BatchTimes {
  readonly plannedAtMs?: number;
  readonly committedAtMs?: number;
  /** When the last committed one was planned. */
  readonly committedPlannedAtMs?: number;
  /** Of the batches whose files are kept, from plan to commit: 19 of 20 took no longer. */
  readonly batchP95Ms?: number;
}

/** An earlier attempt of a run that the service tries again. */
export interface FailedAttempt {
  readonly number: number;
  readonly stateDetails: string;
  readonly endedAtMs: number;
  readonly logs: LogsSensor;
}

export type InputSensor = { readonly kind: 'seen'; readonly records: number } | Unknown;

export type CapacitySensor =
  | {
      readonly kind: 'seen';
      readonly room: Room;
      /** Least needs of the starts that were let go before this one and that the room does not show yet. */
      readonly ahead: readonly Resources[];
      /** Where the job stands among those of its application that wait. */
      readonly line?: {
        /** Unknown behind the first hundred. */
        readonly position?: number;
        readonly of: number;
        readonly tryAtMs?: number;
        /** The job that calls a person for all that wait. */
        readonly caller?: string;
      };
    }
  | Unknown;

export type ApplicationSensor = { readonly kind: 'seen'; readonly sparkDefaults: SparkDefaults } | Unknown;

export type LogsSensor =
  /** `unread`: why the log of the executor that was lost is not among them. */
  | { readonly kind: 'read'; readonly logs: readonly LogText[]; readonly unread?: string }
  /** There are none. `mayCome`: they are on their way, as far as anybody knows. */
  | { readonly kind: 'none'; readonly why: string; readonly mayCome?: boolean }
  | Unknown;

/** The end of one log file. */
export interface LogText {
  /** `SPARK_DRIVER/stderr.gz` */
  readonly source: string;
  /** Not kept in decisions: only what a rule quotes of it is. */
  readonly text: string;
  /** Lines of the file before this text. */
  readonly linesBefore: number;
}

export type LossSensor = (
  | {
      readonly kind: 'seen';
      /** What is not told yet, some of it where it is much. */
      readonly found: readonly Loss[];
      /** Marks of the rest. */
      readonly further?: readonly string[];
      /** What was too much for one search. */
      readonly unread?: string;
      /** What will never be read: it is larger than one search. */
      readonly cut?: string;
    }
  | { readonly kind: 'none'; readonly why: string }
  /** The run has ended, and its logs are on their way. */
  | { readonly kind: 'later' }
  | Unknown
) & {
  /** The run whose logs it is about. */
  readonly jobRunId: string;
  readonly look: LossLook;
  /** It was tried for as long as logs are of use; it may be tried again, but people have to know. */
  readonly isGivenUp?: true;
  /** Earlier runs that will not be searched: too many ended at once. */
  readonly skipped?: readonly string[];
  /** When the next one is due, where no regular look would come in time. */
  readonly againAtMs?: number;
};

/** What a budget has used, and whether it lets one more restart go. */
export interface BudgetRoom {
  readonly room: boolean;
  readonly window?: 'hour' | 'day';
  /** Unknown while an open claim fills the window. */
  readonly freesAtMs?: number;
  readonly usedHour: number;
  readonly usedDay: number;
  /** The limits; absent in older decisions, and where a class has none for a window. */
  readonly perHour?: number;
  readonly perDay?: number;
}

export interface BudgetSensor extends BudgetRoom {
  /** The service's own attempts, beside ours. Absent in older decisions. */
  readonly native?: NativeUse;
  /** The classes whose restarts the policy limits besides. */
  readonly classes?: Readonly<Partial<Record<FailureClass, BudgetRoom>>>;
}

/** What can hold any command back, read consistently in this pass. */
export interface Gates {
  readonly killSwitch: boolean;
  readonly fleetPaused: boolean;
  /** When that pause ends by itself; absent in earlier records. */
  readonly fleetPauseUntilMs?: number;
  /** The stack parameter `Act`: `none` has no write rights at all. */
  readonly act: 'none' | 'restart' | 'all';
  /** Difference between our clock and DynamoDB's, unsigned. */
  readonly clockSkewMs: number;
  /** A record was written by a newer release: only observe. */
  readonly newerState: boolean;
}
