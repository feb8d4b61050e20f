import type { Judgement } from '../failure/judgement.ts';
import { type ClassAction, isRestart } from '../failure/taxonomy.ts';
import { unexplainedError } from '../failure/unexplained.ts';
import { isLive, type JobRun } from '../job-run.ts';
import type { Cancelled, LastFailure } from '../memory.ts';
import type { FailedAttempt, Observation } from '../observation.ts';
import type { Rule } from '../rule.ts';
import { awaitsEvidence, judgeFailure } from './judge-failure.ts';
import { whyStop } from './park.ts';

const watchedLookMs = 60_000;

/**
 * The service tries a failed run again by itself, with the same code and the same input, and never gives up on one that
 * fails seldom enough (1 to 10 failed attempts an hour). Each failed attempt is judged like an end: what no retry can
 * cure is cancelled, and parked once it is gone.
 */
export const futile: Rule = {
  name: 'futile',
  judge(input) {
    const { observation, memory, job } = input;
    const { run, failedAttempt } = observation;
    if (failedAttempt === undefined || run.kind !== 'seen' || !isLive(run.run)) return undefined;
    if (run.run.state === 'CANCELLING' || memory.desired === 'stopped') return undefined;
    const { judgement, failure } = judgeFailure(input, endOf(run.run, failedAttempt), failedAttempt.logs);
    const { nowMs } = observation;
    const waits = awaitsEvidence(judgement, failedAttempt.logs, nowMs, failedAttempt.endedAtMs);
    if (waits) return waits;
    const learned: { lastFailure?: LastFailure } = failure
      ? { lastFailure: { ...failure, fingerprint: judgement.fingerprint } }
      : {};
    const byPolicy = job.restart.classes[judgement.class]?.action;
    const action = byPolicy ?? judgement.action;
    // Nobody knows it, and the policy says nothing of it: the service may find out whether it passes, until it has said
    // the same twice at one batch.
    const isKnown =
      judgement.rule !== unexplainedError ||
      byPolicy !== undefined ||
      failure?.before === judgement.fingerprint;
    const isCured = action === 'stop-and-page' && hasCommittedSince(failedAttempt, observation);
    if (isCured || !isKnown || isRestart(action) || action === 'wait-for-capacity' || action === 'ignore')
      return {
        kind: 'nothing',
        reason: 'attempt-failed',
        judgement,
        learned,
        untilMs: nowMs + watchedLookMs,
      };
    const cancelled = { jobRunId: run.run.jobRunId, reason: whyPark(action, judgement), judgement };
    return { kind: 'cancel', run: run.run, reason: 'futile', judgement, learned: { ...learned, cancelled } };
  },
};

/** The attempt after it got further, so the retry did help, whatever the text said. */
function hasCommittedSince({ endedAtMs }: FailedAttempt, { checkpoints }: Observation): boolean {
  return Object.values(checkpoints).some(
    (sensor) => sensor.kind === 'seen' && (sensor.times?.committedAtMs ?? 0) > endedAtMs,
  );
}

/** The attempt as if it were a run that ended: the same evidence, the same judgement. */
function endOf(run: JobRun, attempt: FailedAttempt): JobRun {
  return {
    ...run,
    jobRunId: attemptKey(run, attempt.number),
    state: 'FAILED',
    stateDetails: attempt.stateDetails,
    attempt: attempt.number,
    endedAtMs: attempt.endedAtMs,
  };
}

/** Names an attempt among the ends that were judged. */
export function attemptKey(run: JobRun, attempt: number): string {
  return `${run.jobRunId} attempt ${attempt}`;
}

function whyPark(action: ClassAction, judgement: Judgement): Cancelled['reason'] {
  return action === 'stop-and-page-data-risk' ? 'data-at-risk' : whyStop(judgement);
}
