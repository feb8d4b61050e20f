import type { FailureClass } from './failure/taxonomy.ts';
import type { BudgetRoom, BudgetSensor } from './observation.ts';
import type { Reason } from './reason.ts';

/** A budget without room for one more restart. */
export interface SpentBudget {
  readonly reason: Extract<Reason, 'retry-budget-exhausted' | 'class-budget-exhausted'>;
  /** Of a class; absent for the job's own. */
  readonly class?: FailureClass;
  readonly budget: BudgetRoom;
}

/** What keeps a restart that answers this class waiting: the job's budget or the class's, whichever frees last. */
export function spentBudget(
  sensor: BudgetSensor,
  failureClass: FailureClass | undefined,
): SpentBudget | undefined {
  const ofClass = failureClass && sensor.classes?.[failureClass];
  const isJobSpent = !sensor.room;
  const isClassSpent = ofClass?.room === false && (!isJobSpent || freesMs(ofClass) > freesMs(sensor));
  if (failureClass && isClassSpent)
    return { reason: 'class-budget-exhausted', class: failureClass, budget: ofClass };
  return isJobSpent ? { reason: 'retry-budget-exhausted', budget: sensor } : undefined;
}

/** `1 of 3 in the last hour, 4 of 12 in 24 h`; a window without a limit is left out. */
export function usedText({ usedHour, usedDay, perHour, perDay }: BudgetRoom): string {
  return [
    ...(perHour === undefined ? [] : [`${usedHour} of ${perHour} in the last hour`]),
    ...(perDay === undefined ? [] : [`${usedDay} of ${perDay} in 24 h`]),
  ].join(', ');
}

/** When it frees is not known while a claim is open: that counts as the later one. */
function freesMs({ freesAtMs }: BudgetRoom): number {
  return freesAtMs ?? Number.POSITIVE_INFINITY;
}
