import type { Clock } from './data-loss-clock.ts';
import type { Aside, Concern, GuardResult, NoticeDraft, Verdict } from './decision.ts';
import type { ResolvedJob } from './job.ts';
import type { JobMemory } from './memory.ts';
import type { Observation } from './observation.ts';

/** All that a decision may rest on. */
export interface DecideInput {
  readonly job: ResolvedJob;
  readonly observation: Observation;
  readonly memory: JobMemory;
  /** In [0, 1); the only chance in a decision. */
  readonly random: number;
  /** Ids for what this decision may open. */
  readonly ids: { readonly decision: string; readonly incident: string };
}

/** One pure decision method. It answers with what it wants, or not at all when it does not apply. */
export interface Rule {
  readonly name: string;
  judge(input: DecideInput): Verdict | undefined;
}

/** What the run lane wants, and whether it may. */
export interface Next {
  readonly verdict: Verdict;
  readonly guard: GuardResult;
}

export interface Finding extends Omit<Aside, 'notices'> {
  readonly concerns: readonly Concern[];
  readonly notice?: NoticeDraft;
  readonly clock?: Clock;
  /** A command of the safety lane, and what holds it back. */
  readonly wanted?: Next;
}

/** Looks at what may go wrong apart from the run's life, also for parked, paused and stopped jobs. */
export interface SafetyRule {
  readonly name: string;
  look(input: DecideInput, next: Next): Finding;
}
