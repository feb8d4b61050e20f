import { classify } from '../core/failure/classify.ts';
import { failureRules } from '../core/failure/rules.ts';
import { type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';

/**
 * A text that the product itself judges to be of this class, with the action of the class: the first example of a rule
 * for it that does. For `unknown` one that no rule knows.
 */
export function textOf(failureClass: FailureClass): string {
  if (failureClass === 'unknown') return 'The driver stopped, and nothing says why.';
  const examples = failureRules.flatMap((rule) => (rule.class === failureClass ? rule.examples : []));
  const found = examples.find((text) => {
    const judgement = classify({ state: 'FAILED', text });
    return judgement.class === failureClass && judgement.action === failureClasses[failureClass].action;
  });
  if (found === undefined) throw new Error(`no rule has an example of ${failureClass}`);
  return found;
}
