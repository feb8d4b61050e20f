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
   * `hint` is a family: it counts in loud records, when no cause and no type is found.
   * `suspicion` is no knowledge: it stops what nothing else explains, in loud records only.
   * `symptom` is a wrapper or a last gasp: it counts when nothing else is found.
   */
  readonly strength?: 'cause' | 'type' | 'hint' | 'suspicion' | 'symptom';
  /** A throttle, timeout or expired token nested inside this message is the real cause and wins. */
  readonly umbrella?: true;
  /** It knows the type of an error that any program may raise, so a danger that the same record hints at wins. */
  readonly general?: true;
  /** The pattern needs the stack frames. */
  readonly frames?: true;
  /** The network could not be reached: transient for a job that ran before, a wrong set-up for one that never did. */
  readonly reachability?: true;
  /** The text of a connector that cannot read what its older self wrote: damage, or an upgrade when there was one. */
  readonly upgrade?: true;
  /** Short texts that this rule must catch; the tests run each of them. */
  readonly examples: readonly string[];
}
