import type { Verdict } from '../decision.ts';
import { classify, type Judgement } from '../failure/classify.ts';
import type { ClassAction } from '../failure/taxonomy.ts';
import type { JobRun } from '../job-run.ts';
import type { LastFailure } from '../memory.ts';
import type { LogsSensor } from '../observation.ts';
import { progressOf } from '../progress.ts';
import type { DecideInput } from '../rule.ts';
import { versionOf } from '../version.ts';

/** How long after its end the logs of a run are waited for; the service uploads them while the run ends. */
const evidenceWaitMs = 3 * 60_000;
const evidenceLookMs = 20_000;

type Judged = Pick<DecideInput, 'job' | 'memory' | 'observation'>;

/** Judges an end from its text, its logs and what came before it at the same batch. */
export function judgeFailure(
  input: Judged,
  run: JobRun,
  logs: LogsSensor | undefined,
): { readonly judgement: Judgement; readonly failure?: Omit<LastFailure, 'fingerprint'> } {
  const progress = progressOf(input.memory, input.observation);
  const failure = failureAt(input, run);
  const judgement = classify({
    state: run.state,
    text: run.stateDetails,
    ...(logs?.kind === 'read' ? { logs: logs.logs } : {}),
    ...(input.job.classifiers ? { classifiers: input.job.classifiers } : {}),
    context: {
      ...(progress.everCommitted === undefined ? {} : { everCommitted: progress.everCommitted }),
      ...(isDeployedSince(input, run) ? { deployedSinceLastCommit: true } : {}),
      // Whether it came before is all that is asked here: how often is too often the streaks of the policy say.
      ...(failure ? { sameBatchFailures: Math.min(failure.count, 2) } : {}),
      ...(failure?.before === undefined ? {} : { lastFingerprint: failure.before }),
      cancelledBy: cancelledBy(input, run),
      ...(run.attempt === undefined ? {} : { attempts: run.attempt }),
      ...(run.durationMs === undefined ? {} : { durationMs: run.durationMs }),
      ...(run.executionTimeoutMs === undefined ? {} : { executionTimeoutMs: run.executionTimeoutMs }),
    },
  });
  return { judgement, ...(failure ? { failure } : {}) };
}

/** What an end that nobody has answered yet asks for; undefined for anything else. */
export function actionOfEnd(input: Judged): ClassAction | undefined {
  const { job, memory, observation } = input;
  const { run, logs } = observation;
  if (run.kind !== 'seen' || run.run.state !== 'FAILED' || memory.desired === 'stopped') return undefined;
  const { jobRunId } = run.run;
  if (memory.wish?.afterRunId === jobRunId || memory.parked?.jobRunId === jobRunId) return undefined;
  const { judgement } = judgeFailure(input, run.run, logs);
  return job.restart.classes[judgement.class]?.action ?? judgement.action;
}

/** Nothing tells why, and the logs are on their way: worth a few minutes. */
export function awaitsEvidence(
  judgement: Judgement,
  logs: LogsSensor | undefined,
  nowMs: number,
  endedMs: number,
): Verdict | undefined {
  const isComing = logs?.kind === 'none' && logs.mayCome === true && nowMs - endedMs < evidenceWaitMs;
  if (judgement.class !== 'unknown' || !isComing) return undefined;
  return { kind: 'wait', reason: 'awaits-evidence', untilMs: nowMs + evidenceLookMs };
}

/** Where this end stands, and how many ends in a row stood there. Unknown while a checkpoint cannot be read. */
function failureAt(
  { observation, memory }: Judged,
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

/** A streaming run has no execution time-out, so somebody asked; of any other run its age has to tell. */
function cancelledBy({ observation }: Judged, run: JobRun): 'checkpilot' | 'person' | 'unknown' {
  if (observation.ownCancelOf === run.jobRunId) return 'checkpilot';
  return run.mode === 'STREAMING' ? 'person' : 'unknown';
}

/** Another program than the one that committed last, and it has committed nothing yet. */
export function isDeployedSince({ memory, observation }: Judged, run: JobRun): boolean {
  if (memory.good === undefined || progressOf(memory, observation).committed) return false;
  return versionOf(run.request).id !== memory.good.id;
}
