import type { Verdict } from '../decision.ts';
import type { Judgement } from '../failure/classify.ts';
import { judged } from '../failure/judgement.ts';
import { isTerminal, type JobRun } from '../job-run.ts';
import type { LastFailure } from '../memory.ts';
import { progressOf } from '../progress.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput, Rule } from '../rule.ts';
import { agesWith } from './fixed-age.ts';
import { awaitsEvidence, judgeFailure } from './judge-failure.ts';
import { obey, staysParked } from './obey.ts';
import { park, whyStop } from './park.ts';
import { proceed } from './proceed.ts';
import { restart } from './restart.ts';
import { stoppedOnPurpose } from './stop.ts';

/** The run has ended: judge why, and park, wait or start again from the checkpoint. */
export const recover: Rule = {
  name: 'recover',
  judge(input) {
    const { observation, memory } = input;
    if (observation.run.kind !== 'seen' || !isTerminal(observation.run.run)) return undefined;
    const { run } = observation.run;
    if (memory.desired === 'stopped') return stoppedOnPurpose(memory);
    const obeyed = obey(input, run.jobRunId);
    if (obeyed) return obeyed;
    if (memory.parked?.jobRunId === run.jobRunId) return staysParked(input, memory.parked);
    if (memory.wish?.afterRunId !== run.jobRunId) return judgeEnd(input, run);
    // A person who orders a start has seen the checkpoint; everybody else stops before it.
    const isSafe = memory.wish.cause === 'operator' || !progressOf(memory, observation).wentBack;
    return isSafe ? proceed(input, memory.wish) : parkBefore(input, run);
  },
};

function judgeEnd(input: DecideInput, run: JobRun): Verdict {
  const { observation } = input;
  const { judgement, failure } = judgeFailure(input, run, observation.logs);
  const endedMs = run.endedAtMs ?? run.updatedAtMs;
  const waits = awaitsEvidence(judgement, observation.logs, observation.nowMs, endedMs);
  if (waits) return waits;
  const verdict = answerTo(input, run, judgement);
  const lastFailure: LastFailure | undefined = failure && { ...failure, fingerprint: judgement.fingerprint };
  // Whoever cancels chooses the age.
  const ages = run.state === 'CANCELLED' ? undefined : agesWith(input.memory, run);
  return {
    ...verdict,
    learned: { ...verdict.learned, ...(lastFailure ? { lastFailure } : {}), ...(ages ? { ages } : {}) },
  };
}

function answerTo(input: DecideInput, run: JobRun, judgement: Judgement): Verdict {
  const progress = progressOf(input.memory, input.observation);
  const isOwnCancel = judgement.class === 'cancelled' && input.observation.ownCancelOf === run.jobRunId;
  if (judgement.class === 'cancelled' && !isOwnCancel) return respect(input, run, judgement);
  if (progress.wentBack) return parkBefore(input, run);
  if (isOwnCancel) return afterOwnCancel(input, run, judgement);
  const action = input.job.restart.classes[judgement.class]?.action ?? judgement.action;
  switch (action) {
    case 'stop-and-page':
      return park(input, run, judgement, whyStop(judgement));
    case 'stop-and-page-data-risk':
      return park(input, run, judgement, 'data-at-risk');
    case 'ignore':
      return { kind: 'nothing', reason: 'stopped-on-purpose', judgement };
    case 'wait-for-capacity':
      return restart(input, run, judgement, action, 'waits-for-capacity');
    default:
      return restart(input, run, judgement, action, startReason(judgement));
  }
}

/** What we cancelled it for is what follows: a run that could not succeed is parked, one that stood still goes on. */
function afterOwnCancel(input: DecideInput, run: JobRun, judgement: Judgement): Verdict {
  const { cancelled } = input.memory;
  if (cancelled?.jobRunId !== run.jobRunId)
    return restart(input, run, judgement, 'restart', 'cancelled-by-checkpilot');
  return cancelled.reason === 'stalled'
    ? restart(input, run, cancelled.judgement, 'restart', 'stalled')
    : park(input, run, cancelled.judgement, cancelled.reason);
}

/** Starting on a checkpoint that was deleted, replaced or cut reads again or skips what it had done: a person decides. */
function parkBefore(input: DecideInput, run: JobRun): Verdict {
  const progress = progressOf(input.memory, input.observation);
  const { location, from, to } = progress.wentBack ?? { location: '', from: -1, to: -1 };
  const judgement = judged('checkpoint-corrupt', 'checkpoint-went-back', {
    confidence: 1,
    evidence: `${location}: batch ${from} was committed, now the newest is ${to < 0 ? 'none' : to}`,
  });
  return park(input, run, judgement, 'checkpoint-went-back', { progress });
}

function startReason(judgement: Judgement): Reason {
  if (judgement.rule === 'run-succeeded') return 'run-succeeded';
  return judgement.class === 'execution-timeout' ? 'execution-timeout' : 'job-run-failed';
}

/** A person's cancel is a decision. It is announced once and kept until somebody starts the job again. */
function respect(input: DecideInput, run: JobRun, judgement: Judgement): Verdict {
  const text = `${input.job.name}: run ${run.jobRunId} was cancelled by a person. It stays stopped until somebody starts it again.`;
  return {
    kind: 'nothing',
    reason: 'cancelled-by-person',
    judgement,
    learned: { desired: 'stopped' },
    forget: ['wish', 'grant', 'incident'],
    notice: { event: 'run.stopped-by-person', severity: 'info', text },
  };
}
