import { isPlain, valueAt } from '../policy/plain.ts';
import { type Expectation, expectationSchema } from './expect-schema.ts';
import { type CasePath, type Fault, noEffect, type WrittenTest } from './fault.ts';
import { parseSeries, sampleAt } from './series.ts';
import { type SeriesName, seriesNames } from './vocabulary.ts';

/** Series that cannot be read, that are too short, or that nothing reads. */
export function seriesFaults(test: WrittenTest, stepMs: number | undefined, at: CasePath): readonly Fault[] {
  if (!isPlain(test.series) || stepMs === undefined) return [];
  const expect = Array.isArray(test.expect) ? (test.expect as unknown[]) : [];
  const looks = expect.flatMap((one) => {
    const parsed = expectationSchema.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
  const lastMs = lastLookMs(looks);
  return Object.entries(test.series).flatMap(([name, text]): readonly Fault[] => {
    if (!Object.hasOwn(seriesNames, name)) return [];
    if (typeof text !== 'string' && typeof text !== 'number') return [];
    const path = [...at, 'series', name];
    const parsed = parseSeries(text, stepMs);
    if (!parsed.ok) {
      const { message, hint, at: offset } = parsed;
      return [{ code: 'CP1002', path, message, hint, offset }];
    }
    const { reads } = seriesNames[name as SeriesName];
    if (!reads) return [noEffect(path)];
    const { samples } = parsed.series;
    const odd = samples.findIndex((sample) => !isFor(name, sample));
    if (odd >= 0) {
      const message = `sample ${odd} is ${String(samples[odd])}`;
      return [
        { code: 'CP1002', path, message, hint: `${name} takes ${kindOf(name)}, or _ where nobody knows` },
      ];
    }
    if (lastMs === undefined || sampleAt(parsed.series, lastMs / stepMs) !== undefined) return [];
    const endsMin = ((samples.length - 1) * stepMs) / 60_000;
    return [
      {
        code: 'CP2302',
        path,
        message: `the series ends at ${endsMin} min, and an expectation looks at ${lastMs / 60_000} min`,
        hint: 'add samples (axn are n + 1 of them), or write it with durations: 32 for 10m, 64',
      },
    ];
  });
}

function isFor(name: string, sample: unknown): boolean {
  if (typeof sample === 'symbol') return true;
  if (name.startsWith('checkpoint.')) return Number.isInteger(sample) && (sample as number) >= -1;
  return typeof sample === 'number' && sample >= 0;
}

function kindOf(name: string): string {
  return name.startsWith('checkpoint.') ? 'whole numbers from -1' : 'numbers from 0';
}

/** The last step that an expectation looks at, in milliseconds from the start; undefined where none says a time. */
export function lastLookMs(expectations: readonly Expectation[]): number | undefined {
  const looks = expectations.flatMap(({ at, to }) => at ?? to ?? []);
  return looks.length === 0 ? undefined : Math.max(...looks);
}

/** A checkpoint moves by its series or by itself. */
export function commitFaults(test: WrittenTest, fixtures: unknown, at: CasePath): readonly Fault[] {
  if (typeof test.fixture !== 'string') return [];
  const every = valueAt(fixtures, [test.fixture, 'checkpoint', 'commitEvery']);
  const series = ['checkpoint.lastCommittedBatch', 'checkpoint.lastPlannedBatch'].find(
    (name) => valueAt(test.series, [name]) !== undefined,
  );
  if (every === undefined || series === undefined) return [];
  const message = `${test.fixture} commits by itself (commitEvery)`;
  const hint = 'take the series or commitEvery';
  return [{ code: 'CP1004', path: [...at, 'series', series], on: 'key', message, hint }];
}
