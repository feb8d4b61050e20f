import { lostExecutor } from '../core/failure/lost-executor.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isLive, type JobRun } from '../core/job-run.ts';
import { isGrantLive } from '../core/memory.ts';
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
  const { jobRunId } = run.run;
  const isJudged = memory.wish?.afterRunId === jobRunId || memory.parked?.jobRunId === jobRunId;
  if (isJudged || memory.desired === 'stopped') return undefined;
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

/** Once for each start, when the new run has planned a batch of its own. */
export async function observeSeams(
  ports: Ports,
  job: ResolvedJob,
  { memory }: JobState,
  { run, checkpoints }: Pick<Observation, 'run' | 'checkpoints'>,
): Promise<Observation['seams']> {
  if (run.kind !== 'seen' || run.run.state !== 'RUNNING' || memory.audited === memory.generation)
    return undefined;
  const due = Object.entries(checkpoints).flatMap(([location, sensor]) => {
    const { plannedAtStart: batch = -1 } = memory.progress[location] ?? {};
    return batch < 0
      ? []
      : [{ location, batch, isReady: sensor.kind === 'seen' && sensor.plannedBatch > batch }];
  });
  // Until every query has planned one, the audit is not whole.
  if (due.length === 0 || due.some(({ isReady }) => !isReady)) return undefined;
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
