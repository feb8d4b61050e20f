import { tells } from './fingerprint.ts';
import type { FailureContext, Judgement } from './judgement.ts';
import type { FailureRule } from './rule.ts';
import { type FailureClass, failureClasses, isRestart, streakFor } from './taxonomy.ts';

/**
 * What the text cannot decide: a network that was never reached, an upgrade that reads what an older version wrote, a
 * restart already spent, a heartbeat that stops again, a batch that fails whatever is tried.
 */
export function withContext(
  judgement: Judgement,
  rule: FailureRule | undefined,
  context: FailureContext,
): Judgement {
  if (rule?.reachability && context.everCommitted === false) return as(judgement, 'config-invalid');
  if (rule?.upgrade && context.deployedSinceLastCommit) return as(judgement, 'checkpoint-incompatible');
  if (!hasRepeated(context)) return judgement;
  const { action } = failureClasses[judgement.class];
  if (judgement.class === 'schema-evolved') return { ...judgement, action: 'stop-and-page' };
  if (isRestart(judgement.action) && !isRestart(action)) return { ...judgement, action };
  if (rule?.id === 'executor-lost' && /heartbeat/i.test(judgement.evidence))
    return as(judgement, 'memory-exhausted');
  return isSpent(judgement, context) ? { ...judgement, action: 'stop-and-page' } : judgement;
}

function as(judgement: Judgement, failureClass: FailureClass): Judgement {
  return { ...judgement, class: failureClass, action: failureClasses[failureClass].action };
}

/** The same failure came before, with no batch committed since. A job that never committed repeats with every try. */
function hasRepeated({ sameBatchFailures = 0, attempts = 0, everCommitted }: FailureContext): boolean {
  return sameBatchFailures >= 2 || (everCommitted === false && attempts >= 2);
}

/**
 * A batch that fails the same way for no known reason is poison: trying again is no plan. Known passing faults have
 * as many restarts at one batch as their class allows.
 */
function isSpent(
  { class: failureClass, action, fingerprint }: Judgement,
  { sameBatchFailures = 0, lastFingerprint }: FailureContext,
): boolean {
  if (!isRestart(action)) return false;
  if (failureClass === 'unknown') {
    const isSame = lastFingerprint === undefined || (tells(fingerprint) && fingerprint === lastFingerprint);
    return isSame && sameBatchFailures >= 2;
  }
  return sameBatchFailures > streakFor(failureClass, action);
}
