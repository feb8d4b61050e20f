import type { Verdict } from '../decision.ts';
import type { Wish } from '../memory.ts';
import type { DecideInput } from '../rule.ts';
import { launchBase } from './restart.ts';

/**
 * A person's order to start. It goes the way of every start – wish, grant, claim – but is not judged, not charged
 * and not held back by a streak; a parked job needs the override that the person had to say.
 */
export function obey(input: DecideInput, afterRunId: string | undefined): Verdict | undefined {
  const { job, memory, observation } = input;
  const { order } = memory;
  if (!order || observation.nowMs >= order.expiresAtMs) return undefined;
  if (memory.parked && !order.override) return undefined;
  const orderedBy = { by: order.by, reason: order.reason };
  const wish: Omit<Wish, 'id' | 'createdAtMs'> = {
    cause: 'operator',
    reason: 'ordered-by-person',
    notBeforeMs: observation.nowMs,
    tier: job.tier,
    order,
    plan: {
      base: launchBase(input),
      spendsBudget: false,
      ...(memory.workers ? { workers: memory.workers } : {}),
    },
    ...(afterRunId === undefined ? {} : { afterRunId }),
  };
  return { kind: 'start', reason: 'ordered-by-person', wish, orderedBy, forget: ['order', 'parked'] };
}
