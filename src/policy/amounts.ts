/** Units by every word that people write for them, in the smallest that policies have: seconds, and mebibytes as Spark counts. */
interface Units {
  readonly factors: ReadonlyMap<string, number>;
  /** Those of policies, the largest first. */
  readonly ours: readonly (readonly [unit: string, factor: number])[];
  readonly list: string;
}

const durations: Units = {
  factors: byWord([
    ['ms msec millis millisecond milliseconds', 0.001],
    ['s sec secs second seconds', 1],
    ['m min mins minute minutes', 60],
    ['h hr hrs hour hours', 3_600],
    ['d day days', 86_400],
    ['w week weeks', 604_800],
  ]),
  ours: [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ],
  list: 's, m, h and d',
};

const sizes: Units = {
  factors: byWord([
    ['k kb ki kib', 1 / 1_024],
    ['m mb mi mib', 1],
    ['g gb gi gib', 1_024],
    ['t tb ti tib', 1_048_576],
  ]),
  ours: [
    ['t', 1_048_576],
    ['g', 1_024],
    ['m', 1],
  ],
  list: 'm, g and t',
};

/** A text that was meant as an amount: what is wrong with it, and what to write, where policies can say it. */
export interface Misread {
  readonly wrong: string;
  readonly write?: string;
}

/** `7days`, `2 h`, `1h30m`, `PT15M`: undefined where nobody can tell what was meant, or only the unit is missing. */
export function misreadDuration(text: string): Misread | undefined {
  const [, days = '', rest] = /^P(\d+D)?(?:T((?:\d+[HMS])+))?$/.exec(text) ?? [];
  return misread(rest === undefined && days === '' ? text : `${days}${rest ?? ''}`, durations);
}

/** `14GB`, `1.5g`, `512 m`. */
export function misreadSize(text: string): Misread | undefined {
  return misread(text, sizes);
}

/** Longer texts are no amounts. */
const textLengthMax = 40;

function misread(text: string, { factors, ours, list }: Units): Misread | undefined {
  const isAmount = text.length <= textLengthMax && /^(?:\d[\d_]*(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text);
  if (!isAmount) return undefined;
  const parts = [...text.matchAll(/([\d_.]+)\s*([a-z]+)/gi)].map(([, digits = '', word = '']) => ({
    count: Number(digits.replaceAll('_', '')),
    word,
    factor: factors.get(word.toLowerCase()),
  }));
  const strange = parts.find(({ factor }) => factor === undefined);
  if (strange) return { wrong: `"${strange.word}" is none of the units ${list}` };
  // Sums of fractions are a hair beside the whole number that was meant.
  const amount =
    Math.round(parts.reduce((sum, { count, factor = 0 }) => sum + count * factor, 0) * 1e6) / 1e6;
  if (!Number.isSafeInteger(amount)) return { wrong: `it is no whole number of the units ${list}` };
  const [unit, factor] = ours.find(([, each]) => amount % each === 0) ?? ['', 1];
  return { wrong: wrongOf(text, parts, list), ...(amount > 0 ? { write: `${amount / factor}${unit}` } : {}) };
}

function wrongOf(text: string, parts: readonly { readonly word: string }[], list: string): string {
  if (parts.length > 1) return 'one number and one unit';
  if (parts.some(({ word }) => !list.split(/\W+/).includes(word))) return `units are ${list}`;
  if (/[_.]/.test(text)) return 'whole numbers in digits alone';
  return /\s/.test(text) ? 'no blank before the unit' : 'nothing but a number and its unit';
}

function byWord(units: readonly (readonly [words: string, factor: number])[]): ReadonlyMap<string, number> {
  return new Map(units.flatMap(([words, factor]) => words.split(' ').map((word) => [word, factor])));
}
