import type { ResolvedPolicy } from '../core/job.ts';
import { matchesGlob } from '../core/match.ts';
import { type Diagnostic, pathText, type SourceText, sortDiagnostics } from '../policy/diagnostics.ts';
import { place } from '../policy/merge.ts';
import type { NotYet } from '../policy/not-yet.ts';
import { type FileKind, orOtherKind } from '../policy/other-kind.ts';
import { isPlain, valueAt } from '../policy/plain.ts';
import { withoutSecrets } from '../policy/secrets.ts';
import { fileStart, type Place, readSource, type Source } from '../policy/source.ts';
import { type Finding, validate } from '../policy/validate.ts';
import { caseFaults, policyFaults } from './checks.ts';
import type { Fault } from './fault.ts';
import { type PolicyTestDocument, policyTestSchema } from './schema.ts';
import { wordsNotYet, wordsOfOurs, writeNames } from './vocabulary.ts';

/** A file of tests as far as it can be understood without its policies. */
export interface ReadTests {
  readonly source: Source;
  /** Policy files that it names; empty where it names none that could be read. */
  readonly globs: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Only of a file without errors. */
  readonly document?: PolicyTestDocument;
}

const testKind: FileKind = {
  noun: 'a file of policy tests',
  schema: policyTestSchema,
  hint: 'such a file begins with apiVersion: checkpilot/v1 and kind: PolicyTest, and has policies, start and tests',
  others: {
    Policy: {
      message: 'the file is a policy, not one of policy tests',
      hint: 'check it: checkpilot check FILE; its tests are a file of their own, with kind: PolicyTest',
    },
  },
};

/** Reads one file of tests: every fault at once, sorted by position. Never throws. */
export function readTests(file: SourceText): ReadTests {
  const source = orOtherKind(readSource(file, policyTestSchema), testKind);
  const globs = globsOf(source.value);
  if (source.isBroken)
    return { source, globs, diagnostics: sortDiagnostics(source.faults.map(withoutSecrets), [file]) };
  const value = withoutShorthand(source.value ?? {});
  const ofSchema = validate(policyTestSchema, value, notYet).map((finding) =>
    toDiagnostic(source, inOurWords(finding, value)),
  );
  const ofCases = caseFaults(value).map((fault) => toDiagnostic(source, fault));
  const diagnostics = sortDiagnostics([...source.faults, ...ofSchema, ...ofCases].map(withoutSecrets), [
    file,
  ]);
  const parsed = diagnostics.some(isError) ? undefined : policyTestSchema.parse(value);
  return { source, globs, diagnostics, ...(parsed ? { document: parsed } : {}) };
}

/** What only shows beside the policy: jobs and receivers that it does not have. */
export function faultsAgainst(
  { source, document }: ReadTests,
  policy: ResolvedPolicy,
): readonly Diagnostic[] {
  if (!document) return [];
  return policyFaults(document, policy).map((fault) => toDiagnostic(source, fault));
}

/** Where a part of a test stands, for what is said of it later. */
export function placeIn({ source }: ReadTests, path: readonly (string | number)[]): Place {
  return place(source, path, 'value');
}

export function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function globsOf(value: unknown): readonly string[] {
  const globs = valueAt(value, ['policies']);
  return Array.isArray(globs) ? globs.filter((glob) => typeof glob === 'string') : [];
}

/** `writes: none` is short for none of each: expanded, so that a wrong count is told at its own line. */
function withoutShorthand(value: unknown): unknown {
  const none = Object.fromEntries(writeNames.map((name) => [name, 0]));
  if (Array.isArray(value)) return value.map(withoutShorthand);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'writes' && inner === 'none' ? none : withoutShorthand(inner),
    ]),
  );
}

const replay = { hint: 'recordings cannot be replayed yet; write what happens as series and events' };
const scaling = { hint: 'executors are not fitted yet, so nothing decides it in this version' };

/** Keys of the full format without a meaning in this version. */
export const testKeysNotYet: ReadonlyMap<string, NotYet> = new Map([
  ['tests.*.recording', replay],
  ['tests.*.golden', replay],
  ['tests.*.expect.*.decision.executors', scaling],
  ['tests.*.expect.*.never.executors', scaling],
]);

function notYet(path: readonly PropertyKey[]): NotYet | undefined {
  const text = path.map(String).join('.');
  for (const [glob, found] of testKeysNotYet) if (matchesGlob(glob, text)) return found;
  return undefined;
}

/** A word that this version has no decision for, or that the product spells otherwise, is more than "not one of". */
function inOurWords(finding: Finding, root: unknown): Finding {
  const { code, path } = finding;
  const word = valueAt(root, path);
  if (code !== 'CP1004' || typeof word !== 'string') return finding;
  const later = Object.hasOwn(wordsNotYet, word) ? wordsNotYet[word] : undefined;
  if (later !== undefined)
    return { ...finding, code: 'CP1008', message: `"${word}" is not part of this version yet`, hint: later };
  const ours = Object.hasOwn(wordsOfOurs, word) ? wordsOfOurs[word] : undefined;
  return ours === undefined ? finding : { ...finding, hint: ours };
}

function toDiagnostic(source: Source, fault: Fault | Finding): Diagnostic {
  const { code, path, message, hint, on = 'value' } = fault;
  const { severity = 'error', offset = 0 } = 'offset' in fault || 'severity' in fault ? (fault as Fault) : {};
  const at = path.length === 0 ? fileStart(source.path) : place(source, path, on);
  return {
    ...shifted(source, at, offset),
    severity,
    code,
    path: pathText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A place inside of a text that stands on one line; the start of the text where it does not. */
function shifted(source: Source, at: Place, offset: number): Place {
  if (offset === 0) return at;
  const line = source.text.split(/\r?\n/)[at.line - 1] ?? '';
  const quote = /["']/.test(line[at.column - 1] ?? '') ? 1 : 0;
  const column = at.column + quote + offset;
  if (column > line.length || offset >= at.length) return at;
  const length = line.slice(column - 1).search(/[\s,"']|$/);
  return { ...at, column, length: Math.max(1, length) };
}
