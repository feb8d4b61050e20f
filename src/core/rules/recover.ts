import { backoffMs } from '../backoff.ts';
import type { DecideInput } from '../decide.ts';
import type { Verdict } from '../decision.ts';
import { classify, type Judgement } from '../failure/classify.ts';
import { type ClassAction, streakFor } from '../failure/taxonomy.ts';
import { tell } from '../incident.ts';
import { isTerminal, type JobRun } from '../job-run.ts';
import type { StartPlan } from '../memory.ts';
import { type Progress, progressOf } from '../progress.ts';
import type { Reason } from '../reason.ts';
import { growWorkers } from './grow.ts';
import type { Rule } from './index.ts';
import { blindRestartMs, mayNotStartBlind, proceed } from './proceed.ts';
import { batchText, causeText, why } from './words.ts';

/** How long a job waits for capacity before it asks again (failures.md: every 2 to 5 minutes). */
const capacityWaitMs = 2 * 60_000;

/** The run has ended: judge why, and park, wait or start again from the checkpoint. */
export const recover: Rule = {
  name: 'recover',
  judge(input) {
    const { observation, memory } = input;
    if (observation.run.kind !== 'seen' || !isTerminal(observation.run.run)) return undefined;
    const { run } = observation.run;
    if (memory.desired === 'stopped') return { kind: 'nothing', reason: 'stopped-on-purpose' };
    if (memory.parked?.jobRunId === run.jobRunId) return { kind: 'nothing', reason: 'parked' };
    if (memory.wish?.afterRunId === run.jobRunId) return proceed(input, memory.wish);
    return judgeEnd(input, run);
  },
};

function judgeEnd(input: DecideInput, run: JobRun): Verdict {
  const progress = progressOf(input.memory, input.observation);
  const judgement = classify({
    state: run.state,
    text: run.stateDetails,
    context: {
      ...(progress.batch === undefined ? {} : { everCommitted: progress.batch >= 0 }),
      cancelledBy: cancelledBy(input, run),
      ...(run.attempt === undefined ? {} : { attempts: run.attempt }),
      ...(run.durationMs === undefined ? {} : { durationMs: run.durationMs }),
      ...(run.executionTimeoutMs === undefined ? {} : { executionTimeoutMs: run.executionTimeoutMs }),
    },
  });
  const isOwnCancel = judgement.class === 'cancelled' && input.observation.ownCancelOf === run.jobRunId;
  if (judgement.class === 'cancelled' && !isOwnCancel) return respect(input, run, judgement);
  const action = input.job.restart.classes[judgement.class]?.action ?? judgement.action;
  if (isOwnCancel) return restart(input, run, judgement, 'restart', 'cancelled-by-checkpilot');
  switch (action) {
    case 'stop-and-page':
      return park(input, run, judgement, 'deterministic-failure');
    case 'stop-and-page-data-risk':
      return park(input, run, judgement, 'data-at-risk');
    case 'ignore':
      return { kind: 'nothing', reason: 'stopped-on-purpose', judgement };
    case 'wait-for-capacity':
      return restart(input, run, judgement, action, 'waits-for-capacity');
    default:
      return restart(input, run, judgement, action, startReason(judgement));
  }
}

/** A streaming run has no execution time-out, so somebody asked; of any other run its age has to tell. */
function cancelledBy({ observation }: DecideInput, run: JobRun): 'checkpilot' | 'person' | 'unknown' {
  if (observation.ownCancelOf === run.jobRunId) return 'checkpilot';
  return run.mode === 'STREAMING' ? 'person' : 'unknown';
}

function startReason(judgement: Judgement): Reason {
  if (judgement.rule === 'run-succeeded') return 'run-succeeded';
  return judgement.class === 'execution-timeout' ? 'execution-timeout' : 'job-run-failed';
}

