import type { ClassAction, FailureClass } from './taxonomy.ts';

/**
 * One recognisable failure, as data.
 *
 * Patterns see tidy text: every run of blanks is one blank, lines are trimmed, stack frames and source lines are left
 * out (see `text.ts`). They hold no `*`, no `+` and no repeated group, so matching stays linear in the text; a test
 * holds every rule to that.
 */
export interface FailureRule {
  /** Stable kebab-case id; shown to people, used by policies. */
  readonly id: string;
  readonly class: FailureClass;
  readonly pattern: RegExp;
  /** Refutes a match when it is found in the matched lines. */
  readonly not?: RegExp;
  /** The right action for this text where it differs from the default of the class. */
  readonly action?: ClassAction;
  /**
   * `cause` (default) names what went wrong. `type` only names a kind of error or a consequence, so any cause wins.
   * `symptom` is a wrapper or a last gasp: it counts when nothing else is found.
   */
  readonly strength?: 'cause' | 'type' | 'symptom';
  /** A throttle, timeout or expired token nested inside this message is the real cause and wins. */
  readonly umbrella?: true;
  /** The pattern needs the stack frames. */
  readonly frames?: true;
  /** The network could not be reached: transient for a job that ran before, a wrong set-up for one that never did. */
  readonly reachability?: true;
  /** Short texts that this rule must catch; the tests run each of them. */
  readonly examples: readonly string[];
}
