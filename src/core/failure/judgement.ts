import { type ClassAction, type FailureClass, failureClasses } from './taxonomy.ts';

export interface FailureEvidence {
  /** The state of the job run: `FAILED`, `CANCELLED`, `CANCELLING`, `SUCCESS`; anything else is judged by the text. */
  readonly state: string;
  /** Log tail and state details, in this order, may be empty. Only the last 64 KB are read. */
  readonly text: string;
  readonly context?: FailureContext;
}

export interface FailureContext {
  /** Has this version of the job ever committed a batch? */
  readonly everCommitted?: boolean;
  /** Failures at the same planned batch with no commit between, this one included. */
  readonly sameBatchFailures?: number;
  /** Tries since the first start, this one included. */
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly executionTimeoutMs?: number;
  readonly cancelledBy?: 'checkpilot' | 'person' | 'unknown';
}

export interface Judgement {
  readonly class: FailureClass;
  readonly action: ClassAction;
  /** Id of the rule that decided. */
  readonly rule: string;
  /** The lines that decided, at most 300 characters; empty when no text did. */
  readonly evidence: string;
  /** Which worker died, when the text says so. */
  readonly worker?: 'driver' | 'executor';
}

/** A judgement with the default action of the class, unless the rule has its own. */
export function judged(
  failureClass: FailureClass,
  rule: string,
  action?: ClassAction,
  evidence = '',
): Judgement {
  return { class: failureClass, action: action ?? failureClasses[failureClass].action, rule, evidence };
}
