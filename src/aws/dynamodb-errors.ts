import type { Failure, JobStore } from '../control/ports.ts';
import { type ErrorFacts, errorFacts, isThrottle, sentence, toFailure } from './failures.ts';

type Commit = Awaited<ReturnType<JobStore['commit']>>;

/**
 * What a failed commit means. `isUnclear`: some attempt of the call may have taken effect. `hasToken`: the
 * attempts are one to DynamoDB, so a condition that failed did not fail because of our own earlier attempt; a
 * single conditional write has no token, and there the next pass must read what became of it.
 */
export function commitOutcome(error: unknown, call: { isUnclear: boolean; hasToken: boolean }): Commit {
  const facts = errorFacts(error);
  const verdict = verdictOf(error, facts);
  if (verdict === 'bug') throw error;
  // Revs only grow, so an attempt still on its way fails like this one. A mere collision proves nothing of it.
  const isFinal = !call.isUnclear || (verdict === 'condition' && call.hasToken);
  if (isFinal && (verdict === 'condition' || verdict === 'collision')) return { kind: 'conflict' };
  return { kind: 'unavailable', message: sentence(facts) };
}

/** Whether an error of one attempt proves that this attempt wrote nothing. */
export function isRefusedCommit(error: unknown): boolean {
  const facts = errorFacts(error);
  if (facts.name === 'TransactionInProgressException') return false;
  return facts.status !== undefined && (facts.status < 500 || isThrottle(facts));
}

/** As `toFailure`, but a request that DynamoDB calls wrong, or a table that is not there, is a slip of ours. */
export function readFailure(error: unknown): Failure {
  const facts = errorFacts(error);
  if (bugs.has(facts.name)) throw error;
  return toFailure(error);
}

const bugs = new Set([
  'IdempotentParameterMismatchException',
  'ItemCollectionSizeLimitExceededException',
  'SerializationException',
  'ValidationException',
]);

type Verdict = 'condition' | 'collision' | 'busy' | 'bug';

function verdictOf(error: unknown, facts: ErrorFacts): Verdict {
  if (facts.name === 'TransactionCanceledException') return verdictOfReasons(error);
  if (facts.name === 'ConditionalCheckFailedException') return 'condition';
  if (facts.name === 'TransactionConflictException') return 'collision';
  if (bugs.has(facts.name)) return 'bug';
  if (facts.name === 'TransactionInProgressException') return 'busy';
  // Throws what is neither an answer nor a lost connection.
  toFailure(error);
  return 'busy';
}

/** One reason stands for each write; the one that says most wins. */
function verdictOfReasons(error: unknown): Verdict {
  const { CancellationReasons } = error as { CancellationReasons?: readonly { Code?: string }[] };
  const codes = new Set((CancellationReasons ?? []).map((reason) => reason.Code));
  if (codes.has('ValidationError') || codes.has('ItemCollectionSizeLimitExceeded')) return 'bug';
  if (codes.has('ConditionalCheckFailed')) return 'condition';
  if (codes.has('TransactionConflict')) return 'collision';
  return 'busy';
}
