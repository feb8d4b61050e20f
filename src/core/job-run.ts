import type { LaunchRequest } from './launch-request.ts';

/** States of the EMR Serverless API (JobRunState), and ours for a word we do not know. */
export const liveStates = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'RUNNING', 'CANCELLING', 'QUEUED'] as const;
export const terminalStates = ['SUCCESS', 'FAILED', 'CANCELLED'] as const;
export type JobRunState = (typeof liveStates)[number] | (typeof terminalStates)[number] | 'UNRECOGNISED';

/** One EMR Serverless job run as GetJobRun tells it. Times are epoch milliseconds. */
export interface JobRun {
  readonly jobRunId: string;
  readonly applicationId: string;
  readonly name: string;
  readonly state: JobRunState;
  readonly stateDetails: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** The service's own try inside the run, from 1. */
  readonly attempt?: number;
  readonly attemptCreatedAtMs?: number;
  readonly mode?: string;
  readonly executionTimeoutMs?: number;
  readonly durationMs?: number;
  readonly createdBy: string;
  readonly tags: Readonly<Record<string, string>>;
  /** What would start this run again. Its tags are the run's, its token is not known. */
  readonly request: LaunchRequest;
}

/** One line of ListJobRuns: no tags, no request. */
export interface JobRunSummary {
  readonly jobRunId: string;
  readonly name: string;
  readonly state: JobRunState;
  readonly createdAtMs: number;
  readonly createdBy: string;
}

/** Terminal means: this run will never write again. An unrecognised state is not terminal. */
export function isTerminal(run: { readonly state: JobRunState }): boolean {
  return (terminalStates as readonly string[]).includes(run.state);
}

export function isLive(run: { readonly state: JobRunState }): boolean {
  return !isTerminal(run);
}

export function toJobRunState(raw: string | undefined): JobRunState {
  const known: readonly string[] = [...liveStates, ...terminalStates];
  return raw !== undefined && known.includes(raw) ? (raw as JobRunState) : 'UNRECOGNISED';
}

/** Tags that Checkpilot puts on a run it starts. */
export const runTags = {
  job: 'checkpilot:job',
  epoch: 'checkpilot:epoch',
  claim: 'checkpilot:claim',
  cause: 'checkpilot:cause',
} as const;

/** Why a run was started, as the tag `checkpilot:cause` says it. */
export type StartCause = 'launch' | 'restart' | 'refit' | 'upgrade' | 'operator';
