import type { ResolvedJob } from '../../core/job.ts';
import type { JournalEntry } from '../journal.ts';

/** How long the source of one job keeps its records, and what the policy says of it. */
export interface StormClock {
  readonly source?: NonNullable<ResolvedJob['source']>;
  readonly retentionMs?: number;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Topics of these jobs keep their records for three hours to eleven, in no order. */
const topicMinutes = { least: 180, span: 480, step: 79 };
/** Streams keep them for a day at least; in whole hours, as the service has it. */
const streamHours = { least: 24, span: 48, step: 7 };
/** From then on Checkpilot looks at hours only. */
const farMs = 12 * hourMs;
/** A batch takes a minute, and its end is known to the minute. */
const toleranceMs = 3 * minuteMs;
/** A failure is seen, judged, and has waited for its backoff by then. */
const readyMs = 3 * minuteMs;

export function nameOf(index: number): string {
  return `job-${String(index).padStart(5, '0')}`;
}

/** Of three jobs one reads topics of Kafka, one a stream of Kinesis, and of one nobody said what it reads. */
export function clockOf(index: number): StormClock {
  const name = nameOf(index);
  const turn = Math.floor(index / 3);
  if (index % 3 === 0) {
    const { least, span, step } = topicMinutes;
    const retentionMs = (least + ((turn * step) % span)) * minuteMs;
    return { retentionMs, source: { kafka: { topics: [name], retentionMs } } };
  }
  if (index % 3 === 1) {
    const { least, span, step } = streamHours;
    const retentionMs = (least + ((turn * step) % span)) * hourMs;
    return { retentionMs, source: { kinesis: { stream: name } } };
  }
  return {};
}

/** How many jobs waited for a minute or more while one was started whose data is lost later, as the world saw it. */
export function overtaken(
  journal: readonly JournalEntry[],
  clocks: readonly StormClock[],
  stormMs: number,
): number {
  const lastReadMs = new Map<string, number>();
  const failedMs = new Map<string, number>();
  const startedMs = new Map<string, number>();
  for (const { kind, job, cause, t } of journal) {
    if (job === undefined) continue;
    if (kind === 'batch-committed' && !startedMs.has(job)) lastReadMs.set(job, t);
    if (kind === 'attempt-failed' && t >= stormMs && !failedMs.has(job)) failedMs.set(job, t);
    if (kind === 'start-accepted' && cause === 'restart' && !startedMs.has(job)) startedMs.set(job, t);
  }
  const starts = clocks.flatMap(({ retentionMs = Number.POSITIVE_INFINITY }, index) => {
    const job = nameOf(index);
    const atMs = startedMs.get(job);
    const lossMs = (lastReadMs.get(job) ?? 0) + retentionMs;
    return atMs === undefined ? [] : { atMs, lossMs, readyMs: (failedMs.get(job) ?? atMs) + readyMs };
  });
  const isBefore = (a: number, b: number, nowMs: number) =>
    a - nowMs > farMs ? Math.floor(b / hourMs) > Math.ceil(a / hourMs) : b > a + toleranceMs;
  return starts.filter((waiting) =>
    starts.some(
      (other) =>
        other.atMs > waiting.readyMs &&
        other.atMs + minuteMs < waiting.atMs &&
        isBefore(waiting.lossMs, other.lossMs, other.atMs),
    ),
  ).length;
}
