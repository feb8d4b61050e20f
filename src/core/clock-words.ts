import type { Clock } from './data-loss-clock.ts';
import { forMs } from './explain-seen.ts';
import type { Bound } from './unread.ts';
import { utcText } from './utc.ts';

/** `24 h`, `7 d`: how long a source keeps its records. */
export function keepsText(retentionMs: number): string {
  const hours = Math.round(retentionMs / 3_600_000);
  return hours % 24 === 0 && hours > 48 ? `${hours / 24} d` : `${hours} h`;
}

/** `at most 5 h 20 min old`, with the words that say how sure that is. */
export function ageText(clock: Extract<Clock, { kind: 'running' }>, nowMs: number): string {
  return `${boundWords[clock.bound].age} ${forMs(nowMs - clock.sinceMs)} old`;
}

/** The time of loss, to the second: `lost from 2026-11-28 08:00:00 UTC on, in 12 h and not before`. */
export function lossText({ lossAtMs, bound }: Extract<Clock, { kind: 'running' }>, nowMs: number): string {
  const at = utcText(lossAtMs);
  if (lossAtMs <= nowMs) return `lost since ${bound === 'about' ? 'about ' : ''}${at}`;
  const left = forMs(lossAtMs - nowMs);
  switch (bound) {
    case 'exact':
      return `lost from ${at} on, in ${left}`;
    case 'at-most':
      return `lost from ${at} on, in ${left} and not before`;
    case 'about':
      return `lost from about ${at} on, in ${left}`;
    case 'at-least':
      return `lost from ${at} on at the latest, in ${left} or less`;
  }
}

/** The clock as one line. Which kind of reading it rests on is always said. */
export function clockLine(clock: Clock, nowMs: number): string {
  switch (clock.kind) {
    case 'idle':
      return `nothing is unread: ${clock.how}`;
    case 'unknown': {
      const since = clock.sinceMs === undefined ? '' : `; unread for ${forMs(nowMs - clock.sinceMs)} or more`;
      return `unknown: ${clock.why}${since}`;
    }
    case 'running': {
      const { retentionMs, sinceMs, how } = clock;
      const used = Math.floor((100 * Math.max(0, nowMs - sinceMs)) / retentionMs);
      const keeps =
        clock.assumed === undefined
          ? `records are kept for ${keepsText(retentionMs)}`
          : `taken as ${keepsText(retentionMs)}, the shortest there is, because it could not be read: ${clock.assumed}`;
      return `oldest unread record ${ageText(clock, nowMs)} (${how}), ${used} % of retention: ${keeps}; ${lossText(clock, nowMs)}`;
    }
  }
}

const boundWords: Readonly<Record<Bound, { readonly age: string }>> = {
  exact: { age: 'exactly' },
  'at-most': { age: 'at most' },
  about: { age: 'about' },
  'at-least': { age: 'at least' },
};
