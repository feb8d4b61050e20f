import { longOf } from './batches.ts';

/** `spark.sql.streaming.fileSource.log.compactInterval` unless somebody sets it, which the checkpoint does not say. */
export const defaultInterval = 10;
/** No batch so far was a compact one. */
export const never = Number.MAX_SAFE_INTEGER;
/** Divisors of larger numbers are not looked for. */
const divisorsMax = 10_000;

const suffix = '.compact';

/** The batch of a name, whether it holds the batches before it as well or not. */
export function logBatchOf(name: string): number | undefined {
  return longOf(name.endsWith(suffix) ? name.slice(0, -suffix.length) : name);
}

/** Every interval-th batch is a compact one, and Spark looks for it under no other name. */
export function logName(batch: number, interval: number): string {
  return `${batch}${(batch + 1) % interval === 0 ? suffix : ''}`;
}

/** The last compact batch up to this one; 0 where none was. */
export function compactBefore(batch: number, interval: number): number {
  return Math.max(0, Math.floor((batch + 1) / interval) * interval - 1);
}

/**
 * The intervals at which Spark may look for compact files, the one of its default setting first. Two of them give it
 * away. One alone is a multiple of it; which, depends on the setting. Where there is none, it is beyond the last batch.
 */
export function intervalsOf(names: ReadonlySet<string>): readonly number[] {
  const batches = [...names].flatMap((name) => (name.endsWith(suffix) ? (logBatchOf(name) ?? []) : []));
  const [last, before] = [...new Set(batches)].sort((a, b) => b - a);
  if (last === undefined) return [never];
  return before === undefined ? dividing(last + 1) : [last - before];
}

/** As Spark's deriveCompactInterval, for its default setting and for any other. */
function dividing(batches: number): readonly number[] {
  const half = Math.floor(batches / 2);
  const found: number[] = [];
  let smaller = 0;
  for (let each = 1; each <= Math.min(half, divisorsMax); each += 1) {
    if (batches % each !== 0) continue;
    // There has to be a setting from which it is the next divisor.
    if (smaller + 1 < half) found.push(each);
    smaller = each;
  }
  found.push(batches);
  const byDefault =
    defaultInterval < half ? (found.find((each) => each >= defaultInterval) ?? batches) : batches;
  return [byDefault, ...found.filter((each) => each !== byDefault)];
}