/** The gates between a curable failure and a wish, in the order in which a person would ask them. */
function restart(
  input: DecideInput,
  run: JobRun,
  judgement: Judgement,
  action: ClassAction,
  reason: Reason,
): Verdict {
  const { job, observation, memory } = input;
  const { nowMs, budget } = observation;
  const progress = progressOf(memory, observation);
  const streakMax = streakLimit(input, judgement);
  // Waiting for capacity is no restart: it says nothing of the job, so it never parks one.
  const isLooping = action !== 'wait-for-capacity' && progress.streak >= streakMax;
  if (isLooping) return park(input, run, judgement, 'streak-without-progress', progress);
  if (!progress.known && mayNotStartBlind(input)) {
    return {
      kind: 'wait',
      reason: 'progress-unknown',
      judgement,
      untilMs: (memory.lastStartAtMs ?? nowMs) + blindRestartMs,
    };
  }
  const grown = growWorkers(input, judgement, action);
  if (grown === 'used-up') return park(input, run, judgement, 'size-steps-used-up', progress);
  if (!budget.room) return outOfBudget(input, judgement);

  const notBeforeMs = nowMs + delayMs(input, action, progress);
  const plan: StartPlan = {
    base: launchBase(input),
    spendsBudget: true,
    ...(grown?.workers ? { workers: grown.workers } : {}),
    ...(grown ? { change: grown.change } : {}),
  };
  const waits = notBeforeMs > nowMs ? `in ${Math.ceil((notBeforeMs - nowMs) / 1000)} s` : 'now';
  const text = `${job.name}: ${causeText(judgement)} Restart from ${batchText(progress)} ${waits}${grown ? `, ${grown.change}` : ''}.`;
  const told = tell(memory, {
    reason,
    text,
    severity: 'warning',
    nowMs,
    freshId: input.ids.incident,
    class: judgement.class,
  });
  return {
    kind: 'start',
    reason,
    judgement,
    ...told,
    wish: {
      cause: 'restart',
      reason,
      class: judgement.class,
      afterRunId: run.jobRunId,
      notBeforeMs,
      tier: job.tier,
      plan,
    },
  };
}

/** The policy's number for the class, else the stricter of the job's streak and the class's own default. */
function streakLimit({ job }: DecideInput, judgement: Judgement): number {
  const ofPolicy = job.restart.classes[judgement.class]?.streak;
  if (ofPolicy !== undefined) return ofPolicy;
  const ofClass = streakFor(judgement.class, judgement.action);
  // A class that stops has no streak of its own; when the policy or our own cancel restarts it all the same, the job's counts.
  return ofClass === 0 ? job.restart.streakMax : Math.min(job.restart.streakMax, ofClass);
}

function delayMs({ job, memory, random }: DecideInput, action: ClassAction, progress: Progress): number {
  const step = progress.committed ? 0 : memory.backoffStep;
  const jitterMs = backoffMs(job.restart.backoff, step, random);
  if (action === 'wait-for-capacity') return capacityWaitMs + jitterMs;
  // A plain restart goes at once the first time: the cause has passed already, only a loop needs waiting.
  return action === 'restart' && step === 0 ? 0 : jitterMs;
}

function launchBase({ job, memory }: DecideInput): StartPlan['base'] {
  const useSpec = job.launch !== undefined && (job.restart.launchFrom === 'spec' || memory.generation === 0);
  return useSpec ? 'spec' : { generation: memory.generation };
}

function park(
  input: DecideInput,
  run: JobRun,
  judgement: Judgement,
  reason: Reason,
  progress?: Progress,
): Verdict {
  const { job, observation, memory } = input;
  const { nowMs } = observation;
  const atBatch = progress ? ` It stands at ${batchText(progress)}.` : '';
  const text = `${job.name} is down and needs a person: ${why(reason, progress)}${causeText(judgement)}${atBatch}`;
  const told = tell(memory, {
    reason,
    text,
    severity: 'critical',
    nowMs,
    freshId: input.ids.incident,
    class: judgement.class,
    needsHuman: true,
  });
  const parked = { reason, class: judgement.class, atMs: nowMs, jobRunId: run.jobRunId };
  return {
    kind: 'park',
    reason,
    judgement,
    ...told,
    learned: { ...told.learned, parked },
    forget: ['wish', 'grant'],
  };
}

function outOfBudget(input: DecideInput, judgement: Judgement): Verdict {
  const { job, observation, memory } = input;
  const { budget, nowMs } = observation;
  const { perHour, perDay } = job.restart.budget;
  const untilMs = budget.freesAtMs ?? nowMs + 60_000;
  const reason: Reason = 'retry-budget-exhausted';
  const verdict: Verdict = { kind: 'wait', reason, judgement, untilMs };
  if (job.restart.onBudgetExhausted === 'wait') return verdict;
  const minutes = Math.ceil((untilMs - nowMs) / 60_000);
  const text = `${job.name} is down: ${budget.usedHour} of ${perHour} restarts this hour and ${budget.usedDay} of ${perDay} today are used. The next automatic one is possible in ${minutes} min.`;
  return {
    ...verdict,
    ...tell(memory, {
      reason,
      text,
      severity: 'critical',
      nowMs,
      freshId: input.ids.incident,
      class: judgement.class,
      needsHuman: true,
    }),
  };
}

/** A person's cancel is a decision. It is announced once and kept until somebody starts the job again. */
function respect(input: DecideInput, run: JobRun, judgement: Judgement): Verdict {
  const text = `${input.job.name}: run ${run.jobRunId} was cancelled by a person. It stays stopped until somebody starts it again.`;
  return {
    kind: 'nothing',
    reason: 'cancelled-by-person',
    judgement,
    learned: { desired: 'stopped' },
    forget: ['wish', 'grant', 'incident'],
    notice: { event: 'run.stopped-by-person', severity: 'info', text },
  };
}
