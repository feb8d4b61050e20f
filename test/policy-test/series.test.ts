import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missing, parseSeries, type Sample, sampleAt } from '../../src/policy-test/series.ts';

const minuteMs = 60_000;

function samples(text: string | number): readonly Sample[] {
  const parsed = parseSeries(text, minuteMs);
  if (!parsed.ok) throw new Error(`${parsed.message} at ${parsed.at}`);
  return parsed.series.samples;
}

describe('the notation of promtool', () => {
  it.each<[string, readonly Sample[]]>([
    ['1', [1]],
    ['1 2.5 -3', [1, 2.5, -3]],
    ['10x2', [10, 10, 10]],
    ['30+60x2', [30, 90, 150]],
    ['5-1x3', [5, 4, 3, 2]],
    ['-2+4x2', [-2, 2, 6]],
    ['1e3x1', [1000, 1000]],
    ['0.5+0.25x2', [0.5, 0.75, 1]],
    ['1 _ 3', [1, missing, 3]],
    ['_x3 7', [missing, missing, missing, 7]],
    ['4 stale', [4, missing]],
    ['ACTIVEx1 UPDATING', ['ACTIVE', 'ACTIVE', 'UPDATING']],
    ['48211x2  48212x1', [48211, 48211, 48211, 48212, 48212]],
    [' 1x0 ', [1]],
    ['_x0 1', [1]],
  ])('%s', (text, expected) => {
    expect(samples(text)).toEqual(expected);
  });

  it.each([
    ['1x', 0],
    ['1 2y3', 2],
    ['1+x3', 0],
    ['1x-3', 0],
    ['NaN', 0],
    ['Inf', 0],
    ['9e900', 0],
    ['_x0', 0],
    ['active', 0],
    ['7 8 {a="b"}', 4],
    ['1x999999999', 0],
    ['', 0],
    ['   ', 0],
  ])('has no place for %s', (text, at) => {
    expect(parseSeries(text, minuteMs)).toMatchObject({ ok: false, at });
  });
});

describe('samples with durations', () => {
  it('are as many as steps fit in, and the last may hold on', () => {
    expect(samples('32 for 3m, 64 for 2m')).toEqual([32, 32, 32, 64, 64]);
    expect(samples('_ for 1m, UPDATING for 1m, 5')).toEqual([missing, 'UPDATING', 5]);
    const parsed = parseSeries('32 for 1m, 64', minuteMs);
    expect(parsed).toMatchObject({ ok: true, series: { isOpen: true } });
    expect(parsed.ok && [0, 1, 500].map((step) => sampleAt(parsed.series, step))).toEqual([32, 64, 64]);
  });

  it.each([
    ['32 for 90s, 64', 0, 'no whole number of steps'],
    ['32 for 10m, 64x3 for 1m', 12, 'no sample with a duration'],
    ['32, 64 for 1m', 0, 'says not for how long'],
    ['32 for ever', 0, 'no sample with a duration'],
    ['32 for 0m, 64', 0, 'no whole number of steps'],
  ])('are refused where they cannot be counted: %s', (text, at, message) => {
    expect(parseSeries(text, minuteMs)).toMatchObject({
      ok: false,
      at,
      message: expect.stringContaining(message),
    });
  });
});

describe('a number alone', () => {
  it('holds for the whole test', () => {
    const parsed = parseSeries(1200, minuteMs);
    expect(parsed.ok && sampleAt(parsed.series, 90)).toBe(1200);
    expect(parseSeries(Number.NaN, minuteMs)).toMatchObject({ ok: false });
  });
});

describe('what is after the last sample', () => {
  it('is said by nobody', () => {
    const parsed = parseSeries('1x2', minuteMs);
    expect(parsed.ok && [2, 3].map((step) => sampleAt(parsed.series, step))).toEqual([1, undefined]);
  });
});

/** An item of the notation with the samples that it stands for, told apart from the parser's own arithmetic. */
const whole = fc.integer({ min: -100_000, max: 100_000 });
const count = fc.nat(50);
const items = fc.oneof(
  whole.map((value) => ({ text: `${value}`, samples: [value] as Sample[] })),
  fc.tuple(whole, count).map(([value, times]) => ({
    text: `${value}x${times}`,
    samples: Array.from({ length: times + 1 }, (): Sample => value),
  })),
  fc.tuple(whole, fc.integer({ min: -500, max: 500 }), count).map(([from, by, times]) => ({
    text: `${from}${by < 0 ? by : `+${by}`}x${times}`,
    samples: Array.from({ length: times + 1 }, (_, step): Sample => from + by * step),
  })),
  fc.integer({ min: 1, max: 50 }).map((times) => ({
    text: `_x${times}`,
    samples: Array.from({ length: times }, (): Sample => missing),
  })),
  fc.constant({ text: '_', samples: [missing] as Sample[] }),
  fc.constant({ text: 'stale', samples: [missing] as Sample[] }),
);

describe('any series', () => {
  it('is read item by item, in its order', () => {
    fc.assert(
      fc.property(
        fc.array(items, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(' ', '  ', '\t'),
        (all, gap) => {
          const found = samples(all.map(({ text }) => text).join(gap)).map(plain);
          expect(found).toEqual(all.flatMap((item) => item.samples).map(plain));
        },
      ),
    );
  });

  it('says the same in durations as in steps', () => {
    const pieces = fc.array(fc.tuple(whole, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pieces, (all) => {
        const durations = all.map(([value, minutes]) => `${value} for ${minutes}m`).join(', ');
        const steps = all.map(([value, minutes]) => `${value}x${minutes - 1}`).join(' ');
        expect(samples(durations)).toEqual(samples(steps));
      }),
    );
  });

  it('never throws, whatever stands there, and names a place inside the text', () => {
    const noise = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789 x+-_.,eE forstaleAm') }),
    );
    fc.assert(
      fc.property(noise, fc.integer({ min: 1, max: 3_600_000 }), (text, stepMs) => {
        const parsed = parseSeries(text, stepMs);
        if (parsed.ok) expect(parsed.series.samples.every(isSample)).toBe(true);
        else expect(parsed.at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** −0 is 0 to everybody but `toEqual`. */
function plain(sample: Sample): Sample {
  return sample === 0 ? 0 : sample;
}

function isSample(sample: Sample): boolean {
  return sample === missing || typeof sample === 'string' || Number.isFinite(sample);
}
