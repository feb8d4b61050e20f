import { isAudited } from '../core/audits.ts';
import { lostExecutor } from '../core/failure/lost-executor.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isLive, isTerminal, type JobRun } from '../core/job-run.ts';
import { isGrantLive, type JobMemory } from '../core/memory.ts';
import type {
  FailedAttempt,
  InputSensor,
  LogsSensor,
  Observation,
  RunSensor,
  SeamSensor,
} from '../core/observation.ts';
import { attemptKey } from '../core/rules/futile.ts';
import { quietSinceMs } from '../core/rules/stall.ts';
import type { JobState } from './load.ts';
import type { CheckpointOptions, Ports } from './ports.ts';

/** Only for an end that is still to be judged: logs are the dearest evidence, and an end is judged once. */
export async function observeLogs(
  ports: Ports,
  { memory }: JobState,
  run: RunSensor,
): Promise<LogsSensor | undefined> {
  if (run.kind !== 'seen' || run.run.state !== 'FAILED') return undefined;
  if (!isToBeJudged(memory, run.run)) return undefined;
  return readLogs(ports, run.run);
}

/** The driver's logs; where they only say that an executor was lost, that executor's too. */
async function readLogs(ports: Ports, run: JobRun, attempt?: number): Promise<LogsSensor> {
  const driver = await ports.logs.read(run, attempt);
  if (driver.kind !== 'read') return driver;
  const executor = lostExecutor(run.stateDetails, driver.logs);
  if (executor === undefined) return driver;
  const more = await ports.logs.readExecutor(run, executor, attempt);
  if (more.kind === 'unknown') return { ...driver, unread: more.why };
  return more.kind === 'read' ? { kind: 'read', logs: [...driver.logs, ...more.logs] } : driver;
}

/** The service tries a live run again: why the attempt before failed is read once, when it is judged. */
export async function observeAttempt(
  ports: Ports,
  { memory }: JobState,
  sensor: RunSensor,
): Promise<FailedAttempt | undefined> {
  if (sensor.kind !== 'seen' || !isLive(sensor.run) || memory.desired === 'stopped') return undefined;
  const { run } = sensor;
  const number = (run.attempt ?? 1) - 1;
  if (number < 1 || run.state === 'CANCELLING') return undefined;
  if (memory.lastFailure?.jobRunId === attemptKey(run, number)) return undefined;
  const answer = await ports.runs.get(run.applicationId, run.jobRunId, number);
  // A hint: without it the run is judged when it ends, as any other.
  if (!answer.ok) return undefined;
  const { stateDetails, endedAtMs, updatedAtMs } = answer.value;
  const logs = await readLogs(ports, { ...run, stateDetails }, number);
  return { number, stateDetails, endedAtMs: endedAtMs ?? updatedAtMs, logs };
}

/** Seven calls or so, that are only made by a pass that may claim, and when an end in the middle of a batch is judged. */
export async function observeInspections(
  ports: Ports,
  job: ResolvedJob,
  { memory, nowMs }: JobState,
  seen: Pick<Observation, 'others' | 'checkpoints' | 'logs' | 'failedAttempt'>,
): Promise<Observation['inspections']> {
  const mayClaim = isGrantLive(memory, nowMs) && seen.others.kind === 'seen';
  const isInFlight = Object.values(seen.checkpoints).some(
    (sensor) => sensor.kind === 'seen' && sensor.plannedBatch > sensor.committedBatch,
  );
  // Logs are read for what is to be judged, and so is this.
  const isJudged = seen.logs !== undefined || seen.failedAttempt !== undefined;
  if (!mayClaim && !(isJudged && isInFlight)) return undefined;
  const answers = await Promise.all(
    job.checkpoints.map(
      async (location) => [location, await ports.checkpoints.inspect(location, optionsOf(job))] as const,
    ),
  );
  return Object.fromEntries(
    answers.map(([location, answer]) => [
      location,
      answer.ok
        ? { kind: 'seen', ...answer.value }
        : { kind: 'unknown', why: `${answer.code}: ${answer.message}` },
    ]),
  );
}

function optionsOf({ source }: ResolvedJob): CheckpointOptions {
  const { committerTable } = source?.kinesis ?? {};
  return committerTable === undefined ? {} : { committerTable };
}

/** At each location once for each start, when the new run has planned a batch there; at the latest when its end is judged. */
export async function observeSeams(
  ports: Ports,
  job: ResolvedJob,
  { memory }: JobState,
  { run, checkpoints }: Pick<Observation, 'run' | 'checkpoints'>,
): Promise<Observation['seams']> {
  if (run.kind !== 'seen') return undefined;
  if (run.run.state !== 'RUNNING' && !(isTerminal(run.run) && isToBeJudged(memory, run.run)))
    return undefined;
  const due = Object.entries(checkpoints).flatMap(([location, sensor]) => {
    const { plannedAtStart: batch = -1 } = memory.progress[location] ?? {};
    const isReady = batch >= 0 && sensor.kind === 'seen' && sensor.plannedBatch > batch;
    return isReady && !isAudited(memory, location) ? [{ location, batch }] : [];
  });
  if (due.length === 0) return undefined;
  const seams: Record<string, SeamSensor> = {};
  for (const { location, batch } of due) {
    const answer = await ports.checkpoints.seam(location, batch, optionsOf(job));
    seams[location] = answer.ok
      ? answer.value
        ? { kind: 'seen', batch, gaps: answer.value }
        : { kind: 'untold', batch }
      : { kind: 'unknown', why: `${answer.code}: ${answer.message}` };
  }
  return seams;
}

/** An end is judged once, and not while the job is meant to be stopped. */
function isToBeJudged({ wish, parked, desired }: JobMemory, { jobRunId }: JobRun): boolean {
  return desired !== 'stopped' && wish?.afterRunId !== jobRunId && parked?.jobRunId !== jobRunId;
}

/** A quiet job may have a quiet stream: its metrics tell, and are asked for only then. */
export async function observeInput(
  ports: Ports,
  job: ResolvedJob,
  seen: Pick<Observation, 'run' | 'checkpoints' | 'nowMs'>,
): Promise<InputSensor | undefined> {
  const stream = job.source?.kinesis?.stream;
  const fromMs = quietSinceMs(job, seen);
  if (stream === undefined || fromMs === undefined) return undefined;
  const answer = await ports.streams.received(stream, { fromMs, toMs: seen.nowMs });
  return answer.ok
    ? { kind: 'seen', records: answer.value }
    : { kind: 'unknown', why: `${answer.code}: ${answer.message}` };
}
