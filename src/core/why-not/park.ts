import { forMs } from '../explain-seen.ts';
import { isRestart } from '../failure/taxonomy.ts';
import { isLive } from '../job-run.ts';
import { progressOf } from '../progress.ts';
import { streakLimit } from '../rules/restart.ts';
import { type Asked, type Condition, met, missing, untold } from './condition.ts';
import { causeOf } from './judged.ts';

/** Parking needs an end that was judged, and one of the causes for which a person is called. */
export function parkConditions(asked: Asked): readonly Condition[] {
  return [...notYetParked(asked), runIsOver(asked), isJudged(asked), somethingStopsIt(asked)];
}

function notYetParked({ decision, memory, nowMs }: Asked): readonly Condition[] {
  const { parked } = memory;
  // The decision that parks a job leaves it parked.
  if (!parked || decision.kind === 'park') return [];
  return [missing(`it is parked already, for ${forMs(nowMs - parked.atMs)} (${parked.reason})`)];
}

function runIsOver({ decision }: Asked): Condition {
  const { run } = decision.observation;
  if (run.kind === 'unknown') return untold(`the last run could not be read: ${run.why}`);
  if (run.kind === 'none') return missing('no run is recorded: nothing failed');
  const { jobRunId, state } = run.run;
  return isLive(run.run)
    ? missing(`run ${jobRunId} is ${state}: a job is parked only when its run has ended`)
    : met(`run ${jobRunId} has ended (${state})`);
}

function isJudged(asked: Asked): Condition {
  const cause = causeOf(asked);
  return cause ? met(`the failure is judged: ${cause.class}`) : missing('no failure is judged');
}

function somethingStopsIt(asked: Asked): Condition {
  const { decision, memory, job } = asked;
  const cause = causeOf(asked);
  const { streak, wentBack } = progressOf(memory, decision.observation);
  if (wentBack) return met(`the checkpoint went back from batch ${wentBack.from} to ${wentBack.to}`);
  if (!cause) return missing('neither a class that stops nor a streak: nothing was judged');
  const { class: name, action, ownAction } = cause;
  const isStop = !isRestart(action) && action !== 'wait-for-capacity' && action !== 'ignore';
  if (isStop) return met(`class ${name}: ${action}`);
  const stopIt = `restart.classes.${name}.action: stop-and-page parks it at once`;
  if (!isRestart(action)) return missing(`class ${name}: ${action} parks nothing`, stopIt);
  const max = streakLimit(job, { class: name, action: ownAction });
  const text = `class ${name}: ${action}, and ${streak} of ${max} restarts in a row without a committed batch`;
  return streak >= max
    ? met(text)
    : missing(text, `${stopIt}; restart.classes.${name}.streak parks it sooner`);
}
