import type { Verdict } from '../decision.ts';
import { judged } from '../failure/judgement.ts';
import { tell } from '../incident.ts';
import type { ResolvedJob } from '../job.ts';
import type { JobRun } from '../job-run.ts';
import type { Observation } from '../observation.ts';
import { type Progress, progressOf } from '../progress.ts';
import type { DecideInput, Rule } from '../rule.ts';
import { spentBudget } from '../spent-budget.ts';

/** A batch is only late beside those before it: three times what 19 of 20 of them took (design, section 6). */
const batchFactor = 3;
const lookAgainMs = 5 * 60_000;
/** A batch that does not end says nothing of why. */
const stallClass = 'unknown';

/**
 * The run is RUNNING, has input, and commits nothing. A batch that was planned and not committed is input; where none was
 * planned, the records that the stream took are. Neither known is no stall: a quiet stream looks the same.
 */
export const stall: Rule = {
  name: 'stall',
  judge(input) {
    const { observation, memory, job } = input;
    const { run } = observation;
    if (run.kind !== 'seen' || run.run.state !== 'RUNNING' || memory.desired === 'stopped') return undefined;
    const still = batchInFlight(job, observation, run.run) ?? unreadInput(job, observation, run.run);
    if (still === undefined) return undefined;
    const progress = progressOf(memory, observation);
    const isSpent = !progress.committed && progress.streak > 0;
    const isOutOfBudget = spentBudget(observation.budget, stallClass) !== undefined;
    const isRestart = job.stall.action === 'restart' && !isSpent && !isOutOfBudget;
    return isRestart
      ? cancel(input, run.run, still)
      : page(input, `${still}. ${whyNot(input, progress, isSpent)}`);
  },
};

/** Since when a run that may be asked about its input has planned and committed nothing. */
export function quietSinceMs(
  job: ResolvedJob,
  { run, checkpoints, nowMs }: Pick<Observation, 'run' | 'checkpoints' | 'nowMs'>,
): number | undefined {
  if (run.kind !== 'seen' || run.run.state !== 'RUNNING') return undefined;
  let sinceMs = startedMs(run.run);
  for (const sensor of Object.values(checkpoints)) {
    if (sensor.kind !== 'seen' || sensor.plannedBatch > sensor.committedBatch) return undefined;
    sinceMs = Math.max(sinceMs, sensor.times?.committedAtMs ?? 0);
  }
  return nowMs - sinceMs >= stallLimitMs(job, checkpoints) ? sinceMs : undefined;
}

function batchInFlight(job: ResolvedJob, observation: Observation, run: JobRun): string | undefined {
  const { checkpoints, nowMs } = observation;
  let latest: { batch: number; sinceMs: number } | undefined;
  for (const sensor of Object.values(checkpoints)) {
    if (sensor.kind !== 'seen' || sensor.plannedBatch <= sensor.committedBatch) continue;
    const { plannedAtMs, committedAtMs = 0 } = sensor.times ?? {};
    if (plannedAtMs === undefined) continue;
    const sinceMs = Math.max(plannedAtMs, committedAtMs, startedMs(run));
    if (nowMs - sinceMs < stallLimitMs(job, checkpoints)) continue;
    if (!latest || sinceMs < latest.sinceMs) latest = { batch: sensor.plannedBatch, sinceMs };
  }
  if (!latest) return undefined;
  const limit = Math.round(stallLimitMs(job, checkpoints) / 60_000);
  return `batch ${latest.batch} is under way for ${minutes(latest.sinceMs, nowMs)} min, the limit is ${limit} min`;
}

function unreadInput(job: ResolvedJob, observation: Observation, run: JobRun): string | undefined {
  const { input, nowMs } = observation;
  const sinceMs = quietSinceMs(job, observation);
  if (sinceMs === undefined || input?.kind !== 'seen' || input.records === 0) return undefined;
  const since = sinceMs > startedMs(run) ? 'since its last batch' : 'since it is running';
  return `no batch for ${minutes(sinceMs, nowMs)} min, and ${input.records} records came into its stream ${since}`;
}

/** How long without a committed batch is a stall. */
export function stallLimitMs(job: ResolvedJob, checkpoints: Observation['checkpoints']): number {
  const longest = Object.values(checkpoints).map((sensor) =>
    sensor.kind === 'seen' ? (sensor.times?.batchP95Ms ?? 0) : 0,
  );
  return Math.max(job.stall.afterMs, ...longest.map((batchMs) => batchFactor * batchMs));
}

/** When the attempt under way began to run. */
export function startedMs(run: JobRun): number {
  return Math.max(run.startedAtMs ?? run.createdAtMs, run.attemptCreatedAtMs ?? 0);
}

/** A run that stands still loses nothing by its cancel, so the start takes its turn after it, as after any end. */
function cancel(input: DecideInput, run: JobRun, what: string): Verdict {
  const { job, observation, memory, ids } = input;
  const judgement = judged(stallClass, 'no-batch-committed', { confidence: 0.75, evidence: what });
  const text = `${job.name} is RUNNING and stands still: ${what}. The run is cancelled and started again from its checkpoint.`;
  const told = tell(memory, {
    reason: 'stalled',
    text,
    severity: 'warning',
    nowMs: observation.nowMs,
    freshId: ids.incident,
    class: judgement.class,
  });
  const cancelled = { jobRunId: run.jobRunId, reason: 'stalled', judgement } as const;
  return {
    kind: 'cancel',
    run,
    reason: 'stalled',
    judgement,
    ...told,
    learned: { ...told.learned, cancelled },
  };
}

function page({ job, memory, observation, ids }: DecideInput, what: string): Verdict {
  const told = tell(memory, {
    reason: 'stalled',
    text: `${job.name} is RUNNING and stands still: ${what}`,
    severity: 'critical',
    nowMs: observation.nowMs,
    freshId: ids.incident,
    class: stallClass,
    needsHuman: true,
  });
  return { kind: 'nothing', reason: 'stalled', untilMs: observation.nowMs + lookAgainMs, ...told };
}

function whyNot({ job, observation }: DecideInput, progress: Progress, isSpent: boolean): string {
  if (job.stall.action === 'page') return 'The policy leaves that to a person.';
  if (isSpent)
    return `It was started again and committed nothing (${progress.streak} in a row): look for a slow sink, a lock, or no executors.`;
  return spentBudget(observation.budget, stallClass) ? 'Its restart budget is used up.' : '';
}

function minutes(sinceMs: number, nowMs: number): number {
  return Math.floor((nowMs - sinceMs) / 60_000);
}
