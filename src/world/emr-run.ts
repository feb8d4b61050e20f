import type {
  Application,
  JobRun,
  JobRunAttemptSummary,
  JobRunMode,
  JobRunState,
  JobRunSummary,
  StartJobRunRequest,
} from './emr-types.ts';
import type { Subject } from './journal.ts';
import type { SparkAttempt } from './spark-job.ts';
import type { SparkJob } from './spark-request.ts';

/** One of the service's own tries inside a run. */
export interface Attempt {
  number: number;
  state: JobRunState;
  stateDetails: string;
  createdAtMs: number;
  updatedAtMs: number;
  startedAtMs?: number;
  endedAtMs?: number;
}

/** A job run as the service keeps it. */
export interface Run {
  readonly application: Application;
  readonly jobRunId: string;
  readonly arn: string;
  readonly request: StartJobRunRequest;
  readonly mode: JobRunMode;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** When lists begin to show it. */
  readonly listedAtMs: number;
  /** What journal lines about it say. */
  readonly subject: Subject;
  readonly job: SparkJob;
  state: JobRunState;
  stateDetails: string;
  updatedAtMs: number;
  startedAtMs?: number;
  endedAtMs?: number;
  queuedAtMs?: number;
  queuedMs?: number;
  /** The newest is last; there is always one. */
  attempt: Attempt;
  readonly earlierAttempts: Attempt[];
  /** The Spark driver of the current attempt, while it is up. */
  spark?: SparkAttempt;
  /** Cancels the next scheduled step, if any. */
  cancelStep?: () => void;
}

export interface NewRun {
  application: Application;
  request: StartJobRunRequest;
  jobRunId: string;
  createdBy: string;
  nowMs: number;
  listLagMs: number;
  job: SparkJob;
}

/** A run at its acceptance. The journal knows it by its tag `checkpilot:job`, or else by its name. */
export function newRun({ application, request, jobRunId, createdBy, nowMs, listLagMs, job }: NewRun): Run {
  const name = request.tags?.['checkpilot:job'] ?? request.name;
  const checkpoint = job.checkpoints[0];
  return {
    application,
    jobRunId,
    arn: `${application.arn}/jobruns/${jobRunId}`,
    request,
    mode: request.mode ?? 'BATCH',
    createdBy,
    createdAtMs: nowMs,
    listedAtMs: nowMs + listLagMs,
    subject: {
      ...(name === undefined ? {} : { job: name }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      jobRunId,
    },
    job,
    state: 'SUBMITTED',
    stateDetails: '',
    updatedAtMs: nowMs,
    attempt: newAttempt(1, nowMs),
    earlierAttempts: [],
  };
}

export function attemptsOf(run: Run): Attempt[] {
  return [...run.earlierAttempts, run.attempt];
}

export function newAttempt(number: number, nowMs: number): Attempt {
  return { number, state: 'SUBMITTED', stateDetails: '', createdAtMs: nowMs, updatedAtMs: nowMs };
}

/** GetJobRun: the run, with the given attempt's own state and times when it is an earlier one. */
export function jobRunOf(run: Run, attempt: Attempt, nowMs: number): JobRun {
  const { configurationOverrides, jobDriver, retryPolicy, executionTimeoutMinutes } = run.request;
  const isLatest = attempt === run.attempt;
  const startedAt = attempt.startedAtMs;
  const endedAt = attempt.endedAtMs;
  return {
    ...common(run),
    jobRunId: run.jobRunId,
    createdAt: run.createdAtMs,
    updatedAt: run.updatedAtMs,
    state: isLatest ? run.state : attempt.state,
    stateDetails: isLatest ? run.stateDetails : attempt.stateDetails,
    tags: run.request.tags ?? {},
    attempt: attempt.number,
    attemptCreatedAt: attempt.createdAtMs,
    attemptUpdatedAt: attempt.updatedAtMs,
    ...(configurationOverrides === undefined ? {} : { configurationOverrides }),
    ...(jobDriver === undefined ? {} : { jobDriver }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    ...(executionTimeoutMinutes === undefined ? {} : { executionTimeoutMinutes }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(run.queuedMs === undefined ? {} : { queuedDurationMilliseconds: run.queuedMs }),
    ...(run.startedAtMs === undefined
      ? {}
      : { totalExecutionDurationSeconds: Math.floor(((run.endedAtMs ?? nowMs) - run.startedAtMs) / 1000) }),
  };
}

/** One entry of ListJobRuns. It has no tags. */
export function jobRunSummaryOf(run: Run): JobRunSummary {
  return {
    ...common(run),
    id: run.jobRunId,
    createdAt: run.createdAtMs,
    updatedAt: run.updatedAtMs,
    state: run.state,
    stateDetails: run.stateDetails,
    type: run.application.type,
    attempt: run.attempt.number,
    attemptCreatedAt: run.attempt.createdAtMs,
    attemptUpdatedAt: run.attempt.updatedAtMs,
  };
}

/** One entry of ListJobRunAttempts. It has neither startedAt nor endedAt. */
export function attemptSummaryOf(run: Run, attempt: Attempt): JobRunAttemptSummary {
  return {
    ...common(run),
    // Documented as the attempt's own id: nobody may take it for the run's.
    id: `${run.jobRunId}a${attempt.number}`,
    jobCreatedAt: run.createdAtMs,
    createdAt: attempt.createdAtMs,
    updatedAt: attempt.updatedAtMs,
    state: attempt.state,
    stateDetails: attempt.stateDetails,
    type: run.application.type,
    attempt: attempt.number,
  };
}

function common(run: Run) {
  const { application, arn, createdBy, mode, request } = run;
  return {
    applicationId: application.applicationId,
    arn,
    createdBy,
    executionRole: request.executionRoleArn,
    mode,
    releaseLabel: application.releaseLabel,
    ...(request.name === undefined ? {} : { name: request.name }),
  };
}
