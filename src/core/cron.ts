import { calendarDay, dayNumber } from './calendar.ts';

/** Five fields, as crontab(5) has them: which minutes of the wall clock a schedule names. */
export interface Cron {
  readonly minutes: readonly boolean[];
  readonly hours: readonly boolean[];
  readonly days: readonly boolean[];
  readonly months: readonly boolean[];
  /** 0 is Sunday. */
  readonly weekdays: readonly boolean[];
  /** crontab(5): when both the day and the weekday are restricted, either of them will do. */
  readonly isEitherDay: boolean;
}

export interface CronFault {
  /** What is wrong, naming the field and the part of it. */
  readonly message: string;
  readonly hint?: string;
  /** A name that is not known, and those that are. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

export type ParsedCron =
  | { readonly ok: true; readonly cron: Cron }
  | { readonly ok: false; readonly fault: CronFault };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const fields = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  // 7 is Sunday too, so that FRI-SUN and 5-7 can be written.
  { name: 'weekday', min: 0, max: 7, names: weekdayNames },
] as const satisfies readonly Field[];

const example = 'minute hour day month weekday, for example "0 3 * * SUN"';

export function parseCron(text: string): ParsedCron {
  const words = text.trim().split(/\s+/);
  if (words.length !== fields.length || words[0] === '')
    return fault({
      message: `expected five fields, got ${words[0] === '' ? 0 : words.length}`,
      hint: example,
    });
  const sets: (readonly boolean[])[] = [];
  for (const [index, field] of fields.entries()) {
    const set = parseField(words[index] ?? '', field);
    if (!Array.isArray(set)) return fault(set as CronFault);
    sets.push(set as readonly boolean[]);
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = sets;
  const isRestricted = (index: number) => !words[index]?.startsWith('*');
  const isEitherDay = isRestricted(2) && isRestricted(4);
  return { ok: true, cron: { minutes, hours, days, months, weekdays, isEitherDay } };
}

/** The Gregorian calendar leaves out a leap day in 2100: 29 February may be eight years away, never more. */
const searchDaysMax = 8 * 366;
const dayMs = 24 * 3_600_000;
const minuteMs = 60_000;
const minutesOfDay = 24 * 60;

/** The first minute at or after a wall time that the schedule names; undefined if it names none. */
export function nextMatch(cron: Cron, wallMs: number): number | undefined {
  const first = Math.floor(wallMs / dayMs);
  const endOfSearch = first + searchDaysMax;
  let from = Math.ceil((wallMs - first * dayMs) / minuteMs);
  for (let number = first; number <= endOfSearch; number += 1, from = 0) {
    const day = calendarDay(number);
    if (!cron.months[day.month]) {
      const isLast = day.month === 12;
      number = dayNumber(isLast ? day.year + 1 : day.year, isLast ? 1 : day.month + 1, 1) - 1;
      continue;
    }
    if (!isDay(cron, day)) continue;
    for (let minute = from; minute < minutesOfDay; minute += 1)
      if (isMinute(cron, minute)) return number * dayMs + minute * minuteMs;
  }
  return undefined;
}

/** The last minute at or before a wall time that the schedule names; undefined if it names none. */
export function lastMatch(cron: Cron, wallMs: number): number | undefined {
  const first = Math.floor(wallMs / dayMs);
  const endOfSearch = first - searchDaysMax;
  let from = Math.floor((wallMs - first * dayMs) / minuteMs);
  for (let number = first; number >= endOfSearch; number -= 1, from = minutesOfDay - 1) {
    const day = calendarDay(number);
    if (!cron.months[day.month]) {
      number = dayNumber(day.year, day.month, 1);
      continue;
    }
    if (!isDay(cron, day)) continue;
    for (let minute = from; minute >= 0; minute -= 1)
      if (isMinute(cron, minute)) return number * dayMs + minute * minuteMs;
  }
  return undefined;
}

function isDay(cron: Cron, { day, weekday }: { day: number; weekday: number }): boolean {
  const [byDay, byWeekday] = [cron.days[day] === true, cron.weekdays[weekday] === true];
  return cron.isEitherDay ? byDay || byWeekday : byDay && byWeekday;
}

function isMinute(cron: Cron, minute: number): boolean {
  return cron.hours[Math.floor(minute / 60)] === true && cron.minutes[minute % 60] === true;
}

/** A comma-separated list of `*`, a value or a range, each with a step if it says so. */
function parseField(text: string, field: Field): readonly boolean[] | CronFault {
  const set = Array.from({ length: field.max + 1 }, () => false);
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    const every = step === undefined ? 1 : /^\d{1,2}$/.test(step) ? Number(step) : 0;
    if (more.length > 0 || every < 1)
      return { message: `${field.name} "${part}": a step is a number above 0`, hint: 'for example */15' };
    const ends = parseRange(range, field, step !== undefined);
    if (!Array.isArray(ends)) return ends as CronFault;
    const [low, high] = ends as readonly [number, number];
    for (let value = low; value <= high; value += every) set[value] = true;
  }
  if (field.name !== 'weekday') return set;
  return weekdayNames.map((_, day) => set[day] === true || (day === 0 && set[7] === true));
}

function parseRange(text: string, field: Field, hasStep: boolean): readonly [number, number] | CronFault {
  if (text === '*') return [field.min, field.max];
  const [first = '', last, ...more] = text.split('-');
  if (more.length > 0) return { message: `${field.name} "${text}": a range has two ends` };
  const low = parseValue(first, field);
  if (typeof low !== 'number') return low;
  // `5/15` is "from 5 on, every 15", as in most crons.
  if (last === undefined) return [low, hasStep ? field.max : low];
  const end = parseValue(last, field);
  if (typeof end !== 'number') return end;
  const high = field.name === 'weekday' && end === 0 && low > 0 ? 7 : end;
  if (high >= low) return [low, high];
  return {
    message: `${field.name} "${text}" ends before it begins`,
    hint: `write both parts, with a comma: ${first}-${field.names?.at(-1) ?? field.max},${field.names?.[0] ?? field.min}-${last}`,
  };
}

function parseValue(text: string, field: Field): number | CronFault {
  const names = field.names ?? [];
  const index = names.indexOf(text.toUpperCase());
  if (index >= 0) return field.min + index;
  if (/^\d{1,4}$/.test(text)) {
    const value = Number(text);
    if (value >= field.min && value <= field.max) return value;
    return { message: `${field.name} ${text} is not in ${field.min} to ${field.max}` };
  }
  const message = `${field.name} "${text}" is not one`;
  return names.length > 0 && /^[A-Za-z]+$/.test(text)
    ? { message, unknown: { name: text, known: names } }
    : { message, hint: example };
}

function fault(found: CronFault): ParsedCron {
  return { ok: false, fault: found };
}
