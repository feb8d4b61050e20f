import { calendarDay } from './calendar.ts';

const dayMs = 86_400_000;

/** `2026-11-28 08:00:00 UTC`: core has no clock and no `Date`, so the calendar counts. */
export function utcText(atMs: number): string {
  const number = Math.floor(atMs / dayMs);
  const { year, month, day } = calendarDay(number);
  const seconds = Math.floor((atMs - number * dayMs) / 1_000);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${year}-${two(month)}-${two(day)} ${time.map(two).join(':')} UTC`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
