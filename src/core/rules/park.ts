import type { Verdict } from '../decision.ts';
import type { Judgement } from '../failure/classify.ts';
import type { FailureClass } from '../failure/taxonomy.ts';
import { unexplainedError } from '../failure/unexplained.ts';
import { tell } from '../incident.ts';
import type { JobRun } from '../job-run.ts';
import type { Progress } from '../progress.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput } from '../rule.ts';
import { type SpentBudget, usedText } from '../spent-budget.ts';
import { utcText } from '../utc.ts';
import { isDeployedSince } from './judge-failure.ts';
import { batchText, causeText, lapsedText, severityOf, whyText } from './words.ts';

/** What the message says beside the reason and the cause. */
export interface ParkText {
  readonly progress?: Progress;
  /** In place of the words that the reason has. */
  readonly why?: string;
  readonly further?: string;
}

/** Stops the job until a person or a new version changes something. */
export function park(
  input: DecideInput,
  run: JobRun | undefined,
  judgement: Judgement,
  reason: Reason,
  { progress, why, further = '' }: ParkText = {},
): Verdict {
  const { job, observation, memory } = input;
  const { nowMs } = observation;
  const atBatch = progress ? ` It stands at ${batchText(progress)}.` : '';
  const inFlight = inFlightText(input, judgement);
  const deployed =
    run && isDeployedSince(input, run)
      ? ` It is another version than the one that committed last, ${memory.good?.entryPoint ?? ''}: going back to that one is the way that changes least.`
      : '';
  const lapsed = lapsedText(input);
  const text = `${job.name} is down and needs a person: ${why === undefined ? whyText(reason, progress) : `${why} `}${causeText(judgement)}${atBatch}${inFlight}${deployed}${further} It is not started again by itself.${lapsed}${run ? ` It was run ${run.jobRunId} of application ${run.applicationId};` : ' It has never run;'} checkpilot explain ${job.name} says more.`;
  const told = tell(memory, {
    reason,
    text,
    severity: severityOf(input, judgement, 'critical'),
    nowMs,
    freshId: input.ids.incident,
    class: judgement.class,
    needsHuman: true,
  });
  const parked = {
    reason,
    class: judgement.class,
    atMs: nowMs,
    ...(run ? { jobRunId: run.jobRunId } : {}),
  };
  return {
    kind: 'park',
    reason,
    judgement,
    ...told,
    learned: { ...told.learned, parked },
    forget: ['wish', 'grant'],
  };
}

/** Why a failure that asks for a person is not tried again. */
export function whyStop({ rule }: Judgement): 'deterministic-failure' | 'unexplained-error' {
  return rule === unexplainedError ? 'unexplained-error' : 'deterministic-failure';
}

/** Classes whose cause may be a record: a person wants to know which. */
const mayBePoison: ReadonlySet<FailureClass> = new Set([
  'user-code-error',
  'bad-data',
  'unknown',
  'memory-exhausted',
  'disk-exhausted',
]);

function inFlightText({ observation: { inspections = {} } }: DecideInput, { class: of }: Judgement): string {
  if (!mayBePoison.has(of)) return '';
  const texts = Object.values(inspections).flatMap((sensor) =>
    sensor.kind === 'seen' && sensor.inFlight
      ? [` It died in batch ${sensor.inFlight.batch}: ${sensor.inFlight.range}.`]
      : [],
  );
  return texts.join('');
}

/** The budget frees by time alone, and the message says when. */
export function outOfBudget(input: DecideInput, judgement: Judgement, spent: SpentBudget): Verdict {
  const { job, observation, memory } = input;
  const { nowMs } = observation;
  const { reason, budget } = spent;
  const untilMs = budget.freesAtMs ?? nowMs + 60_000;
  const verdict: Verdict = { kind: 'wait', reason, judgement, untilMs };
  if (job.restart.onBudgetExhausted === 'wait') return verdict;
  const minutes = Math.ceil((untilMs - nowMs) / 60_000);
  const text = `${job.name} is down: ${spentText(spent, job)} The next automatic one is possible in ${minutes} min, at ${utcText(untilMs)}.`;
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

function spentText({ class: failureClass, budget }: SpentBudget, { restart }: DecideInput['job']): string {
  if (failureClass)
    return `the restarts that the policy allows for ${failureClass} are used (${usedText(budget)}).`;
  const { perHour, perDay } = restart.budget;
  return `${budget.usedHour} of ${perHour} restarts in the last hour and ${budget.usedDay} of ${perDay} in 24 h are used.`;
}
