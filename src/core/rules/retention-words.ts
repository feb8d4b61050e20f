import { ageText, clockLine, keepsText, lossText } from '../clock-words.ts';
import { type Clock, extendAtMs, personMs } from '../data-loss-clock.ts';
import type { Extension, Hold } from '../decision.ts';
import { holdText } from '../explain-hold.ts';
import { forMs } from '../explain-seen.ts';
import type { ResolvedJob } from '../job.ts';
import { costText } from '../retention-cost.ts';
import type { DecideInput, Next } from '../rule.ts';
import { utcText } from '../utc.ts';

/** A longer retention that is wanted and may not be asked for. */
export interface Heldback {
  readonly extension: Extension;
  readonly hold: Hold;
}

interface Told {
  readonly clock: Clock;
  readonly held: Heldback | undefined;
}

/** A week is what Kinesis keeps for one price a shard. */
const proposedHours = 168;

export const retentionText = {
  concern: clockLine,

  held: ({ extension, hold }: Heldback, nowMs: number): string =>
    `${extension.stream} would be kept for ${extension.toHours} h instead of ${extension.fromHours} h (${extension.cost}), and is not: ${holdText(hold, nowMs)}`,

  notice: (input: DecideInput, next: Next, told: Told): string =>
    [`${input.job.name}: ${whatText(input, next, told)}`, gainText(input, told)].join(' '),
} as const;

function whatText({ job, observation }: DecideInput, next: Next, { clock }: Told): string {
  const { nowMs } = observation;
  const source = sourceText(job);
  const down = downText(next, nowMs);
  if (clock.kind === 'unknown') {
    const sinceText = clock.sinceMs === undefined ? 'for long' : `for ${forMs(nowMs - clock.sinceMs)}`;
    return `nothing was read ${sinceText}${down}, and nobody knows how long ${source} keeps its records (${clock.why}). Unread records may be lost at any time.`;
  }
  if (clock.kind === 'idle') return `nothing of ${source} is unread.`;
  const age = `its oldest unread record is ${ageText(clock, nowMs)}`;
  const keeps =
    clock.assumed === undefined
      ? `${source} keeps records for ${keepsText(clock.retentionMs)}`
      : `how long ${source} keeps records could not be read (${clock.assumed}); ${keepsText(clock.retentionMs)} is the shortest there is`;
  if (clock.level === 'lost')
    return `unread records are ${lossText(clock, nowMs)}${down}. ${capital(age)}, and ${keeps}. Each hour costs an hour of data.`;
  const loss = `unread records are ${lossText(clock, nowMs)}`;
  if (clock.level === 'critical') {
    const recovery =
      clock.recoveryMs >= personMs
        ? 'Nothing will mend that by itself'
        : `The job needs ${forMs(clock.recoveryMs)} to recover, if it does`;
    return `${loss}${down}. ${capital(age)}, and ${keeps}. ${recovery}.`;
  }
  return `${loss}${down}. ${capital(age)}, and ${keeps}.`;
}

/** Said when Kinesis took it, or is seen to have taken it. */
export function extendedText(job: string, { stream, fromHours, toHours, cost }: Extension): string {
  return `${job}: ${stream} keeps its records for ${toHours} h now instead of ${fromHours} h (${cost}), so that nothing unread is lost meanwhile. That is first aid: the job has to read them.`;
}

/** What gives people time: what is planned, what is held back, or what they can do. */
function gainText({ job, observation }: DecideInput, { clock, held }: Told): string {
  const { source, nowMs } = observation;
  if (held) return `${capital(retentionText.held(held, nowMs))}.`;
  const stream = job.source?.kinesis?.stream;
  if (stream === undefined) return 'To gain time, raise retention.ms of its topics.';
  const toHours = Math.floor((job.retention?.extendToMs ?? 0) / 3_600_000);
  const retention = source?.retention.kind === 'seen' ? source.retention : undefined;
  const isPlanned =
    clock.kind === 'running' &&
    retention !== undefined &&
    toHours > retention.retentionMs / 3_600_000 &&
    extendAtMs(clock) > nowMs;
  if (isPlanned)
    return `At ${utcText(extendAtMs(clock))} at the latest the stream is told to keep them for ${toHours} h (${costText(retention, toHours)}).`;
  const hours = Math.max(toHours, proposedHours);
  const cost = retention ? ` (${costText(retention, hours)})` : '';
  return `To gain time: aws kinesis increase-stream-retention-period --stream-name ${stream} --retention-period-hours ${hours}${cost}.`;
}

function downText({ verdict, guard }: Next, nowMs: number): string {
  if (guard.kind !== 'done') return `, and a person is needed: ${holdText(guard, nowMs)}`;
  if (verdict.kind === 'park' || verdict.reason === 'parked') return ', and the job is parked';
  if (verdict.reason === 'stopped-on-purpose' || verdict.reason === 'cancelled-by-person')
    return ', and the job is stopped';
  return verdict.reason === 'run-healthy' ? ', though it runs' : '';
}

function sourceText({ source }: ResolvedJob): string {
  if (source?.kinesis) return source.kinesis.stream;
  return source?.kafka ? source.kafka.topics.join(', ') : 'its source';
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
