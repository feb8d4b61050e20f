import { placeText } from './capacity.ts';
import { gist } from './failure/gist.ts';
import { isTerminal, type JobRun } from './job-run.ts';
import type {
  ApplicationSensor,
  CapacitySensor,
  CheckpointSensor,
  FailedAttempt,
  InputSensor,
  InspectionSensor,
  LogsSensor,
  LossSensor,
  Observation,
  OthersSensor,
  RunSensor,
  SeamSensor,
} from './observation.ts';
import type { Turn } from './turn.ts';

/** What one pass saw, one line for each sensor; a sensor without an answer says why. */
export function seenLines(observation: Observation): readonly string[] {
  const { nowMs, run, others, checkpoints, ownCancelOf, logs, failedAttempt, input, turn, capacity } =
    observation;
  const { inspections = {}, seams = {}, losses, application } = observation;
  const isOwnCancel = run.kind === 'seen' && run.run.jobRunId === ownCancelOf;
  return [
    ...runLines(run, nowMs),
    ...(isOwnCancel ? ['Checkpilot itself asked for the cancel of this run'] : []),
    ...(failedAttempt ? attemptLines(failedAttempt, nowMs) : []),
    ...(logs ? [logsLine(logs)] : []),
    ...(losses ? lossLines(losses) : []),
    ...(input ? [inputLine(input)] : []),
    ...(capacity ? capacityLines(capacity) : []),
    ...(application ? applicationLines(application) : []),
    othersLine(others, nowMs),
    ...(turn ? [turnLine(turn, nowMs)] : []),
    ...Object.entries(checkpoints).map(([location, sensor]) => `${location}: ${checkpointText(sensor)}`),
    ...Object.entries(inspections).map(([location, sensor]) => `${location}: ${inspectionText(sensor)}`),
    ...Object.entries(seams).map(([location, sensor]) => `${location}: ${seamText(sensor)}`),
  ];
}

