import { kinesisRetentionMinMs } from '../core/data-loss-clock.ts';
import type { KafkaSource, KinesisSource, ResolvedJob } from '../core/job.ts';
import { isGrantLive } from '../core/memory.ts';
import type { CheckpointSensor, Observation } from '../core/observation.ts';
import type {
  InputReading,
  LagReading,
  ReadMark,
  ReadSensor,
  RetentionSensor,
  SourceMemory,
  SourceSensor,
} from '../core/source.ts';
import { inputAskMs, isStill } from '../core/unread.ts';
import type { JobState } from './load.ts';
import { observeOldest } from './observe-oldest.ts';
import type { Ports } from './ports.ts';

/** How old a reading may be: the clock of a job that commits moves by itself, one that runs down needs better ones. */
const calmMs = 60 * 60_000;
const nearMs = 10 * 60_000;
const nearShare = 0.25;
/** A retention that could not be read anew counts as unknown after this long: somebody may have shortened it. */
const retentionStaleMs = 24 * 3_600_000;
/** Metrics of a minute have arrived by then. */
const metricsLateMs = 5 * 60_000;
/** Reading the batch before the last one, and the last one, fell into this time before it was planned. */
const lagWindowMs = 10 * 60_000;
const minuteMs = 60_000;

interface Look {
  readonly ports: Ports;
  readonly nowMs: number;
  readonly before: SourceMemory;
  readonly isRunning: boolean;
  /** Nothing is committed any more, as far as this pass sees. */
  readonly isStill: boolean;
  /** A pass that claims a start has to be quick: what is remembered will do. */
  readonly isQuick: boolean;
}

/**
 * How far the job has read, and how long its source keeps what it has not. A job that commits costs no call for the first,
 * and one of each kind an hour for the rest; one that stands still is read exactly, and more often when loss comes near.
 */
export async function observeSource(
  ports: Ports,
  job: ResolvedJob,
  { memory, nowMs }: JobState,
  seen: Pick<Observation, 'run' | 'checkpoints'>,
): Promise<SourceSensor | undefined> {
  if (!job.source) return undefined;
  const look: Look = {
    ports,
    nowMs,
    before: memory.source ?? {},
    isRunning: seen.run.kind === 'seen' && seen.run.run.state === 'RUNNING',
    isStill: isStill({ ...seen, nowMs }),
    isQuick: isGrantLive(memory, nowMs),
  };
  const { read, marks } = await observeRead(look, job, seen.checkpoints);
  const { kinesis, kafka } = job.source;
  if (!kinesis) return { retention: declared(kafka, nowMs), read, marks };
  const everyMs = isNear(look, read) ? nearMs : calmMs;
  const mayAsk = look.isStill && !look.isQuick;
  const [retention, lags, input, exact] = await Promise.all([
    observeRetention(look, kinesis, everyMs),
    observeLag(look, kinesis, read, everyMs),
    observeInput(look, kinesis, read, everyMs),
    observeOldest(ports, job, { read, before: look.before, nowMs, mayAsk }),
  ]);
  return { retention, read, marks, ...lags, ...(input ? { input } : {}), ...(exact ? { exact } : {}) };
}

async function observeRead(
  look: Look,
  job: ResolvedJob,
  checkpoints: Observation['checkpoints'],
): Promise<Pick<SourceSensor, 'read' | 'marks'>> {
  const sensors = await Promise.all(
    job.checkpoints.map(async (location) => readOf(look, location, checkpoints[location])),
  );
  const marks: Record<string, ReadMark> = {};
  for (const read of sensors) {
    if (read.kind !== 'seen') continue;
    const { location, batch, plannedAtMs, isExact } = read;
    marks[location] = { batch, plannedAtMs, isExact };
  }
  const unknown = sensors.find(({ kind }) => kind === 'unknown');
  const plannedMs = (read: ReadSensor) => (read.kind === 'unknown' ? 0 : read.plannedAtMs);
  const [furthest] = [...sensors].sort((a, b) => plannedMs(a) - plannedMs(b));
  const read = unknown ?? furthest ?? { kind: 'unknown', why: 'the job has no checkpoint' };
  return { read, marks: { ...look.before.read, ...marks } };
}

async function readOf(
  look: Look,
  location: string,
  sensor: CheckpointSensor | undefined,
): Promise<ReadSensor> {
  const before = look.before.read?.[location];
  if (sensor?.kind !== 'seen') {
    if (before) return { kind: 'seen', location, ...before };
    return { kind: 'unknown', why: sensor ? `the checkpoint: ${sensor.why}` : 'the checkpoint was not read' };
  }
  const { committedBatch, plannedBatch, times = {} } = sensor;
  if (plannedBatch < 0)
    return { kind: 'unknown', why: 'no batch was planned yet, so where the job begins to read is not known' };
  if (committedBatch < 0) {
    const first = await markOf(look, location, { batch: 0, dateMs: times.plannedAtMs, before: undefined });
    return first
      ? { kind: 'first-batch', plannedAtMs: first.plannedAtMs }
      : { kind: 'unknown', why: 'when batch 0 was planned cannot be told' };
  }
  const mark = await markOf(look, location, {
    batch: committedBatch,
    dateMs: times.committedPlannedAtMs,
    before,
  });
  if (!mark)
    return {
      kind: 'unknown',
      why: `when batch ${committedBatch} was planned cannot be told from ${location}`,
    };
  const { plannedAtMs, committedAtMs } = times;
  return {
    kind: 'seen',
    location,
    ...mark,
    ...(committedAtMs === undefined ? {} : { committedAtMs }),
    ...(plannedBatch > committedBatch && plannedAtMs !== undefined ? { nextPlannedAtMs: plannedAtMs } : {}),
  };
}

