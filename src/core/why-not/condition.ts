import type { Decision } from '../decision.ts';
import type { ResolvedJob } from '../job.ts';
import type { JobMemory } from '../memory.ts';

/** What the answer to a negative question rests on: the last decision, what is remembered since, and the policy. */
export interface Asked {
  readonly decision: Decision;
  readonly memory: JobMemory;
  readonly job: ResolvedJob;
  readonly nowMs: number;
}

/** One thing that has to hold for a command, in the order in which the rules and the guard ask. */
export interface Condition {
  /** `unknown`: nothing in the record tells; it never counts as held. */
  readonly holds: boolean | 'unknown';
  /** With its numbers. */
  readonly text: string;
  /** What would make it hold; only of conditions that do not. */
  readonly change?: string;
}

export function met(text: string): Condition {
  return { holds: true, text };
}

export function missing(text: string, change?: string): Condition {
  return { holds: false, text, ...(change === undefined ? {} : { change }) };
}

export function untold(text: string, change?: string): Condition {
  return { holds: 'unknown', text, ...(change === undefined ? {} : { change }) };
}
