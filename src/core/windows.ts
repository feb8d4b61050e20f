import { parseWall } from './calendar.ts';
import { type Cron, lastMatch, nextMatch, parseCron } from './cron.ts';
import type { ActionName } from './job.ts';
import { type Change, instantsOf, isTimeZone, turnedBackAfter, turnedBackBefore, wallOf } from './zone.ts';

/** A time in which some actions must not be taken, or the only time in which they may. */
export interface ResolvedWindow {
  readonly name: string;
  readonly effect: 'deny' | 'allow';
  readonly actions: readonly ActionName[];
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
  readonly when: WindowTimes;
}

export type WindowTimes =
  /** Wall times, `2026-11-26T00:00`. */
  | { readonly kind: 'once'; readonly from: string; readonly to: string }
  /** Opens whenever the clock on the wall shows a minute that the schedule names, for as long as the duration runs. */
  | { readonly kind: 'recurring'; readonly schedule: string; readonly durationMs: number };

export interface WindowState {
  readonly isOpen: boolean;
  /** When that changes; undefined where it never does, or not for very long. */
  readonly untilMs?: number;
}

/** The window that keeps an action from being taken. */
export interface WindowHold {
  readonly effect: ResolvedWindow['effect'];
  readonly window: string;
  /** Until when this one holds; another may go on. */
  readonly untilMs?: number;
}

/** What holds an action back at a moment: deny beats allow, and of several the one that goes on longest is named. */
export function windowHold(
  windows: readonly ResolvedWindow[],
  action: ActionName,
  atMs: number,
): WindowHold | undefined {
  const about = windows
    .filter(({ actions }) => actions.includes(action))
    .map((window) => ({ window, ...stateOrHold(window, atMs) }));
  const denying = about.filter(({ window, isOpen }) => window.effect === 'deny' && isOpen);
  const [longest] = denying.sort((a, b) => endOf(b) - endOf(a));
  if (longest) return holdOf(longest);
  const allowing = about.filter(({ window }) => window.effect === 'allow');
  if (allowing.length === 0 || allowing.some(({ isOpen }) => isOpen)) return undefined;
  const [soonest] = allowing.sort((a, b) => endOf(a) - endOf(b));
  return soonest && holdOf(soonest);
}

/**
 * Whether a window is open, and until when.
 *
 * A wall time that comes twice is, as a beginning, the first of the two and as an end the second; one that the clocks
 * leave out is the moment of the jump. A schedule opens its window each time its minute is shown, so twice in the hour
 * that comes twice, and once at the jump if it names a minute that is left out. Durations run as time does.
 */
export function windowState({ when, timeZone }: ResolvedWindow, atMs: number): WindowState {
  switch (when.kind) {
    case 'once': {
      const { fromMs, toMs } = onceMs(when, timeZone);
      if (atMs < fromMs) return { isOpen: false, untilMs: fromMs };
      return atMs < toMs ? { isOpen: true, untilMs: toMs } : { isOpen: false };
    }
    case 'recurring':
      return recurringState(cronOf(when.schedule), timeZone, when.durationMs, atMs);
  }
}

/** Of a zone that this runtime does not know nobody can say what its clocks show: it holds. */
function stateOrHold(window: ResolvedWindow, atMs: number): WindowState {
  return isTimeZone(window.timeZone) ? windowState(window, atMs) : { isOpen: window.effect === 'deny' };
}

/** The two moments of a window that comes once. */
export function onceMs(
  { from, to }: Extract<WindowTimes, { kind: 'once' }>,
  timeZone: string,
): { readonly fromMs: number; readonly toMs: number } {
  const [begins, ends] = [instantsOf(timeZone, wallAt(from)), instantsOf(timeZone, wallAt(to))];
  return {
    fromMs: begins.kind === 'once' ? begins.atMs : begins.kind === 'twice' ? begins.firstMs : begins.jumpMs,
    toMs: ends.kind === 'once' ? ends.atMs : ends.kind === 'twice' ? ends.lastMs : ends.jumpMs,
  };
}

/** Openings that run into each other are one: an hourly one may go on for a week. What goes on for longer has no end that is known. */
const openingsMax = 200;

function recurringState(cron: Cron, timeZone: string, durationMs: number, atMs: number): WindowState {
  const last = lastOpening(cron, timeZone, atMs);
  if (last === undefined || atMs >= last + durationMs) {
    const next = nextOpening(cron, timeZone, atMs);
    return { isOpen: false, ...(next === undefined ? {} : { untilMs: next }) };
  }
  let endMs = last + durationMs;
  for (let opening = 0; opening < openingsMax; opening += 1) {
    const later = lastOpening(cron, timeZone, endMs) ?? last;
    if (later + durationMs <= endMs) return { isOpen: true, untilMs: endMs };
    endMs = later + durationMs;
  }
  return { isOpen: true };
}

/** The last moment up to `atMs` at which the clock shows a minute of the schedule. */
function lastOpening(cron: Cron, timeZone: string, atMs: number): number | undefined {
  const shown = lastMatch(cron, wallOfMinute(timeZone, atMs));
  // The hour before the clocks were set back showed later minutes than the clock does now.
  const back = turnedBackBefore(timeZone, atMs);
  const before = back && lastMatch(cron, back.fromWallMs - minuteMs);
  const found = [
    ...(shown === undefined ? [] : openingsAt(timeZone, shown)),
    ...(back && before !== undefined ? openingsAt(timeZone, before).filter((ms) => ms < back.atMs) : []),
  ].filter((ms) => ms <= atMs);
  return found.length === 0 ? undefined : Math.max(...found);
}

/** The first moment after `atMs` at which the clock shows a minute of the schedule. */
function nextOpening(cron: Cron, timeZone: string, atMs: number): number | undefined {
  const shown = nextMatch(cron, wallOfMinute(timeZone, atMs) + minuteMs);
  // Once the clocks are set back, minutes that have passed come again.
  const back: Change | undefined = turnedBackAfter(timeZone, atMs);
  const again = back && nextMatch(cron, back.toWallMs);
  const found = [
    ...(shown === undefined ? [] : openingsAt(timeZone, shown)),
    ...(back && again !== undefined ? openingsAt(timeZone, again).filter((ms) => ms >= back.atMs) : []),
  ].filter((ms) => ms > atMs);
  return found.length === 0 ? undefined : Math.min(...found);
}

const minuteMs = 60_000;

function openingsAt(timeZone: string, wallMs: number): readonly number[] {
  const instants = instantsOf(timeZone, wallMs);
  switch (instants.kind) {
    case 'once':
      return [instants.atMs];
    case 'twice':
      return [instants.firstMs, instants.lastMs];
    case 'skipped':
      return [instants.jumpMs];
  }
}

function wallOfMinute(timeZone: string, atMs: number): number {
  return Math.floor(wallOf(timeZone, atMs) / minuteMs) * minuteMs;
}

function holdOf({ window, untilMs }: { window: ResolvedWindow; untilMs?: number }): WindowHold {
  return { effect: window.effect, window: window.name, ...(untilMs === undefined ? {} : { untilMs }) };
}

function endOf({ untilMs }: WindowState): number {
  return untilMs ?? Number.POSITIVE_INFINITY;
}

function cronOf(schedule: string): Cron {
  const parsed = parseCron(schedule);
  if (!parsed.ok)
    throw new Error(`schedule "${schedule}": ${parsed.fault.message}; the policy check must refuse it`);
  return parsed.cron;
}

function wallAt(text: string): number {
  const wallMs = parseWall(text);
  if (wallMs === undefined) throw new Error(`"${text}" is no local time; the policy check must refuse it`);
  return wallMs;
}
