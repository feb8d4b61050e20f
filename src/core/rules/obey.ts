import type { Verdict } from '../decision.ts';
import { startedByPerson, tell } from '../incident.ts';
import { learnedSizes } from '../learned-sizes.ts';
import type { Parked, Wish } from '../memory.ts';
import type { DecideInput } from '../rule.ts';
import { launchBase } from './launch-base.ts';
import { lapsedText } from './words.ts';

/** Nothing is started beside a park; but whoever ordered a start is told when it has lapsed. */
export function staysParked(input: DecideInput, parked: Parked): Verdict {
  const { ids, job, memory, observation } = input;
  const verdict: Verdict = { kind: 'nothing', reason: 'parked', forget: ['wish', 'grant'] };
  const lapsed = lapsedText(input);
  if (lapsed === '') return verdict;
  const incident = memory.incident && startedByPerson(memory.incident, 'ordered-by-person');
  const told = tell(incident ? { ...memory, incident } : memory, {
    reason: parked.reason,
    text: `${job.name} is still down and needs a person.${lapsed}`,
    severity: 'critical',
    nowMs: observation.nowMs,
    freshId: ids.incident,
    needsHuman: true,
    ...(parked.class === undefined ? {} : { class: parked.class }),
  });
  return { ...verdict, ...told };
}

/**
 * A person's order to start. It goes the way of every start – wish, grant, claim – but is not judged, not charged
 * and not held back by a streak; a parked job needs the override that the person had to say.
 */
export function obey(input: DecideInput, afterRunId: string | undefined): Verdict | undefined {
  const { job, memory, observation } = input;
  const { order } = memory;
  if (!order || observation.nowMs >= order.expiresAtMs) return undefined;
  if (memory.parked && !order.override) return undefined;
  const workers = learnedSizes(job, memory);
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
      ...(workers ? { leastWorkers: workers } : {}),
    },
    ...(afterRunId === undefined ? {} : { afterRunId }),
  };
  return { kind: 'start', reason: 'ordered-by-person', wish, orderedBy, forget: ['order', 'parked'] };
}
