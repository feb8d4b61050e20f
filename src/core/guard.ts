import type { GuardResult, Hold, Verdict } from './decision.ts';
import type { ActionName, ResolvedJob } from './job.ts';
import type { JobMemory } from './memory.ts';
import type { Gates, Observation } from './observation.ts';
import { isOrdered, planOf } from './plan.ts';
import { clockBoundMs } from './protocol.ts';
import { isPlanApproved } from './questions.ts';
import type { Withholding } from './reason.ts';
import { windowHold } from './windows.ts';

/**
 * A pure filter over what a rule wants. It never changes the wish, so the record still shows what Checkpilot
 * would have done. Verdicts without a command pass: parking and adopting change our own state only.
 */
export function guard(
  verdict: Verdict,
  job: ResolvedJob,
  observation: Observation,
  memory: JobMemory,
  plan = planOf(verdict, job),
): GuardResult {
  if (!plan) return { kind: 'done' };
  const isAsked = isOrdered(verdict) || isPlanApproved(memory, plan, observation.nowMs);
  return mayAct(plan.action, job, observation, memory, isAsked);
}

/** Whether a command of this kind may be sent now; asked again right before each is sent. */
export function mayAct(
  action: ActionName,
  job: ResolvedJob,
  observation: Pick<Observation, 'gates' | 'nowMs'>,
  memory: JobMemory,
  /** A person ordered or approved this very command. */
  ordered = false,
): GuardResult {
  const { gates, nowMs } = observation;
  const withheld = (why: Withholding, more: Omit<Hold, 'why'> = {}): GuardResult => ({
    kind: 'withheld',
    why,
    ...more,
  });
  const held = fleetHold(gates);
  if (held?.why === 'kill-switch') return withheld('kill-switch');
  if (gates.newerState) return withheld('newer-state');
  if (gates.clockSkewMs > clockBoundMs) return withheld('clock-differs');
  if (held) return { kind: 'withheld', ...held };
  if (memory.pause && nowMs < memory.pause.untilMs)
    return withheld('job-paused', { untilMs: memory.pause.untilMs });
  const paused = memory.pausedActions?.[action];
  if (paused && nowMs < paused.untilMs) return withheld('action-paused', { untilMs: paused.untilMs });
  const mode = job.actions[action] ?? job.mode;
  if (mode === 'observe') return withheld('mode-observe');
  if (gates.act === 'none' || (gates.act === 'restart' && action !== 'restart'))
    return withheld('act-not-deployed');
  const closed = windowHold(job.windows ?? [], action, nowMs);
  if (closed) {
    const { effect, window, untilMs } = closed;
    const until = untilMs === undefined ? {} : { untilMs };
    return withheld(effect === 'deny' ? 'deny-window' : 'outside-allow-window', { window, ...until });
  }
  if (mode === 'suggest' && !ordered) return { kind: 'suggested', why: 'awaits-approval' };
  return { kind: 'done' };
}

/** What holds all jobs alike, until a person or a time ends it. */
export function fleetHold({ killSwitch, fleetPaused, fleetPauseUntilMs }: Gates): Hold | undefined {
  if (killSwitch) return { why: 'kill-switch' };
  if (!fleetPaused) return undefined;
  return {
    why: 'fleet-paused',
    ...(fleetPauseUntilMs === undefined ? {} : { untilMs: fleetPauseUntilMs }),
  };
}
