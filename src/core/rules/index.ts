import type { DecideInput } from '../decide.ts';
import type { Concern, Verdict } from '../decision.ts';
import { drift } from './drift.ts';
import { identity } from './identity.ts';
import { launch } from './launch.ts';
import { recover } from './recover.ts';
import { steady } from './steady.ts';
import { stop } from './stop.ts';

/** One pure decision method. It answers with what it wants, or not at all when it does not apply. */
export interface Rule {
  readonly name: string;
  judge(input: DecideInput): Verdict | undefined;
}

/** Looks at what may go wrong apart from the run's life, also for parked, paused and stopped jobs. */
export interface SafetyRule {
  readonly name: string;
  look(input: DecideInput): readonly Concern[];
}

/** The run lane, in order: at most one wish about the run, the first rule that applies wins. */
export const runLane: readonly Rule[] = [identity, stop, launch, recover, steady];

/** The safety lane: every rule is always asked. */
export const safetyLane: readonly SafetyRule[] = [drift];
