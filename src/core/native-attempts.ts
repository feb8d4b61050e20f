import { hourMs } from './budget.ts';
import type { RestartPolicy } from './job.ts';
import { isTerminal, type JobRun } from './job-run.ts';

/** Attempts that failed inside runs of a job: the service's own retries, which no budget of ours can see or stop. */
export interface NativeAttempts extends FailedOf {
  /** Runs that were looked at before, the latest first: of two side by side either may be looked at again. */
  readonly earlier?: readonly FailedOf[];
  /** When failures were seen within the last hour, over all runs, epoch ms, ascending. */
  readonly times: readonly number[];
}

interface FailedOf {
  readonly jobRunId: string;
  /** How many of that run have failed, as of the last look. */
  readonly failed: number;
}

/** What `explain` and the notices say of it. */
export interface NativeUse {
  /** Failed in the last hour, in all runs of the job together. */
  readonly failedHour: number;
  /** `maxFailedAttemptsPerHour` of each run, 1 to 10. */
  readonly perRun: number;
}

/** More of them in an hour say nothing new. */
const timesMax = 60;

/** Only a run that a checkpoint of the job is locked for is looked at again, and those are one or two. */
const earlierMax = 8;

/**
 * Counts on by what the run says of its attempts. Failures since the last look are dated by the newest of them: an hour too
 * long rather than one too short.
 */
export function countAttempts(
  before: NativeAttempts | undefined,
  run: JobRun,
  nowMs: number,
): NativeAttempts | undefined {
  const { jobRunId, state, attempt = 1 } = run;
  const failed = state === 'FAILED' ? attempt : attempt - 1;
  const runs = before
    ? [{ jobRunId: before.jobRunId, failed: before.failed }, ...(before.earlier ?? [])]
    : [];
  const known = runs.find((each) => each.jobRunId === jobRunId)?.failed ?? 0;
  const earlier = runs.filter((each) => each.jobRunId !== jobRunId && each.failed > 0).slice(0, earlierMax);
  const atMs = Math.min(nowMs, (isTerminal(run) ? run.endedAtMs : run.attemptCreatedAtMs) ?? nowMs);
  const fresh = Array.from({ length: Math.max(0, failed - known) }, () => atMs);
  const times = [...recent(before, nowMs), ...fresh].sort((a, b) => a - b).slice(-timesMax);
  if (before === undefined && failed === 0) return undefined;
  return { jobRunId, failed: Math.max(failed, known), times, ...(earlier.length > 0 ? { earlier } : {}) };
}

export function failedInHour(attempts: NativeAttempts | undefined, nowMs: number): number {
  return recent(attempts, nowMs).filter((atMs) => atMs > nowMs - hourMs).length;
}

/** All attempts that may fail in one hour: those of the run that is there, and of each run that the budget allows. */
export function attemptsPerHourMax({ nativeRetries, budget }: RestartPolicy): number {
  return nativeRetries * (1 + budget.perHour);
}

/** `EMR's own attempts: 2 failed in the last hour, at most 3 an hour in each run (12 an hour in the worst case)` */
export function nativeText({ failedHour, perRun }: NativeUse, perHour: number | undefined): string {
  const worst = perHour === undefined ? '' : ` (${perRun * (1 + perHour)} an hour in the worst case)`;
  return `EMR's own attempts: ${failedHour} failed in the last hour, at most ${perRun} an hour in each run${worst}`;
}

function recent(attempts: NativeAttempts | undefined, nowMs: number): readonly number[] {
  return (attempts?.times ?? []).filter((atMs) => atMs > nowMs - hourMs);
}
