import type { Match } from './choose.ts';
import type { TextRecord } from './text.ts';

/**
 * How far a judgement by text can be relied on, from 0 to 1, two digits. It is no probability: it says how specific
 * the rule is, whether it met the root or a wrapper, and whether there was enough to read.
 *
 * A rule that names a cause starts with 0.95, one that names a kind of error with 0.75, one that knows only the family
 * with 0.5, one that names a last gasp with 0.4, a suspicion with 0.3. Less for an umbrella message whose cause is not in the text, for words of a warning or of a line that
 * reports no error, and for a text that shows no exception at all or breaks off.
 */
export function confidenceOf(match: Match, records: readonly TextRecord[]): number {
  const { rule, record } = match;
  const start = { cause: 0.95, type: 0.75, hint: 0.5, suspicion: 0.3, symptom: 0.4 }[
    rule.strength ?? 'cause'
  ];
  const umbrella = rule.umbrella ? 0.15 : 0;
  const heard = { loud: 0, warning: 0.1, quiet: 0.25 }[record.loudness];
  const cut = breaksOff(records) ? 0.1 : 0;
  return rounded(start - umbrella - heard - cut);
}

/** What can be said without a text: by the state and the age of the run, or by nothing at all. */
export const confidences = {
  /** Somebody is known to have asked. */
  known: 1,
  /** The age of the run is what its timeout would give. */
  age: 0.8,
  text: 0.7,
  /** Nobody is known to have asked; a cancel is respected all the same. */
  assumed: 0.5,
  /** No rule knows the text, or there is none. */
  nothing: 0.1,
} as const;

/** `stateDetails` ends after 256 characters, wherever that is. */
function breaksOff(records: readonly TextRecord[]): boolean {
  const text = records.map(({ message }) => message).join('\n');
  return text.length >= 240 && text.length <= 260 && !/[.!)\]}"']$/.test(text);
}

function rounded(value: number): number {
  return Math.round(Math.max(0, value) * 100) / 100;
}