/** By the date of its file while the job commits; by what the batch itself says once it stands still, read once. */
async function markOf(
  { ports, before: _before, ...look }: Look,
  location: string,
  of: { readonly batch: number; readonly dateMs: number | undefined; readonly before: ReadMark | undefined },
): Promise<ReadMark | undefined> {
  const { batch, dateMs, before } = of;
  const known = before?.batch === batch ? before : undefined;
  if (known?.isExact) return known;
  if (look.isStill && !look.isQuick) {
    const exact = await ports.checkpoints.plannedAt(location, batch);
    if (exact.ok && exact.value !== undefined) return { batch, plannedAtMs: exact.value, isExact: true };
  }
  return dateMs === undefined ? known : { batch, plannedAtMs: dateMs, isExact: false };
}

/** Whether so much of the retention is used that older readings will not do. */
function isNear({ nowMs, before }: Look, read: ReadSensor): boolean {
  if (read.kind === 'unknown') return false;
  const retentionMs = before.retention?.retentionMs ?? kinesisRetentionMinMs;
  return nowMs - read.plannedAtMs + (before.lag?.lagMs ?? 0) >= nearShare * retentionMs;
}

async function observeRetention(
  { ports, nowMs, before, isQuick }: Look,
  { stream }: KinesisSource,
  everyMs: number,
): Promise<RetentionSensor> {
  const known = before.retention;
  if (known && (isQuick || nowMs - known.readAtMs < everyMs)) return { kind: 'seen', ...known };
  const answer = await ports.retentions.of(stream);
  if (answer.ok) return { kind: 'seen', ...answer.value, from: 'service' };
  if (known && nowMs - known.readAtMs < retentionStaleMs) return { kind: 'seen', ...known };
  const why = `${answer.code}: ${answer.message}`;
  return { kind: 'unknown', why, atLeastMs: kinesisRetentionMinMs };
}

/** Nobody but a broker knows how long a topic keeps records, and those are inside of a VPC: the policy says it. */
function declared(kafka: KafkaSource | undefined, nowMs: number): RetentionSensor {
  if (kafka?.retentionMs !== undefined)
    return { kind: 'seen', retentionMs: kafka.retentionMs, readAtMs: nowMs, from: 'policy' };
  return { kind: 'unknown', why: 'the policy does not say how long the topics keep records' };
}

async function observeLag(
  { ports, nowMs, before, ...look }: Look,
  { stream, consumer }: KinesisSource,
  read: ReadSensor,
  everyMs: number,
): Promise<Pick<SourceSensor, 'lag' | 'lagBefore'>> {
  const { lag, lagBefore } = before;
  const kept = { ...(lag ? { lag } : {}), ...(lagBefore ? { lagBefore } : {}) };
  if (read.kind !== 'seen' || look.isQuick) return kept;
  const readUntilMs = (read.committedAtMs ?? read.plannedAtMs) + minuteMs;
  const settledMs = readUntilMs + metricsLateMs;
  const isFresh = lag !== undefined && nowMs - lag.askedAtMs < everyMs;
  // Of a batch that is over for long its metrics say the same for ever.
  const isLast = lag?.batch === read.batch && lag.askedAtMs >= settledMs;
  const isKnown =
    look.isStill && nowMs >= settledMs ? isLast && (isFresh || lag.lagMs !== undefined) : isFresh;
  if (isKnown) return kept;
  const answer = await ports.streams.readAge(
    { stream, ...(consumer === undefined ? {} : { consumer }) },
    { fromMs: read.plannedAtMs - lagWindowMs, toMs: Math.min(readUntilMs, nowMs) },
  );
  if (!answer.ok) return kept;
  if (answer.value === undefined) {
    const asked: LagReading = { batch: read.batch, readAtMs: nowMs, ...lag, askedAtMs: nowMs };
    return { ...kept, lag: asked };
  }
  const fresh: LagReading = {
    lagMs: answer.value,
    batch: read.batch,
    readAtMs: nowMs,
    askedAtMs: nowMs,
  };
  return { lag: fresh, ...(lag ? { lagBefore: lag } : {}) };
}

async function observeInput(
  { ports, nowMs, before, ...look }: Look,
  { stream }: KinesisSource,
  read: ReadSensor,
  everyMs: number,
): Promise<InputReading | undefined> {
  if (read.kind !== 'seen') return undefined;
  const known = before.input?.batch === read.batch ? before.input : undefined;
  if (known?.firstMs !== undefined || look.isQuick) return known;
  const isWorthIt = look.isStill && nowMs - read.plannedAtMs >= inputAskMs;
  if (!isWorthIt || (known && nowMs - known.readAtMs < everyMs)) return known;
  // The minute in which the batch was planned holds what it read: only later ones tell.
  const fromMs = Math.ceil((read.plannedAtMs + 1) / minuteMs) * minuteMs;
  const answer = await ports.streams.firstInput(stream, { fromMs, toMs: nowMs });
  if (!answer.ok) return known;
  const { value: firstMs } = answer;
  return { batch: read.batch, readAtMs: nowMs, ...(firstMs === undefined ? {} : { firstMs }) };
}
