import type { Verdict } from '../decision.ts';
import { judged } from '../failure/judgement.ts';
import { isGrantLive, type Wish } from '../memory.ts';
import { progressOf } from '../progress.ts';
import type { DecideInput } from '../rule.ts';
import { spentBudget } from '../spent-budget.ts';
import { heldBack, stillWaits } from './capacity.ts';
import { park } from './park.ts';

/**
 * A job with a wish is looked at this often while it waits for its turn, in case the release function's wake was lost; that
 * one grants again what was not used. A thousand waiting jobs must not use up GetJobRun by looking.
 */
const lookForGrantMs = 5 * 60_000;
/** Without a readable checkpoint a job may restart once in this time (design, "when something is down"). */
const blindRestartMs = 60 * 60_000;

/** What follows for a wish that still holds: claim it with a live grant, else wait for its time or its turn. */
export function proceed(input: DecideInput, wish: Wish): Verdict {
  const { observation, memory } = input;
  const { nowMs } = observation;
  if (!isGrantLive(memory, nowMs) && wish.awaitsCapacity) return stillWaits(input, wish);
  const spent = wish.plan.spendsBudget ? spentBudget(observation.budget, wish.class) : undefined;
  if (spent) {
    // Its turn in the fleet must not be kept for a start that cannot be charged.
    return {
      kind: 'wait',
      reason: spent.reason,
      untilMs: spent.budget.freesAtMs ?? nowMs + lookForGrantMs,
      forget: ['wish', 'grant'],
    };
  }
  if (nowMs < wish.notBeforeMs) return { kind: 'wait', reason: 'backing-off', untilMs: wish.notBeforeMs };
  if (!isGrantLive(memory, nowMs))
    return {
      kind: 'wait',
      reason: observation.turn?.reason ?? 'awaits-grant',
      untilMs: nowMs + lookForGrantMs,
    };
  if (observation.others.kind !== 'seen')
    return { kind: 'wait', reason: 'listing-unknown', untilMs: nowMs + 15_000 };
  const blind = !progressOf(memory, observation).known;
  if (blind && mayNotStartBlind(input))
    return { kind: 'wait', reason: 'checkpoint-unreadable', untilMs: nowMs + 30_000 };
  // A person who orders a start has seen the checkpoint.
  return (
    (wish.cause === 'operator' ? undefined : (refuseDamaged(input) ?? heldBack(input, wish))) ?? {
      kind: 'claim',
      wish,
      reason: wish.reason,
    }
  );
}

/** A start that would fail for certain only burns budget and hides the fault behind another one. */
function refuseDamaged(input: DecideInput): Verdict | undefined {
  const { run, inspections = {} } = input.observation;
  for (const [location, sensor] of Object.entries(inspections)) {
    if (sensor.kind !== 'seen' || !sensor.fault) continue;
    const { message, path } = sensor.fault;
    const judgement = judged('checkpoint-corrupt', 'pre-flight', {
      confidence: 0.95,
      evidence: `${location}/${path}: ${message}`,
    });
    const last = run.kind === 'seen' ? run.run : undefined;
    return park(input, last, judgement, 'checkpoint-damaged', {
      progress: progressOf(input.memory, input.observation),
    });
  }
  return undefined;
}

export function mayNotStartBlind({ memory, observation }: DecideInput): boolean {
  return memory.lastStartAtMs !== undefined && observation.nowMs - memory.lastStartAtMs < blindRestartMs;
}
