import { forMs } from '../explain-seen.ts';
import { isRestart } from '../failure/taxonomy.ts';
import { isTerminal } from '../job-run.ts';
import { isGrantLive } from '../memory.ts';
import type { BudgetRoom } from '../observation.ts';
import { progressOf } from '../progress.ts';
import { streakLimit } from '../rules/restart.ts';
import { usedText } from '../spent-budget.ts';
import { type Asked, type Condition, met, missing, untold } from './condition.ts';
import { guarded } from './guarded.ts';
import { causeOf } from './judged.ts';

const byHand = 'checkpilot start JOB --reason "…"';
const override = 'checkpilot start JOB --override --reason "…"';

/** Everything between a job that is down and its start, in the order in which it is asked. */
export function startConditions(asked: Asked): readonly Condition[] {
  return [
    runIsOver(asked),
    nobodyElseWrites(asked),
    isWanted(asked),
    isNotParked(asked),
    classRestarts(asked),
    checkpointStands(asked),
    streakHasRoom(asked),
    budgetHasRoom(asked),
    classBudgetHasRoom(asked),
    backoffIsOver(asked),
    hasGrant(asked),
    guarded(asked, 'restart'),
  ].flatMap((condition) => condition ?? []);
}

function runIsOver({ decision, job }: Asked): Condition {
  const { run } = decision.observation;
  if (run.kind === 'none')
    return job.launch
      ? met('no run is recorded, and the policy says what to start')
      : missing('no run is recorded, and the policy has no launch.spec', 'give the job a launch.spec');
  if (run.kind === 'unknown')
    return untold(`the last run could not be read: ${run.why}`, 'let Checkpilot read the run');
  const { jobRunId, state } = run.run;
  return isTerminal(run.run)
    ? met(`run ${jobRunId} has ended (${state})`)
    : missing(`run ${jobRunId} is ${state}: a job is started only when its run has ended`);
}

function nobodyElseWrites({ decision }: Asked): Condition | undefined {
  const { others } = decision.observation;
  if (others.kind === 'not-looked') return undefined;
  if (others.kind === 'unknown')
    return untold(`the live runs could not be listed: ${others.why}`, 'let Checkpilot list the runs');
  const runs = [...others.live, ...(others.naming ?? []), ...(others.locked ?? [])];
  if (runs.length === 0) return met('no other live run of the job');
  const names = runs.map(({ jobRunId, state }) => `${jobRunId} ${state}`).join(', ');
  return missing(`another live run writes here: ${names}`, 'cancel it, if it should not run');
}

function isWanted({ memory, nowMs }: Asked): Condition {
  if (memory.desired === 'running') return met('the job is meant to run');
  const { stopped } = memory;
  const who = stopped
    ? `${stopped.by} stopped it ${forMs(nowMs - stopped.atMs)} ago ("${stopped.reason}")`
    : 'a person stopped it or cancelled its run';
  return missing(`the job is meant to be stopped: ${who}`, byHand);
}

function isNotParked({ memory, nowMs }: Asked): Condition {
  const { parked } = memory;
  if (!parked) return met('the job is not parked');
  const { reason, class: failureClass, atMs } = parked;
  const cause = failureClass === undefined ? '' : `, ${failureClass}`;
  return missing(`parked for ${forMs(nowMs - atMs)} (${reason}${cause}): no time frees it`, override);
}

function classRestarts(asked: Asked): Condition | undefined {
  if (asked.decision.reason === 'awaits-evidence') return untold('why the run ended is not known yet');
  const cause = causeOf(asked);
  if (!cause) return undefined;
  const { class: name, action, isOfPolicy } = cause;
  const text = `class ${name}: ${action}${isOfPolicy ? ' (policy)' : ''}`;
  if (isRestart(action) || action === 'wait-for-capacity') return met(text);
  return missing(text, `mend the cause; or set restart.classes.${name}.action if restarting cures it`);
}

function checkpointStands({ decision, memory }: Asked): Condition | undefined {
  const { observation } = decision;
  if (Object.keys(observation.checkpoints).length === 0) return undefined;
  const { known, wentBack, batch } = progressOf(memory, observation);
  if (wentBack) {
    const { location, from, to } = wentBack;
    const text = `${location} stands at batch ${to}, before batch ${from} that it had committed`;
    return missing(text, 'find out who cut or replaced the checkpoint; restore it');
  }
  if (!known) return untold('a checkpoint could not be read', 'make the checkpoint readable for Checkpilot');
  return met(batch === undefined || batch < 0 ? 'no batch is committed yet' : `batch ${batch} is committed`);
}

function streakHasRoom(asked: Asked): Condition | undefined {
  const { decision, memory, job } = asked;
  const cause = causeOf(asked);
  if (!cause || cause.action === 'wait-for-capacity') return undefined;
  const { known, streak } = progressOf(memory, decision.observation);
  const max = streakLimit(job, { class: cause.class, action: cause.ownAction });
  const text = `${streak} of ${max} restarts in a row without a committed batch`;
  if (streak < max) return met(text);
  return known
    ? missing(text, `find out why no batch is committed, then: ${override}`)
    : untold(`${text}, and the checkpoint could not be read`);
}

function budgetHasRoom({ decision, job, nowMs }: Asked): Condition {
  const { budget } = decision.observation;
  const { perHour, perDay } = job.restart.budget;
  const text = `budget: ${usedText({ ...budget, perHour, perDay })}`;
  return hasRoom(budget, { text, key: 'restart.budget', nowMs });
}

function classBudgetHasRoom(asked: Asked): Condition | undefined {
  const cause = causeOf(asked);
  const budget = cause && asked.decision.observation.budget.classes?.[cause.class];
  if (!budget) return undefined;
  const text = `budget of ${cause.class}: ${usedText(budget)}`;
  return hasRoom(budget, { text, key: `restart.classes.${cause.class}.budget`, nowMs: asked.nowMs });
}

function hasRoom(
  { room, freesAtMs }: BudgetRoom,
  { text, key, nowMs }: { readonly text: string; readonly key: string; readonly nowMs: number },
): Condition {
  if (room) return met(text);
  if (freesAtMs === undefined) return missing(`${text}; frees when the open claim is settled`);
  const waitMs = freesAtMs - nowMs;
  return waitMs <= 0
    ? untold(`${text} at that decision; it has freed since, and the next pass sees it`)
    : missing(`${text}; frees in ${forMs(waitMs)}`, `wait ${forMs(waitMs)}, or raise ${key}`);
}

function backoffIsOver({ memory, nowMs }: Asked): Condition | undefined {
  const { wish } = memory;
  if (!wish) return undefined;
  const waitMs = wish.notBeforeMs - nowMs;
  if (waitMs <= 0) return met('the backoff is over');
  return missing(
    `backoff, step ${memory.backoffStep}: ${forMs(waitMs)} more`,
    `wait ${forMs(waitMs)}: nothing to do by hand`,
  );
}

function hasGrant({ memory, nowMs }: Asked): Condition | undefined {
  const { wish, grant } = memory;
  if (!wish) return undefined;
  if (isGrantLive(memory, nowMs)) return met('its turn in the fleet has come');
  const lapsed = grant?.wishId === wish.id && grant.state === 'unused' ? ' (the last grant lapsed)' : '';
  return missing(
    `waits for its turn in the fleet for ${forMs(nowMs - wish.createdAtMs)}${lapsed}`,
    'nothing to do by hand: starts of the fleet take turns',
  );
}
