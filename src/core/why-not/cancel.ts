import { forMs } from '../explain-seen.ts';
import { isLive } from '../job-run.ts';
import type { Observation } from '../observation.ts';
import { stallLimitMs, startedMs } from '../rules/stall.ts';
import { type Asked, type Condition, met, missing, untold } from './condition.ts';
import { guarded } from './guarded.ts';

/** A run of ours is cancelled when it is live and one of the few causes for it holds. */
export function cancelConditions(asked: Asked): readonly Condition[] {
  return [runIsLive(asked), somethingEndsIt(asked), guarded(asked, 'restart')];
}

function runIsLive({ decision }: Asked): Condition {
  const { run } = decision.observation;
  if (run.kind === 'unknown') return untold(`the run could not be read: ${run.why}`);
  if (run.kind === 'none') return missing('no run is recorded');
  const { jobRunId, state } = run.run;
  return isLive(run.run)
    ? met(`run ${jobRunId} is ${state}`)
    : missing(`run ${jobRunId} has ended (${state})`);
}

/** Stopped by a person, a foreign run beside it, attempts in vain, or standing still: the last one has numbers. */
function somethingEndsIt(asked: Asked): Condition {
  const { decision, memory, job } = asked;
  const { observation } = decision;
  if (memory.desired === 'stopped') return met('a person ordered the job to stop');
  if (decision.kind === 'cancel') return met(`the reason for it: ${decision.reason}`);
  const change = 'checkpilot stop JOB --reason "…" cancels it with its grace';
  const nothing = 'no order to stop, no foreign run to yield to, no attempts in vain';
  if (job.stall.action === 'page') return missing(`${nothing}; a stall pages here (stall.action)`, change);
  const limitMs = stallLimitMs(job, observation.checkpoints);
  const sinceMs = stillSince(observation);
  if (sinceMs === undefined) return untold(`${nothing}; whether it stands still is not known`, change);
  const quietMs = observation.nowMs - sinceMs;
  const text = `${nothing}; no batch for ${forMs(quietMs)}, a stall is ${forMs(limitMs)}`;
  if (quietMs < limitMs) return missing(text, change);
  const { input } = observation;
  if (input?.kind === 'unknown') return untold(`${text}, and the input is not known: ${input.why}`, change);
  return missing(`${text}, but nothing came into the stream`, change);
}

/** The last sign of work, a batch under way included; undefined when some sensor did not tell. */
function stillSince({ run, checkpoints }: Observation): number | undefined {
  if (run.kind !== 'seen' || run.run.state !== 'RUNNING') return undefined;
  let sinceMs = startedMs(run.run);
  for (const sensor of Object.values(checkpoints)) {
    if (sensor.kind !== 'seen') return undefined;
    const { committedAtMs = 0, plannedAtMs = 0 } = sensor.times ?? {};
    sinceMs = Math.max(sinceMs, committedAtMs, plannedAtMs);
  }
  return sinceMs;
}
