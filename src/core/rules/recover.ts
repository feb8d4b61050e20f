import type { Verdict } from '../decision.ts';
import { classify, type Judgement } from '../failure/classify.ts';
import { judged } from '../failure/judgement.ts';
import { isTerminal, type JobRun } from '../job-run.ts';
import type { LastFailure } from '../memory.ts';
import { progressOf } from '../progress.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput, Rule } from '../rule.ts';
import { obey } from './obey.ts';
import { park } from './park.ts';
import { proceed } from './proceed.ts';
import { restart } from './restart.ts';

/** The run has ended: judge why, and park, wait or start again from the checkpoint. */
export const recover: Rule = {
  name: 'recover',
  judge(input) {
    const { observation, memory } = input;
    if (observation.run.kind !== 'seen' || !isTerminal(observation.run.run)) return undefined;
    const { run } = observation.run;
    if (memory.desired === 'stopped')
      return { kind: 'nothing', reason: 'stopped-on-purpose', forget: ['wish', 'grant'] };
    const obeyed = obey(input, run.jobRunId);
    if (obeyed) return obeyed;
    if (memory.parked?.jobRunId === run.jobRunId)
      return { kind: 'nothing', reason: 'parked', forget: ['wish', 'grant'] };
    if (memory.wish?.afterRunId !== run.jobRunId) return judgeEnd(input, run);
    // A person who orders a start has seen the checkpoint; everybody else stops before it.
    const isSafe = memory.wish.cause === 'operator' || !progressOf(memory, observation).wentBack;
    return isSafe ? proceed(input, memory.wish) : parkBefore(input, run);
  },
};

/** How long after its end the logs of a run are waited for; the service uploads them while the run ends. */
const evidenceWaitMs = 3 * 60_000;
const evidenceLookMs = 20_000;

function judgeEnd(input: DecideInput, run: JobRun): Verdict {
  const { observation, memory } = input;
  const progress = progressOf(memory, observation);
  const failure = failureAt(input, run);
  const { logs } = observation;
  const judgement = classify({
    state: run.state,
    text: run.stateDetails,
    ...(logs?.kind === 'read' ? { logs: logs.logs } : {}),
    context: {
      ...(progress.batch === undefined ? {} : { everCommitted: progress.batch >= 0 }),
      // Whether it came before is all that is asked here: how often is too often the streaks of the policy say.
      ...(failure ? { sameBatchFailures: Math.min(failure.count, 2) } : {}),
      ...(failure?.before === undefined ? {} : { lastFingerprint: failure.before }),
      cancelledBy: cancelledBy(input, run),
      ...(run.attempt === undefined ? {} : { attempts: run.attempt }),
      ...(run.durationMs === undefined ? {} : { durationMs: run.durationMs }),
      ...(run.executionTimeoutMs === undefined ? {} : { executionTimeoutMs: run.executionTimeoutMs }),
    },
  });
  const endedMs = run.endedAtMs ?? run.updatedAtMs;
  const isComing =
    logs?.kind === 'none' && logs.mayCome === true && observation.nowMs - endedMs < evidenceWaitMs;
  if (judgement.class === 'unknown' && isComing)
    return { kind: 'wait', reason: 'awaits-evidence', untilMs: observation.nowMs + evidenceLookMs };
  const verdict = answerTo(input, run, judgement);
  if (!failure) return verdict;
  const lastFailure: LastFailure = { ...failure, fingerprint: judgement.fingerprint };
  return { ...verdict, learned: { ...verdict.learned, lastFailure } };
}

/** Where this end stands, and how many ends in a row stood there. Unknown while a checkpoint cannot be read. */
function failureAt(
  { observation, memory }: DecideInput,
  run: JobRun,
): Omit<LastFailure, 'fingerprint'> | undefined {
  if (run.state !== 'FAILED') return undefined;
  const stands: string[] = [];
  for (const sensor of Object.values(observation.checkpoints)) {
    if (sensor.kind !== 'seen') return undefined;
    stands.push(`${sensor.committedBatch}/${sensor.plannedBatch}`);
  }
  const standsAt = stands.join(' ');
  const before = memory.lastFailure;
  if (before?.jobRunId === run.jobRunId) return before;
  if (before?.standsAt !== standsAt) return { jobRunId: run.jobRunId, standsAt, count: 1 };
  return { jobRunId: run.jobRunId, standsAt, count: before.count + 1, before: before.fingerprint };
}

function answerTo(input: DecideInput, run: JobRun, judgement: Judgement): Verdict {
  const progress = progressOf(input.memory, input.observation);
  const isOwnCancel = judgement.class === 'cancelled' && input.observation.ownCancelOf === run.jobRunId;
  if (judgement.class === 'cancelled' && !isOwnCancel) return respect(input, run, judgement);
  if (progress.wentBack) return parkBefore(input, run);
  const action = input.job.restart.classes[judgement.class]?.action ?? judgement.action;
  if (isOwnCancel) return restart(input, run, judgement, 'restart', 'cancelled-by-checkpilot');
  switch (action) {
    case 'stop-and-page':
      return park(input, run, judgement, 'deterministic-failure');
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

/** Starting on a checkpoint that was deleted, replaced or cut reads again or skips what it had done: a person decides. */
function parkBefore(input: DecideInput, run: JobRun): Verdict {
  const progress = progressOf(input.memory, input.observation);
  const { location, from, to } = progress.wentBack ?? { location: '', from: -1, to: -1 };
  const judgement = judged('checkpoint-corrupt', 'checkpoint-went-back', {
    confidence: 1,
    evidence: `${location}: batch ${from} was committed, now the newest is ${to < 0 ? 'none' : to}`,
  });
  return park(input, run, judgement, 'checkpoint-went-back', progress);
}

/** A streaming run has no execution time-out, so somebody asked; of any other run its age has to tell. */
function cancelledBy({ observation }: DecideInput, run: JobRun): 'checkpilot' | 'person' | 'unknown' {
  if (observation.ownCancelOf === run.jobRunId) return 'checkpilot';
  return run.mode === 'STREAMING' ? 'person' : 'unknown';
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
