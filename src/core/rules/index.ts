import type { DecideInput } from '../decide.ts';
import type { Verdict } from '../decision.ts';
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

/** The run lane, in order: the first rule that applies wins. */
export const rules: readonly Rule[] = [identity, stop, launch, recover, steady];
