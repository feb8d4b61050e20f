import { type ClassAction, type FailureClass, failureClasses } from '../failure/taxonomy.ts';
import type { Asked } from './condition.ts';

/** What the last failure was judged to be, and what the policy makes of it; undefined while nothing failed. */
export interface Cause {
  readonly class: FailureClass;
  readonly action: ClassAction;
  /** Of the class or the text, before the policy had its say. */
  readonly ownAction: ClassAction;
  /** The policy names an action for this class. */
  readonly isOfPolicy: boolean;
}

/** Of this decision, else of the wish, the park or the incident that it left standing. */
export function causeOf({ decision, memory, job }: Asked): Cause | undefined {
  const { judgement } = decision.verdict;
  const failureClass =
    judgement?.class ??
    (decision.verdict.kind === 'claim' ? decision.verdict.wish.class : undefined) ??
    memory.wish?.class ??
    memory.parked?.class ??
    memory.incident?.class;
  if (failureClass === undefined) return undefined;
  const ownAction = judgement?.action ?? failureClasses[failureClass].action;
  const ofPolicy = job.restart.classes[failureClass]?.action;
  return {
    class: failureClass,
    action: ofPolicy ?? ownAction,
    ownAction,
    isOfPolicy: ofPolicy !== undefined,
  };
}
