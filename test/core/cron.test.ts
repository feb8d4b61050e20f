import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarDay, dayNumber, parseWall } from '../../src/core/calendar.ts';
import { lastMatch, nextMatch, parseCron } from '../../src/core/cron.ts';

const dayMs = 86_400_000;

function nextOf(schedule: string, from: string): string | undefined {
  const parsed = parseCron(schedule);
  if (!parsed.ok) expect.fail(parsed.fault.message);
  const found = nextMatch(parsed.cron, Date.parse(`${from}:00Z`));
  return found === undefined ? undefined : new Date(found).toISOString().slice(0, 16);
}

function faultOf(schedule: string) {
  const parsed = parseCron(schedule);
  return parsed.ok ? undefined : parsed.fault;
}

describe('a schedule', () => {
  it.each([
    ['0 3 * * SUN', '2026-11-22T03:01', '2026-11-29T03:00'],
    ['0 3 * * 7', '2026-11-22T03:00', '2026-11-22T03:00'],
    ['30 22 * * MON-FRI', '2026-11-20T22:31', '2026-11-23T22:30'],
    ['0 0 * * fri-sun', '2026-11-23T00:00', '2026-11-27T00:00'],
    ['*/15 8-10,20 * * *', '2026-11-22T10:46', '2026-11-22T20:00'],
    ['5/20 * * * *', '2026-11-22T10:46', '2026-11-22T11:05'],
    ['0 0 1 JAN,jul *', '2026-01-02T00:00', '2026-07-01T00:00'],
    ['0 0 29 2 *', '2026-11-22T00:00', '2028-02-29T00:00'],
    // crontab(5): restricted in both, either of them will do.
    ['0 0 13 * FRI', '2026-11-14T00:00', '2026-11-20T00:00'],
    ['0 0 13 * FRI', '2026-12-12T00:00', '2026-12-13T00:00'],
    // A day that begins with a star restricts nothing by that rule.
    ['0 0 */2 * FRI', '2026-11-21T00:00', '2026-11-27T00:00'],
  ])('%s names after %s first %s', (schedule, from, expected) => {
    expect(nextOf(schedule, from)).toBe(expected);
  });

  it('may name no minute at all', () => {
    expect(nextOf('0 0 30 FEB *', '2026-01-01T00:00')).toBeUndefined();
    // 2100 is no leap year.
    expect(nextOf('0 0 29 FEB *', '2096-03-01T00:00')).toBe('2104-02-29T00:00');
  });

  it.each([
    ['', 'expected five fields, got 0'],
    ['0 3 * *', 'expected five fields, got 4'],
    ['0 3 * * SUN 2026', 'expected five fields, got 6'],
    ['@daily', 'expected five fields, got 1'],
    ['60 3 * * *', 'minute 60 is not in 0 to 59'],
    ['0 24 * * *', 'hour 24 is not in 0 to 23'],
    ['0 0 0 * *', 'day 0 is not in 1 to 31'],
    ['0 0 * * 8', 'weekday 8 is not in 0 to 7'],
    ['0 0 * * FRI-', 'weekday "" is not one'],
    ['0 0 ? * *', 'day "?" is not one'],
    ['0 0 L * *', 'day "L" is not one'],
    ['0 */0 * * *', 'hour "*/0": a step is a number above 0'],
    ['0 1/2/3 * * *', 'hour "1/2/3": a step is a number above 0'],
    ['0 22-6 * * *', 'hour "22-6" ends before it begins'],
    ['0 1-2-3 * * *', 'hour "1-2-3": a range has two ends'],
    ['-1 0 * * *', 'minute "" is not one'],
  ])('"%s" is refused: %s', (schedule, message) => {
    expect(faultOf(schedule)?.message).toBe(message);
  });

  it('says which names it knows, and how a range over the end is written', () => {
    expect(faultOf('0 0 * * SUNN')?.unknown).toMatchObject({
      name: 'SUNN',
      known: expect.arrayContaining(['SUN']),
    });
    expect(faultOf('0 22-6 * * *')?.hint).toBe('write both parts, with a comma: 22-23,0-6');
    expect(faultOf('0 0 * * FRI-MON')?.hint).toBe('write both parts, with a comma: FRI-SAT,SUN-MON');
  });

  it('finds backwards what it finds forwards', () => {
    const schedules = fc.constantFrom(
      '0 3 * * SUN',
      '*/7 1-5 * * *',
      '59 23 31 12 *',
      '0 0 13 * FRI',
      '5 4 1 MAR *',
    );
    const times = fc.integer({ min: Date.UTC(2000, 0, 1) / 60_000, max: Date.UTC(2060, 0, 1) / 60_000 });
    fc.assert(
      fc.property(schedules, times, (schedule, minute) => {
        const parsed = parseCron(schedule);
        if (!parsed.ok) expect.fail();
        const next = nextMatch(parsed.cron, minute * 60_000) ?? Number.NaN;
        expect(next).toBeGreaterThanOrEqual(minute * 60_000);
        expect(lastMatch(parsed.cron, next)).toBe(next);
        const last = lastMatch(parsed.cron, minute * 60_000) ?? Number.NaN;
        expect(last).toBeLessThanOrEqual(minute * 60_000);
        expect(nextMatch(parsed.cron, last)).toBe(last);
        if (next !== last) expect(nextMatch(parsed.cron, last + 60_000)).toBe(next);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the calendar', () => {
  it('is that of Date, over four hundred years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -80_000, max: 80_000 }), (number) => {
        const date = new Date(number * dayMs);
        const day = {
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          weekday: date.getUTCDay(),
        };
        expect(calendarDay(number)).toEqual(day);
        expect(dayNumber(day.year, day.month, day.day)).toBe(number);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2026-11-26T00:00', '2026-11-26T00:00:00Z'],
    ['2028-02-29T23:59', '2028-02-29T23:59:00Z'],
    ['2026-02-29T00:00', undefined],
    ['2026-13-01T00:00', undefined],
    ['2026-11-26T24:00', undefined],
    ['2026-11-26T00:60', undefined],
    ['2026-11-26', undefined],
    ['2026-11-26T00:00Z', undefined],
  ])('reads %s as a local time, or not at all', (text, expected) => {
    expect(parseWall(text)).toBe(expected && Date.parse(expected));
  });
});