/** `42 s`, `33 min`, `5 h 20 min`, `3 d 4 h`: rounded up, so that a wait is never named too short. */
export function forMs(durationMs: number): string {
  const seconds = Math.ceil(durationMs / 1_000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** The service keeps 256 characters; without its preamble nearly all of them are shown. */
const detailsMax = 200;

function runLines(sensor: RunSensor, nowMs: number): readonly string[] {
  if (sensor.kind === 'none') return ['no run is recorded for this job'];
  if (sensor.kind === 'unknown') return [`the last run could not be read: ${sensor.why}`];
  const { run } = sensor;
  const attempt = run.attempt === undefined ? '' : `, attempt ${run.attempt} of the service`;
  const details = run.stateDetails === '' ? [] : [`"${gist(run.stateDetails, detailsMax)}"`];
  return [`run ${run.jobRunId} ${run.state}, ${ageText(run, nowMs)}${attempt}`, ...details];
}

function ageText(run: JobRun, nowMs: number): string {
  if (!isTerminal(run)) return `started ${ago(run.startedAtMs ?? run.createdAtMs, nowMs)}`;
  const endedAtMs = run.endedAtMs ?? run.updatedAtMs;
  return `ended ${ago(endedAtMs, nowMs)}, lived ${forMs(Math.max(0, endedAtMs - run.createdAtMs))}`;
}

function attemptLines(
  { number, endedAtMs, stateDetails, logs }: FailedAttempt,
  nowMs: number,
): readonly string[] {
  const details = stateDetails === '' ? [] : [`"${gist(stateDetails, detailsMax)}"`];
  return [`attempt ${number} failed ${ago(endedAtMs, nowMs)}`, ...details, logsLine(logs)];
}

function logsLine(sensor: LogsSensor): string {
  if (sensor.kind === 'read')
    return `driver logs read: ${sensor.logs.map(({ source }) => source).join(', ')}`;
  return sensor.kind === 'none'
    ? `no driver log: ${sensor.why}`
    : `the driver log could not be read: ${sensor.why}`;
}

function lossLines(sensor: LossSensor): readonly string[] {
  const { jobRunId, skipped = [] } = sensor;
  const of = `the logs of run ${jobRunId}`;
  switch (sensor.kind) {
    case 'later':
      return skipped.map((run) => `the logs of run ${run} are not searched: too many runs ended after it`);
    case 'seen': {
      const more = sensor.unread === undefined ? '' : `, ${sensor.unread} not yet`;
      const never = sensor.cut === undefined ? '' : `; ${sensor.cut} is too large and was left out`;
      const count = sensor.found.length + (sensor.further?.length ?? 0);
      const found = count === 0 ? 'no new warning' : `${count} new warnings`;
      return [`${of} were searched for lost records: ${found}${more}${never}`];
    }
    case 'none':
      return [`${of} were not searched for lost records: ${sensor.why}`];
    case 'unknown':
      return [`${of} could not be searched for lost records: ${sensor.why}`];
  }
}

function turnLine({ text, untilMs }: Turn, nowMs: number): string {
  return untilMs === undefined ? text : `${text}; next in ${forMs(Math.max(0, untilMs - nowMs))}`;
}

function inputLine(sensor: InputSensor): string {
  if (sensor.kind === 'unknown') return `what came into the stream is not known: ${sensor.why}`;
  return sensor.records > 0
    ? `${sensor.records} records came into the stream since its last batch`
    : 'nothing came into the stream since its last batch';
}

function capacityLines(sensor: CapacitySensor): readonly string[] {
  if (sensor.kind === 'unknown') return [`what the application may hold is not known: ${sensor.why}`];
  const { room, ahead, line } = sensor;
  const { maximum = {}, runsMax } = room.limits;
  const part = (held: number, max: number | undefined, unit: string) =>
    max === undefined ? [] : [`${held} of ${max} ${unit}`];
  const held = [
    ...part(room.runs, runsMax, 'concurrent runs'),
    ...part(room.held.vcpu, maximum.vcpu, 'vCPU'),
    ...part(room.held.memoryGb, maximum.memoryGb, 'GB of memory'),
    ...part(room.held.diskGb, maximum.diskGb, 'GB of disk'),
  ];
  const others = ahead.length === 0 ? '' : `, and ${ahead.length} more about to start`;
  return [
    held.length === 0
      ? 'the application has no limit that is known'
      : `the application holds at least ${held.join(', ')}${others}`,
    ...(line ? [`${placeText(line)} that wait for capacity there`] : []),
  ];
}

function applicationLines(sensor: ApplicationSensor): readonly string[] {
  if (sensor.kind === 'unknown')
    return [`what the application gives its workers could not be read: ${sensor.why}`];
  const sizes = Object.entries(sensor.sparkDefaults).map(([key, value]) => `${key}=${value}`);
  return sizes.length === 0 ? [] : [`the application gives its workers ${sizes.join(', ')}`];
}

function othersLine(sensor: OthersSensor, nowMs: number): string {
  if (sensor.kind === 'not-looked') return 'other live runs: not looked for, nothing depended on them';
  if (sensor.kind === 'unknown') return `the live runs could not be listed: ${sensor.why}`;
  if (sensor.live.length > 0) {
    const names = sensor.live.map(
      (run) => `${run.jobRunId} ${run.state} by ${run.createdBy}, started ${ago(run.createdAtMs, nowMs)}`,
    );
    return `other live runs: ${names.join('; ')}`;
  }
  const ended = sensor.ended
    ? `; the newest ended one is ${sensor.ended.jobRunId} ${sensor.ended.state}`
    : '';
  return `no other live run of this job${ended}`;
}

function checkpointText(sensor: CheckpointSensor): string {
  if (sensor.kind === 'unknown') return `could not be read: ${sensor.why}`;
  const { committedBatch, plannedBatch } = sensor;
  const committed = committedBatch < 0 ? 'no batch committed yet' : `batch ${committedBatch} committed`;
  return plannedBatch > committedBatch ? `${committed}, ${plannedBatch} planned` : committed;
}

function inspectionText(sensor: InspectionSensor): string {
  if (sensor.kind === 'unknown') return `could not be looked at before the start: ${sensor.why}`;
  const { health, fault, inFlight } = sensor;
  const batch = inFlight ? `; batch ${inFlight.batch} is in flight: ${inFlight.range}` : '';
  return `looked at, and ${health}${fault ? ` (${fault.path}: ${fault.message})` : ''}${batch}`;
}

function seamText(sensor: SeamSensor): string {
  if (sensor.kind === 'unknown') return `the first batch of this run could not be audited: ${sensor.why}`;
  if (sensor.kind === 'untold')
    return `where batch ${sensor.batch} ended is not written down, so the one after it could not be audited`;
  const { batch, gaps } = sensor;
  return gaps.length === 0
    ? `the first batch after the start begins where batch ${batch} ended: no records are missing between them`
    : `the first batch after the start does not begin where batch ${batch} ended: a gap or a jump in ${gaps.length === 1 ? 'one place' : `${gaps.length} places`}`;
}

function ago(atMs: number, nowMs: number): string {
  // A service clock a little ahead of ours is no event of the future.
  return atMs >= nowMs ? 'just now' : `${forMs(nowMs - atMs)} ago`;
}
