import type { Classifier } from './judgement.ts';
import type { FailureRule } from './rule.ts';
import { failureRules } from './rules.ts';
import { type FailureClass, isSafetyClass } from './taxonomy.ts';
import { type Loudness, linesAround, type Place, type TextRecord, wholeLines } from './text.ts';
import { namesError } from './unexplained.ts';

/** The match that explains the end of the run best, or none. */
export function chooseMatch(records: readonly TextRecord[]): Match | undefined {
  const matches = findMatches(records);
  const standing = matches.filter((match) => !(match.rule.umbrella && hidesPassingCause(match)));
  const safety = standing.filter(
    ({ rule, record }) =>
      isSafetyClass(rule.class) &&
      (strengthOf(rule) === 'cause' || (strengthOf(rule) === 'type' && record.loudness !== 'quiet')),
  );
  if (safety.length > 0) return firstByPrecedence(safety);
  for (const loudness of ['loud', 'warning', 'quiet'] as const) {
    for (const strength of ['cause', 'type'] as const) {
      const chosen = firstByPrecedence(withRank(standing, strength, loudness));
      if (chosen) return chosen.rule.general ? (dangerBeside(chosen, standing) ?? chosen) : chosen;
    }
  }
  return (
    firstByPrecedence(withRank(standing, 'hint', 'loud')) ??
    firstByPrecedence(withRank(standing, 'suspicion', 'loud').filter(isAboutError)) ??
    firstByPrecedence(withRank(standing, 'symptom'))
  );
}

/** Programs keep positions and state of their own, and say in their own words that those are lost, damaged or taken. */
function dangerBeside({ record }: Match, standing: readonly Match[]): Match | undefined {
  const hints = withRank(standing, 'hint', 'loud');
  return firstByPrecedence(
    hints.filter((match) => match.record === record && isSafetyClass(match.rule.class)),
  );
}

/** The first classifier of a policy that some record holds, in the last record that does. */
export function matchOwn(
  records: readonly TextRecord[],
  classifiers: readonly Classifier[],
): Match | undefined {
  for (const { class: failureClass, text } of classifiers) {
    const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const rule: FailureRule = { id: 'policy-classifier', class: failureClass, pattern, examples: [] };
    const matches = records.flatMap((record, index) => firstMatch(rule, record, index) ?? []);
    const match = matches.at(-1);
    if (match) return match;
  }
  return undefined;
}

export interface Match {
  readonly rule: FailureRule;
  readonly record: TextRecord;
  readonly recordIndex: number;
  readonly start: number;
  readonly lines: string;
  /** From the match to the end of its line. */
  readonly telling: string;
  readonly place: Place | undefined;
}

/** Words of a thing that is gone or broken: with them beside it, a timeout does not explain the umbrella message. */
export const absence =
  /does(?: not|n't) exist|No such file|FileNotFound|NoSuchKey|not found|malformed|corrupt|truncated|Incomplete|EOF|mismatch|data may/i;

/**
 * Which class wins when several match: safety first, then what never heals by itself, then what needs other sizes,
 * then what passes. `schema-evolved` stands before `user-code-error` because its errors arrive wrapped as such.
 */
const precedence: readonly FailureClass[] = [
  'concurrent-run',
  'source-data-lost',
  'checkpoint-incompatible',
  'checkpoint-corrupt',
  'permission-denied',
  'config-invalid',
  'bad-data',
  'schema-evolved',
  'user-code-error',
  'disk-exhausted',
  'memory-exhausted',
  'credentials-expired',
  'throttled',
  'capacity-unavailable',
  'commit-conflict',
  'transient-io',
  'worker-lost',
  'unknown',
  'execution-timeout',
  'cancelled',
];

/** Every rule's first hit in every record. */
function findMatches(records: readonly TextRecord[]): readonly Match[] {
  return records.flatMap((record, recordIndex) =>
    failureRules.flatMap((rule) => {
      const match = firstMatch(rule, record, recordIndex);
      return match ? [match] : [];
    }),
  );
}

function firstMatch(rule: FailureRule, record: TextRecord, recordIndex: number): Match | undefined {
  const text = rule.frames ? record.withFrames : record.message;
  for (const found of text.matchAll(globalPattern(rule))) {
    const end = found.index + found[0].length;
    if (rule.not?.test(wholeLines(text, found.index, end))) continue;
    const lines = linesAround(text, found.index, end);
    return { rule, record, recordIndex, start: found.index, lines, ...whereIn(rule, record, found.index) };
  }
  return undefined;
}

function whereIn(rule: FailureRule, record: TextRecord, start: number): Pick<Match, 'telling' | 'place'> {
  const text = rule.frames ? record.withFrames : record.message;
  const places = rule.frames ? record.framePlaces : record.messagePlaces;
  const end = text.indexOf('\n', start);
  const telling = text.slice(start, end < 0 ? text.length : end);
  return { telling, place: places[text.slice(0, start).split('\n').length - 1] };
}

const globalPatterns = new Map<FailureRule, RegExp>();

function globalPattern(rule: FailureRule): RegExp {
  const known = globalPatterns.get(rule);
  if (known) return known;
  const made = new RegExp(rule.pattern.source, `${rule.pattern.flags}g`);
  globalPatterns.set(rule, made);
  return made;
}

function withRank(matches: readonly Match[], strength: Strength, loudness?: Loudness): readonly Match[] {
  return matches.filter(
    ({ rule, record }) => strengthOf(rule) === strength && (loudness ?? record.loudness) === record.loudness,
  );
}

/** Classes that, nested inside an umbrella message, are what really happened. */
const nestedClasses: ReadonlySet<FailureClass> = new Set([
  'throttled',
  'transient-io',
  'credentials-expired',
  'memory-exhausted',
  'disk-exhausted',
]);

const nestedRules = failureRules.filter(
  (rule) => strengthOf(rule) === 'cause' && nestedClasses.has(rule.class) && !rule.frames,
);

function hidesPassingCause(umbrella: Match): boolean {
  const { rule, record, start } = umbrella;
  if (isSafetyClass(rule.class) && absence.test(record.message)) return false;
  // Wrappers say the whole message before its cause does: only what comes after the umbrella is inside it.
  const inside = record.message.slice(start);
  return nestedRules.some((nested) =>
    firstMatch(nested, { ...record, message: inside }, umbrella.recordIndex),
  );
}

/** Programs print where their checkpoint is, too. */
function isAboutError({ record }: Match): boolean {
  return (
    /error|exception|traceback|fail|assert|cannot|unable|fatal|\[[A-Z_]{6,60}/i.test(record.message) ||
    record.message.split('\n').some(namesError)
  );
}

type Strength = NonNullable<FailureRule['strength']>;

function strengthOf(rule: FailureRule): Strength {
  return rule.strength ?? 'cause';
}

/**
 * Best class, then the earlier rule of the list, then the louder record, then the later one: the last words are
 * nearest to the end.
 */
function firstByPrecedence(matches: readonly Match[]): Match | undefined {
  let best: Match | undefined;
  for (const match of matches) if (!best || isBetter(match, best)) best = match;
  return best;
}

function isBetter(match: Match, best: Match): boolean {
  const ahead = rankOf(best) - rankOf(match);
  return ahead > 0 || (ahead === 0 && loudnesses[match.record.loudness] >= loudnesses[best.record.loudness]);
}

const loudnesses = { quiet: 0, warning: 1, loud: 2 } as const satisfies Record<Loudness, number>;

function rankOf({ rule }: Match): number {
  return precedence.indexOf(rule.class) * failureRules.length + failureRules.indexOf(rule);
}
