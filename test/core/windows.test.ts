import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ResolvedWindow, windowHold, windowState } from '../../src/core/windows.ts';
import { openingsOf, schedules, yearOf } from '../support/wall-clock.ts';

const minuteMs = 60_000;

const recurring = (timeZone: string, schedule: string, durationMs: number): ResolvedWindow => ({
  name: 'w',
  effect: 'deny',
  actions: ['restart'],
  timeZone,
  when: { kind: 'recurring', schedule, durationMs },
});

/** Zones and years in which the clocks are set in every way that they are: north, south, by half an hour, by a day, never. */
const zones = [
  ['America/Sao_Paulo', 2018],
  ['America/New_York', 2026],
  ['Europe/Berlin', 2026],
  ['Australia/Lord_Howe', 2026],
  ['Pacific/Auckland', 2026],
  ['Pacific/Apia', 2011],
  ['Africa/Casablanca', 2026],
  ['Asia/Kathmandu', 2026],
  ['UTC', 2026],
] as const;

describe.each(zones)('a recurring window in %s, %i', (timeZone, year) => {
  const clock = yearOf(timeZone, year);
  const { count } = clock;
  /** Whatever else is drawn, these minutes are looked at: before, at and after each change of the clock. */
  const edges = clock.changes.flatMap((minute) =>
    Array.from({ length: 40 }, (_, index) => minute - 240 + index * 12 + (index % 3)),
  );

  it('is open exactly when a minute-by-minute look at the clock says so, and says when that changes', () => {
    const given = fc.record({
      schedule: schedules,
      minutes: fc.constantFrom(1, 10, 29, 60, 90, 480, 1_440),
      at: fc.uniqueArray(fc.nat(count - 1), { minLength: 20, maxLength: 20 }),
    });
    fc.assert(
      fc.property(given, ({ schedule, minutes, at }) => {
        const window = recurring(timeZone, schedule.text, minutes * minuteMs);
        const { isOpen, nextChange } = openingsOf(clock, schedule, minutes);
        // What opened in the year before is not in the table.
        for (const minute of [...at, ...edges].filter((each) => each > 3 * 1_440 && each < count)) {
          const found = windowState(window, clock.firstMs + minute * minuteMs + 17_000);
          expect(found.isOpen, `${schedule.text} at minute ${minute}`).toBe(isOpen[minute] === 1);
          const until = ((found.untilMs ?? Number.POSITIVE_INFINITY) - clock.firstMs) / minuteMs;
          const expected = nextChange[minute] ?? count;
          // What lies beyond the year is not in the table.
          if (expected >= count) expect(until).toBeGreaterThan(count - 1);
          // No end at all is named, least of all a wrong one, where openings run into each other for very long.
          else if (found.isOpen && found.untilMs === undefined)
            expect(expected - minute).toBeGreaterThan(200);
          else expect(until, `${schedule.text} at minute ${minute}`).toBe(expected);
          expect(until).toBeGreaterThan(minute);
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

const once = (timeZone: string, from: string, to: string): ResolvedWindow => ({
  ...recurring(timeZone, '', 0),
  when: { kind: 'once', from, to },
});
const at = (text: string) => Date.parse(text);

describe('a window that comes once', () => {
  it('is read on the clock of its zone, to the minute at both ends', () => {
    const window = once('America/Sao_Paulo', '2026-11-26T00:00', '2026-12-01T00:00');
    const state = (text: string) => windowState(window, at(text));
    expect(state('2026-11-26T02:59:59.999Z')).toEqual({ isOpen: false, untilMs: at('2026-11-26T03:00:00Z') });
    expect(state('2026-11-26T03:00:00Z')).toEqual({ isOpen: true, untilMs: at('2026-12-01T03:00:00Z') });
    expect(state('2026-12-01T03:00:00Z')).toEqual({ isOpen: false });
  });

  it.each([
    // Clocks go from 02:00 to 03:00 in New York on 8 March 2026, and from 02:00 back to 01:00 on 1 November.
    [
      'a beginning that is left out',
      '2026-03-08T02:30',
      '2026-03-08T12:00',
      '2026-03-08T07:00Z',
      '2026-03-08T16:00Z',
    ],
    [
      'an end that is left out',
      '2026-03-07T12:00',
      '2026-03-08T02:30',
      '2026-03-07T17:00Z',
      '2026-03-08T07:00Z',
    ],
    [
      'a beginning that comes twice',
      '2026-11-01T01:30',
      '2026-11-01T12:00',
      '2026-11-01T05:30Z',
      '2026-11-01T17:00Z',
    ],
    [
      'an end that comes twice',
      '2026-10-31T12:00',
      '2026-11-01T01:30',
      '2026-10-31T16:00Z',
      '2026-11-01T06:30Z',
    ],
  ])('gives a meaning to %s', (_what, from, to, opens, closes) => {
    const window = once('America/New_York', from, to);
    expect(windowState(window, at(opens) - 1)).toEqual({ isOpen: false, untilMs: at(opens) });
    expect(windowState(window, at(opens))).toEqual({ isOpen: true, untilMs: at(closes) });
    expect(windowState(window, at(closes))).toEqual({ isOpen: false });
  });

  it('spans a change of the clocks in the south, where summer ends in autumn', () => {
    // Auckland goes back from 03:00 to 02:00 on 5 April 2026: this night has 25 hours.
    const window = once('Pacific/Auckland', '2026-04-04T12:00', '2026-04-05T12:00');
    const { untilMs = 0 } = windowState(window, at('2026-04-04T00:00:00Z'));
    expect(untilMs - at('2026-04-03T23:00:00Z')).toBe(25 * 60 * minuteMs);
  });
});

describe('several windows', () => {
  const noon = at('2026-11-22T12:00:00Z');
  const deny = once('UTC', '2026-11-22T11:00', '2026-11-22T13:00');
  const allow: ResolvedWindow = { ...once('UTC', '2026-11-22T11:30', '2026-11-22T12:30'), effect: 'allow' };

  it('hold back what they name and nothing else', () => {
    expect(windowHold([deny], 'restart', noon)).toEqual({
      effect: 'deny',
      window: 'w',
      untilMs: at('2026-11-22T13:00:00Z'),
    });
    expect(windowHold([deny], 'scaleDown', noon)).toBeUndefined();
    expect(windowHold([], 'restart', noon)).toBeUndefined();
  });

  it('allow only inside of an allow window, and say when the next one opens', () => {
    expect(windowHold([allow], 'restart', noon)).toBeUndefined();
    expect(windowHold([allow], 'restart', at('2026-11-22T11:00:00Z'))).toEqual({
      effect: 'allow',
      window: 'w',
      untilMs: at('2026-11-22T11:30:00Z'),
    });
    // It does not come again, so nothing says when.
    expect(windowHold([allow], 'restart', at('2026-11-23T00:00:00Z'))).toEqual({
      effect: 'allow',
      window: 'w',
    });
    const later: ResolvedWindow = {
      ...once('UTC', '2026-11-24T00:00', '2026-11-25T00:00'),
      effect: 'allow',
      name: 'later',
    };
    expect(windowHold([allow, later], 'restart', at('2026-11-23T00:00:00Z'))).toMatchObject({
      window: 'later',
    });
  });

  it('of a zone that this machine does not know hold, for nobody can say that they do not', () => {
    const windows = [{ ...deny, timeZone: 'Mars/Olympus' }];
    expect(windowHold(windows, 'restart', noon)).toEqual({ effect: 'deny', window: 'w' });
    expect(windowHold([{ ...allow, timeZone: 'Mars/Olympus' }], 'restart', noon)).toMatchObject({
      effect: 'allow',
    });
  });

  it('let deny beat allow, and name the one that goes on longest', () => {
    const longer = { ...once('UTC', '2026-11-22T00:00', '2026-11-22T18:00'), name: 'longer' };
    expect(windowHold([allow, deny, longer], 'restart', noon)).toMatchObject({
      effect: 'deny',
      window: 'longer',
    });
  });
});
