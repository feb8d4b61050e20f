import { backoffMs } from '../backoff.ts';
import type { Verdict } from '../decision.ts';
import type { Judgement } from '../failure/classify.ts';
import { type ClassAction, type FailureClass, streakFor } from '../failure/taxonomy.ts';
import { tell } from '../incident.ts';
import type { ResolvedJob } from '../job.ts';
import type { JobRun } from '../job-run.ts';
import { learnedSizes } from '../learned-sizes.ts';
import type { StartPlan } from '../memory.ts';
import { type Progress, progressOf } from '../progress.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput } from '../rule.ts';
import { spentBudget } from '../spent-budget.ts';
import { neededFor, waitForCapacity } from './capacity.ts';
import { agesWith, fixedAgeText } from './fixed-age.ts';
import { growWorkers } from './grow.ts';
import { launchBase } from './launch-base.ts';
import { outOfBudget, park } from './park.ts';
import { mayNotStartBlind } from './proceed.ts';
import { batchText, causeText, severityOf } from './words.ts';

/** How soon a checkpoint that could not be read is read again: most such failures pass within a minute. */
const readAgainMs = 60_000;
/** From when a person is told that the checkpoint of a job that is down cannot be read. */
const unreadablePageMs = 30 * 60_000;

/** The gates between a curable failure and a wish, in the order in which a person would ask them. */
export function restart(
  input: DecideInput,
  run: JobRun,
  judgement: Judgement,
  action: ClassAction,
  reason: Reason,
): Verdict {
  const { job, observation, memory } = input;
  const { nowMs } = observation;
  const progress = progressOf(memory, observation);
  const streakMax = streakLimit(job, judgement);
  // Waiting for capacity is no restart: it says nothing of the job, so it never parks one.
  const isLooping = action !== 'wait-for-capacity' && progress.streak >= streakMax;
  // A batch may have been committed that nobody could read, so this is neither a loop nor a reason to start.
  if (!progress.known && (isLooping || mayNotStartBlind(input))) return unreadable(input, judgement);
  const grown = growWorkers(input, run, judgement, action);
  const unsized = grown?.kind === 'unknown' ? ` Its workers stay as they are: ${grown.why}.` : '';
  if (isLooping)
    return park(input, run, judgement, 'streak-without-progress', { progress, further: unsized });
  if (grown?.kind === 'used-up')
    return park(input, run, judgement, 'size-steps-used-up', { progress, why: grown.why });
  // A job that waits for capacity keeps its place in the line meanwhile.
  const spent = spentBudget(observation.budget, judgement.class);
  if (spent && action !== 'wait-for-capacity') return outOfBudget(input, judgement, spent);

  const larger = grown?.kind === 'larger' ? grown : undefined;
  const workers = larger?.workers ?? learnedSizes(job, memory);
  const plan: StartPlan = {
    base: launchBase(input),
    spendsBudget: true,
    ...(workers ? { leastWorkers: workers } : {}),
    ...(larger ? { change: larger.change } : {}),
  };
  if (action === 'wait-for-capacity')
    return waitForCapacity(input, { jobRunId: run.jobRunId, judgement, summary: causeText(judgement) }, plan);
  const notBeforeMs = nowMs + delayMs(input, judgement.class, action, progress);
  const needed = neededFor(input, plan);
  const waits = notBeforeMs > nowMs ? `in ${Math.ceil((notBeforeMs - nowMs) / 1000)} s` : 'now';
  const text = `${job.name}: ${causeText(judgement)} Restart from ${batchText(progress)} ${waits}${larger ? `, ${larger.change}` : ''}.${unsized}${fixedAgeText(agesWith(memory, run))}`;
  const told = tell(memory, {
    reason,
    text,
    severity: severityOf(input, judgement, 'warning'),
    nowMs,
    freshId: input.ids.incident,
    class: judgement.class,
  });
  return {
    kind: 'start',
    reason,
    judgement,
    ...told,
    forget: ['waitsSinceMs'],
    wish: {
      cause: 'restart',
      reason,
      class: judgement.class,
      afterRunId: run.jobRunId,
      notBeforeMs,
      tier: job.tier,
      plan,
      ...(needed ? { needed } : {}),
    },
  };
}

/** The job is down and waits for its checkpoint to be readable; after half an hour a person is told. */
function unreadable(input: DecideInput, judgement: Judgement): Verdict {
  const { nowMs } = input.observation;
  const sinceMs = input.memory.unknownSinceMs ?? nowMs;
  const learned = { unknownSinceMs: sinceMs };
  const verdict: Verdict = {
    kind: 'wait',
    reason: 'progress-unknown',
    judgement,
    untilMs: nowMs + readAgainMs,
    learned,
  };
  if (nowMs - sinceMs < unreadablePageMs) return verdict;
  const text = `${input.job.name} is down: its checkpoint cannot be read, so nobody knows whether the last restarts got anywhere. Make it readable for Checkpilot.`;
  const told = tell(input.memory, {
    reason: 'progress-unknown',
    text,
    severity: 'critical',
    nowMs,
    freshId: input.ids.incident,
    class: judgement.class,
    needsHuman: true,
  });
  return { ...verdict, ...told, learned: { ...told.learned, ...learned } };
}

/** The policy's number for the class, else the stricter of the job's streak and the class's own default. */
export function streakLimit(job: ResolvedJob, judgement: Pick<Judgement, 'class' | 'action'>): number {
  const ofPolicy = job.restart.classes[judgement.class]?.streak;
  if (ofPolicy !== undefined) return ofPolicy;
  const ofClass = streakFor(judgement.class, judgement.action);
  // A class that stops has no streak of its own; when the policy or our own cancel restarts it all the same, the job's counts.
  return ofClass === 0 ? job.restart.streakMax : Math.min(job.restart.streakMax, ofClass);
}

function delayMs(
  { job, memory, random }: DecideInput,
  failureClass: FailureClass,
  action: ClassAction,
  progress: Progress,
): number {
  const step = progress.committed ? 0 : memory.backoffStep;
  const jitterMs = backoffMs(
    { ...job.restart.backoff, ...job.restart.classes[failureClass]?.backoff },
    step,
    random,
  );
  // A plain restart goes at once the first time: the cause has passed already, only a loop needs waiting.
  return action === 'restart' && step === 0 ? 0 : jitterMs;
}
