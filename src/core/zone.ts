/**
 * The wall clocks of the world, from the time zone database inside Intl. A *wall* time is what a clock on the wall shows,
 * as milliseconds counted as if it were UTC. Nothing here reads the time of now.
 */
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Zones are at most this far from UTC: Kiribati to the east, and to the west less. */
const offsetMsMax = 14 * hourMs;

/** When a wall time is. In the hour that is left out it is never: then the moment of the jump stands for it. */
export type Instants =
  | { readonly kind: 'once'; readonly atMs: number }
  | { readonly kind: 'twice'; readonly firstMs: number; readonly lastMs: number }
  | { readonly kind: 'skipped'; readonly jumpMs: number };

export function wallOf(timeZone: string, atMs: number): number {
  return atMs + offsetOf(timeZone, atMs);
}

export function instantsOf(timeZone: string, wallMs: number): Instants {
  const [fromMs, toMs] = [wallMs - offsetMsMax, wallMs + offsetMsMax];
  const [before, after] = [offsetOf(timeZone, fromMs), offsetOf(timeZone, toMs)];
  if (before === after) return { kind: 'once', atMs: wallMs - before };
  const changeMs = changeBetween(timeZone, fromMs, toMs);
  const [firstMs, lastMs] = [wallMs - before, wallMs - after];
  const [isBefore, isAfter] = [firstMs < changeMs, lastMs >= changeMs];
  if (isBefore && isAfter) return { kind: 'twice', firstMs, lastMs };
  if (!isBefore && !isAfter) return { kind: 'skipped', jumpMs: changeMs };
  return { kind: 'once', atMs: isBefore ? firstMs : lastMs };
}

/** The moment within a day before `atMs` from which on the clock shows an hour again; undefined where there is none. */
export function turnedBackBefore(timeZone: string, atMs: number): Change | undefined {
  return turnedBack(timeZone, atMs - dayMs, atMs);
}

/** The same within a day after `atMs`. */
export function turnedBackAfter(timeZone: string, atMs: number): Change | undefined {
  return turnedBack(timeZone, atMs, atMs + dayMs);
}

export interface Change {
  readonly atMs: number;
  /** What the clock would have shown then, and what it shows. */
  readonly fromWallMs: number;
  readonly toWallMs: number;
}

/** Whether this machine's database has a zone of that name. Offsets and abbreviations such as EST have no rules. */
export function isTimeZone(name: string): boolean {
  if (name !== 'UTC' && !/^[A-Za-z]+(?:\/[A-Za-z0-9_+-]+){1,2}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Names to choose a near one from. */
export function timeZones(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

function turnedBack(timeZone: string, fromMs: number, toMs: number): Change | undefined {
  const [before, after] = [offsetOf(timeZone, fromMs), offsetOf(timeZone, toMs)];
  if (after >= before) return undefined;
  const atMs = changeBetween(timeZone, fromMs, toMs);
  return { atMs, fromWallMs: atMs + before, toWallMs: atMs + after };
}

/** Clocks are set on whole minutes. Between the two times they are, once. */
function changeBetween(timeZone: string, fromMs: number, toMs: number, ask = offsetOf): number {
  const before = ask(timeZone, fromMs);
  let low = Math.floor(fromMs / minuteMs);
  let high = Math.ceil(toMs / minuteMs);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (ask(timeZone, middle * minuteMs) === before) low = middle;
    else high = middle;
  }
  return high * minuteMs;
}

/** Asking Intl takes ten times what all the rest does, so what it said of a year is kept, and kept for ever true. */
interface Stretch {
  readonly fromMs: number;
  readonly offsetMs: number;
}
const stretches = new Map<string, readonly Stretch[]>();
const yearMs = 364 * dayMs;
/** No zone sets its clocks twice in a week. */
const weekMs = 7 * dayMs;

function offsetOf(timeZone: string, atMs: number): number {
  const year = Math.floor(atMs / yearMs);
  const key = `${timeZone} ${year}`;
  const known = stretches.get(key) ?? readYear(timeZone, year * yearMs);
  stretches.set(key, known);
  return known.findLast(({ fromMs }) => fromMs <= atMs)?.offsetMs ?? 0;
}

function readYear(timeZone: string, startMs: number): readonly Stretch[] {
  const found: Stretch[] = [{ fromMs: startMs, offsetMs: askOffset(timeZone, startMs) }];
  for (let weekStartMs = startMs; weekStartMs < startMs + yearMs; weekStartMs += weekMs) {
    const weekEndMs = weekStartMs + weekMs;
    const offsetMs = askOffset(timeZone, weekEndMs);
    if (offsetMs === found.at(-1)?.offsetMs) continue;
    found.push({ fromMs: changeBetween(timeZone, weekStartMs, weekEndMs, askOffset), offsetMs });
  }
  return found;
}

/** `11/27/2026, GMT-03:00`; UTC itself is `GMT` alone. */
const offsetPattern = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

function askOffset(timeZone: string, atMs: number): number {
  const text = formatOf(timeZone).format(atMs);
  const [found, sign, hours = '0', minutes = '0', seconds = '0'] = offsetPattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`no offset of ${timeZone} in "${text}"`);
  const ms = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ms : ms;
}

/** Making one costs a hundred times what asking it does. The same name always gives the same clock. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  return format;
}
