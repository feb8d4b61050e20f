/** One sample: a number, a word such as a stream's status, or that there is none. */
export type Sample = number | string | typeof missing;

/** Nothing was measured: the sensor cannot answer. */
export const missing = Symbol('missing');

export interface Series {
  /** One for each step of the test, from its start. */
  readonly samples: readonly Sample[];
  /** The last sample holds for the rest of the test. */
  readonly isOpen: boolean;
}

export type ParsedSeries =
  | { readonly ok: true; readonly series: Series }
  /** `at` counts characters from the start of the text. */
  | { readonly ok: false; readonly at: number; readonly message: string; readonly hint: string };

/** Half a year of minutes. Longer tests are slips of the pen, and would take the memory of the machine. */
const samplesMax = 300_000;

const number = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
/** `a`, `axn`, `a+bxn`, `a-bxn` of promtool. */
const numbers = new RegExp(`^(${number})(?:([+-](?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)?x(\\d+))?$`);
const gap = /^(_|stale)(?:x(\d+))?$/;
const word = /^([A-Z][A-Z_]*)(?:x(\d+))?$/;
const piece = /^(\S+)(?:\s+for\s+(\d+)([smhd]))?$/;
const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const notation = 'write 10x9 (ten samples), 30+60x40, 5-1x3, _ or stale; or 32 for 10m, 64 for 40m';

/**
 * The notation of promtool, one sample a step: `axn` are n + 1 samples, `a+bxn` n + 1 that grow by b, `_` is none and
 * `_xn` are n of them, `stale` ends what was measured. Or `32 for 10m, 64 for 40m`, which cannot be miscounted; its last
 * piece holds for the rest of the test when it has no duration, and so does a number alone. Never throws.
 */
export function parseSeries(text: string | number, stepMs: number): ParsedSeries {
  if (typeof text === 'number')
    return Number.isFinite(text)
      ? { ok: true, series: { samples: [text], isOpen: true } }
      : fault(0, `${text} is no sample`);
  if (text.trim() === '') return fault(0, 'the series has no sample');
  return /,|\sfor\s/.test(text) ? parsePieces(text, stepMs) : parseItems(text);
}

/** What the series says `step` steps after the start; undefined where it says nothing any more. */
export function sampleAt({ samples, isOpen }: Series, step: number): Sample | undefined {
  return step < samples.length ? samples[step] : isOpen ? samples.at(-1) : undefined;
}

function parseItems(text: string): ParsedSeries {
  const samples: Sample[] = [];
  for (const { index: at, 0: item } of text.matchAll(/\S+/g)) {
    const found = itemSamples(item);
    if (!found) return fault(at, `"${item}" is no sample`);
    if (samples.length + found.count > samplesMax) return tooLong(at);
    for (let step = 0; step < found.count; step++) samples.push(found.sample(step));
  }
  if (samples.length === 0) return fault(0, 'the series has no sample');
  return { ok: true, series: { samples, isOpen: false } };
}

function itemSamples(
  item: string,
): { readonly count: number; readonly sample: (step: number) => Sample } | undefined {
  const [, , gapCount] = gap.exec(item) ?? [];
  // As promtool counts: n samples after x for a gap, n + 1 for a value.
  if (gap.test(item)) return { count: gapCount === undefined ? 1 : Number(gapCount), sample: () => missing };
  const [, first, growth, more] = numbers.exec(item) ?? [];
  if (first !== undefined) {
    const from = Number(first);
    const by = Number(growth ?? 0);
    const times = Number(more ?? 0);
    if (!Number.isFinite(from + by * times)) return undefined;
    return { count: times + 1, sample: (step) => from + by * step };
  }
  const [, name, repeats] = word.exec(item) ?? [];
  if (name !== undefined) return { count: Number(repeats ?? 0) + 1, sample: () => name };
  return undefined;
}

function parsePieces(text: string, stepMs: number): ParsedSeries {
  const samples: Sample[] = [];
  const pieces = [...text.matchAll(/[^,]*/g)].filter(({ 0: each }) => each.trim() !== '');
  for (const [index, { index: start, 0: raw }] of pieces.entries()) {
    const at = start + raw.length - raw.trimStart().length;
    const [, value = '', digits, unit] = piece.exec(raw.trim()) ?? [];
    const found = /x/.test(value) ? undefined : itemSamples(value);
    if (!found) return fault(at, `"${raw.trim()}" is no sample with a duration`);
    const isLast = index === pieces.length - 1;
    if (digits === undefined && !isLast) return fault(at, `"${raw.trim()}" says not for how long`);
    if (digits === undefined) {
      samples.push(found.sample(0));
      return { ok: true, series: { samples, isOpen: true } };
    }
    const count = (Number(digits) * unitsMs[unit as keyof typeof unitsMs]) / stepMs;
    if (!Number.isInteger(count) || count === 0)
      return fault(at, `${digits}${unit} is no whole number of steps of ${stepMs / 1_000} s`);
    if (samples.length + count > samplesMax) return tooLong(at);
    for (let step = 0; step < count; step++) samples.push(found.sample(0));
  }
  return { ok: true, series: { samples, isOpen: false } };
}

function fault(at: number, message: string): ParsedSeries {
  return { ok: false, at, message, hint: notation };
}

function tooLong(at: number): ParsedSeries {
  return fault(at, `the series has more than ${samplesMax} samples`);
}
