import { fingerprintOf } from './fingerprint.ts';
import type { TextSource } from './lines.ts';
import { type ClassAction, type FailureClass, failureClasses } from './taxonomy.ts';
import type { Place } from './text.ts';
import { unexplainedError } from './unexplained.ts';

export interface FailureEvidence {
  /** The state of the job run: `FAILED`, `CANCELLED`, `CANCELLING`, `SUCCESS`; anything else is judged by the text. */
  readonly state: string;
  /** `stateDetails`, or all that there is to read; may be empty. Of long texts see `telling` in `lines.ts`. */
  readonly text: string;
  /** Logs that were fetched beside it, such as the driver's stderr. They are read before `text`. */
  readonly logs?: readonly TextSource[];
  readonly context?: FailureContext;
  /** What a policy knows of its own job's texts, in its order. */
  readonly classifiers?: readonly Classifier[];
}

/** Text that a log record holds, blanks collapsed, and the class that it stands for. */
export interface Classifier {
  readonly class: FailureClass;
  readonly text: string;
}

export interface FailureContext {
  /** Has this version of the job ever committed a batch? */
  readonly everCommitted?: boolean;
  /** Was another version deployed after the last committed batch? */
  readonly deployedSinceLastCommit?: boolean;
  /** Failures at the same planned batch with no commit between, this one included. */
  readonly sameBatchFailures?: number;
  /** Of the failure before, when it is known: a repetition for no known reason has to say the same twice. */
  readonly lastFingerprint?: string;
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
  /** From 0 to 1; what it is made of stands at `confidenceOf`. */
  readonly confidence: number;
  /** The lines that decided, without secrets, at most 300 characters; empty when no text did. */
  readonly evidence: string;
  /** Where the evidence stands: its source, and the line in it, from 1. */
  readonly place?: Place;
  /** The same for the same failure, see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Which worker died, when the text says so. */
  readonly worker?: 'driver' | 'executor';
}

/** What a judgement may have beside class and rule. */
export interface JudgementDetails {
  /** The default of the class when left out. */
  readonly action?: ClassAction | undefined;
  readonly evidence?: string;
  readonly place?: Place | undefined;
  /** The text that the fingerprint is taken of; the evidence when left out. */
  readonly telling?: string;
  readonly confidence: number;
}

export function judged(failureClass: FailureClass, rule: string, details: JudgementDetails): Judgement {
  const { action, evidence = '', place, telling = evidence, confidence } = details;
  return {
    class: failureClass,
    action: action ?? failureClasses[failureClass].action,
    rule,
    confidence,
    evidence,
    ...(place ? { place } : {}),
    fingerprint: fingerprintOf(rule, telling),
  };
}

/** What happened, in one plain sentence for people. */
export function summaryOf({ class: failureClass, rule }: Pick<Judgement, 'class' | 'rule'>): string {
  if (rule === unexplainedError)
    return 'No rule knows this error, so nobody can say that trying again is safe.';
  return failureClasses[failureClass].summary;
}
