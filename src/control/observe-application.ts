import type { ClassAction } from '../core/failure/taxonomy.ts';
import type { ResolvedJob } from '../core/job.ts';
import { leastWorkers } from '../core/learned-sizes.ts';
import { isGrantLive } from '../core/memory.ts';
import type { ApplicationSensor } from '../core/observation.ts';
import { isSizeStep } from '../core/rules/grow.ts';
import { keep, limitsKeptMs, limitsOf, unknown } from './capacity.ts';
import { as, keys } from './items.ts';
import type { JobState } from './load.ts';
import type { Ports } from './ports.ts';

/**
 * What the application gives the workers of its runs: before a size step, and before a start that may not give a worker
 * less than was learned. Kept with what it may hold, so that a claim asks nothing twice.
 */
export async function observeApplication(
  ports: Ports,
  { match: { applicationId } }: ResolvedJob,
  { memory, nowMs }: JobState,
  action: ClassAction | undefined,
): Promise<ApplicationSensor | undefined> {
  const isSized =
    isGrantLive(memory, nowMs) && memory.wish !== undefined && leastWorkers(memory.wish.plan) !== undefined;
  if (!isSized && !isSizeStep(action)) return undefined;
  const read = await ports.store.read([keys.capacity(applicationId)]);
  if (!read.ok) return unknown(read);
  const item = as('capacity', read.value.items[0]);
  const limits = await limitsOf(ports, applicationId, item, nowMs - limitsKeptMs);
  if (!limits.ok) return unknown(limits);
  if (limits.value !== item?.limits) await keep(ports, applicationId, item, { limits: limits.value });
  return { kind: 'seen', sparkDefaults: limits.value.sparkDefaults ?? {} };
}
