import { type Ring, ringOfClass, roomAt, usage } from '../core/budget.ts';
import type { FailureClass } from '../core/failure/taxonomy.ts';
import type { ResolvedJob } from '../core/job.ts';
import { failedInHour, type NativeAttempts } from '../core/native-attempts.ts';
import type { BudgetRoom, BudgetSensor } from '../core/observation.ts';
import type { ScopeLimits } from '../core/scope-budget.ts';

/** What the ring of a job says of its budget and of those of its classes, by the policy of this moment. */
export function observeBudget(
  job: ResolvedJob,
  {
    ring,
    nowMs,
    native,
  }: { readonly ring: Ring; readonly nowMs: number; readonly native?: NativeAttempts | undefined },
): BudgetSensor {
  const limited = Object.entries(job.restart.classes).flatMap(([name, { budget } = {}]) =>
    budget ? [[name as FailureClass, budget] as const] : [],
  );
  const classes = limited.map(
    ([name, limits]) => [name, roomOf(ringOfClass(ring, name), limits, nowMs)] as const,
  );
  return {
    ...roomOf(ring, job.restart.budget, nowMs),
    native: { failedHour: failedInHour(native, nowMs), perRun: job.restart.nativeRetries },
    ...(classes.length > 0 ? { classes: Object.fromEntries(classes) } : {}),
  };
}

function roomOf(ring: Ring, limits: ScopeLimits, nowMs: number): BudgetRoom {
  const room = roomAt(ring, limits, nowMs);
  const used = usage(ring, nowMs);
  const { perHour, perDay } = limits;
  return {
    room: room.ok,
    ...(room.ok ? {} : { window: room.window }),
    ...(room.ok || room.freesAtMs === undefined ? {} : { freesAtMs: room.freesAtMs }),
    usedHour: used.hour,
    usedDay: used.day,
    ...(perHour === undefined ? {} : { perHour }),
    ...(perDay === undefined ? {} : { perDay }),
  };
}
