/** The requests and answers of EMR Serverless with the API's own field names; times are milliseconds. */

export const jobRunStates = [
  'SUBMITTED',
  'QUEUED',
  'PENDING',
  'SCHEDULED',
  'RUNNING',
  'SUCCESS',
  'FAILED',
  'CANCELLING',
  'CANCELLED',
] as const;

export type JobRunState = (typeof jobRunStates)[number];

export type JobRunMode = 'BATCH' | 'STREAMING';

export interface StartJobRunRequest {
  applicationId: string;
  clientToken: string;
  executionRoleArn: string;
  name?: string;
  mode?: JobRunMode;
  executionTimeoutMinutes?: number;
  retryPolicy?: { maxAttempts?: number; maxFailedAttemptsPerHour?: number };
  jobDriver?: {
    sparkSubmit?: {
      entryPoint: string;
      entryPointArguments?: string[];
      sparkSubmitParameters?: string;
    };
  };
  configurationOverrides?: {
    applicationConfiguration?: Configuration[];
    monitoringConfiguration?: {
      s3MonitoringConfiguration?: { logUri?: string };
      [other: string]: unknown;
    };
  };
  tags?: Record<string, string>;
  [other: string]: unknown;
}

/** Who calls, and when the request was signed (absent: the request is in process and cannot be old). */
export interface Caller {
  arn: string;
  signedAtMs?: number;
}

export interface Configuration {
  classification: string;
  properties?: Record<string, string>;
}

export interface Application {
  applicationId: string;
  name: string;
  arn: string;
  releaseLabel: string;
  type: 'Spark';
  state: 'CREATED' | 'STARTED' | 'STOPPED';
  createdAt: number;
  updatedAt: number;
  maximumCapacity?: { cpu: string; memory: string; disk?: string };
  schedulerConfiguration: { maxConcurrentRuns: number; queueTimeoutMinutes: number };
  /** Pre-initialised workers: executors are warm. */
  initialCapacity?: Record<string, unknown>;
  /** What its runs get where their own request says nothing. */
  runtimeConfiguration?: Configuration[];
}

export interface JobRun {
  applicationId: string;
  jobRunId: string;
  arn: string;
  name?: string;
  createdBy: string;
  createdAt: number;
  updatedAt: number;
  executionRole: string;
  state: JobRunState;
  stateDetails: string;
  releaseLabel: string;
  configurationOverrides?: StartJobRunRequest['configurationOverrides'];
  jobDriver?: StartJobRunRequest['jobDriver'];
  tags: Record<string, string>;
  executionTimeoutMinutes?: number;
  mode: JobRunMode;
  retryPolicy?: StartJobRunRequest['retryPolicy'];
  attempt: number;
  attemptCreatedAt: number;
  attemptUpdatedAt: number;
  /** When the attempt moved to RUNNING. */
  startedAt?: number;
  endedAt?: number;
  queuedDurationMilliseconds?: number;
  totalExecutionDurationSeconds?: number;
}

export interface JobRunSummary {
  applicationId: string;
  id: string;
  arn: string;
  name?: string;
  mode: JobRunMode;
  createdBy: string;
  createdAt: number;
  updatedAt: number;
  executionRole: string;
  state: JobRunState;
  stateDetails: string;
  releaseLabel: string;
  type: string;
  attempt: number;
  attemptCreatedAt: number;
  attemptUpdatedAt: number;
}

export interface JobRunAttemptSummary {
  applicationId: string;
  id: string;
  arn: string;
  name?: string;
  mode: JobRunMode;
  createdBy: string;
  jobCreatedAt: number;
  createdAt: number;
  updatedAt: number;
  executionRole: string;
  state: JobRunState;
  stateDetails: string;
  releaseLabel: string;
  type: string;
  attempt: number;
}

/** An error as the service answers it; `name` is the error type on the wire. */
export class ServiceError extends Error {
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}

export function isTerminal(state: JobRunState): boolean {
  return state === 'SUCCESS' || state === 'FAILED' || state === 'CANCELLED';
}
