import fc from 'fast-check';

const minuteMs = 60_000;

/** One year of one zone as Intl shows it, minute by minute: what a window has to be right about. */
export interface Year {
  readonly firstMs: number;
  readonly count: number;
  /** What the clock on the wall shows, as if it were UTC. */
  readonly walls: Float64Array;
  /** Minutes at which the clock is set, forth or back. */
  readonly changes: readonly number[];
}

export function yearOf(timeZone: string, year: number): Year {
  const read = readerOf(timeZone);
  const firstMs = Date.UTC(year, 0, 1);
  const count = (Date.UTC(year + 1, 0, 1) - firstMs) / minuteMs;
  const walls = new Float64Array(count);
  const changes: number[] = [];
  // Clocks are set at most once in a quarter of an hour, so a quarter that ends as it should has none.
  for (let quarter = 0; quarter < count; quarter += 15) {
    const shown = read(firstMs + quarter * minuteMs);
    const isPlain = read(firstMs + (quarter + 15) * minuteMs) === shown + 15 * minuteMs;
    for (let each = 0; each < 15; each += 1)
      walls[quarter + each] = isPlain ? shown + each * minuteMs : read(firstMs + (quarter + each) * minuteMs);
  }
  for (let minute = 1; minute < count; minute += 1)
    if ((walls[minute] ?? 0) - (walls[minute - 1] ?? 0) !== minuteMs) changes.push(minute);
  return { firstMs, count, walls, changes };
}

function readerOf(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (atMs) => {
    const found = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(format.format(atMs)) ?? [];
    const [, month = 0, day = 0, year = 0, hour = 0, minute = 0] = found.map(Number);
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

/** A schedule that needs no parser to know what it means. */
export interface Schedule {
  readonly text: string;
  readonly names: (wallMs: number) => boolean;
}

/** A field as text, and the values that it has. */
interface Part {
  readonly text: string;
  readonly has: readonly boolean[];
}

const partOf = (text: string, max: number, has: (value: number) => boolean): Part => ({
  text,
  has: Array.from({ length: max + 1 }, (_, value) => has(value)),
});

const anything = (max: number) => fc.constant(partOf('*', max, () => true));

function part(min: number, max: number, largest = max): fc.Arbitrary<Part> {
  const value = fc.integer({ min, max });
  return fc.oneof(
    { weight: 2, arbitrary: anything(largest) },
    {
      weight: 3,
      arbitrary: fc
        .uniqueArray(value, { minLength: 1, maxLength: 4 })
        .map((values) => partOf(values.join(','), largest, (each) => values.includes(each))),
    },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: 2, max: 20 })
        .map((step) => partOf(`*/${step}`, largest, (each) => (each - min) % step === 0)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(value, value).map(([a, b]) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        return partOf(`${low}-${high}`, largest, (each) => each >= low && each <= high);
      }),
    },
  );
}

export const schedules: fc.Arbitrary<Schedule> = fc
  .record({
    minute: part(0, 59),
    // Mostly the hours in which clocks are set.
    hour: fc.oneof(part(0, 4, 23), part(0, 23)),
    day: fc.oneof({ weight: 3, arbitrary: anything(31) }, { weight: 1, arbitrary: part(1, 31) }),
    month: fc.oneof({ weight: 3, arbitrary: anything(12) }, { weight: 1, arbitrary: part(1, 12) }),
    weekday: fc.oneof(part(0, 6), anything(6)),
  })
  .map(({ minute, hour, day, month, weekday }) => {
    const isEither = !day.text.startsWith('*') && !weekday.text.startsWith('*');
    return {
      text: [minute, hour, day, month, weekday].map(({ text }) => text).join(' '),
      names: (wallMs) => {
        const ofDay = (wallMs / minuteMs) % 1_440;
        if (!minute.has[ofDay % 60] || !hour.has[Math.floor(ofDay / 60)]) return false;
        const date = new Date(wallMs);
        if (!month.has[date.getUTCMonth() + 1]) return false;
        const [byDay, byWeekday] = [day.has[date.getUTCDate()], weekday.has[date.getUTCDay()]];
        return (isEither ? byDay || byWeekday : byDay && byWeekday) === true;
      },
    };
  });

/** For each minute of the year, whether a window of so many minutes is open, and the minute at which that changes. */
export function openingsOf({ walls, changes, count }: Year, { names }: Schedule, minutes: number) {
  const jumps = new Set(changes);
  const isOpen = new Uint8Array(count);
  let last = Number.NEGATIVE_INFINITY;
  for (let minute = 0; minute < count; minute += 1) {
    const shown = walls[minute] ?? 0;
    if (names(shown) || (jumps.has(minute) && isLeftOut(walls[minute - 1] ?? 0, shown, names))) last = minute;
    isOpen[minute] = minute - last < minutes ? 1 : 0;
  }
  const nextChange = new Int32Array(count).fill(count);
  for (let minute = count - 2; minute >= 0; minute -= 1)
    nextChange[minute] =
      isOpen[minute] === isOpen[minute + 1] ? (nextChange[minute + 1] ?? count) : minute + 1;
  return { isOpen, nextChange };
}

/** Whether the clock, when it was set forth, left out a minute that the schedule names. */
function isLeftOut(before: number, after: number, names: Schedule['names']): boolean {
  for (let left = before + minuteMs; left < after; left += minuteMs) if (names(left)) return true;
  return false;
}
