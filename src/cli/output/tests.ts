import { type Diagnostic, type Paint, printable } from '../../policy/diagnostics.ts';
import type { Coverage, Part } from '../../policy-test/coverage.ts';
import type { Failure, TestResult } from '../../policy-test/run.ts';
import { clockText } from '../../policy-test/why.ts';
import type { Unreadable } from '../policy-files.ts';
import type { SuiteResult } from '../test.ts';
import { diagnosticJson } from './json.ts';
import { columns } from './table.ts';

const indent = '       ';
/** Names up to this length have their numbers in one column. */
const nameWidth = 84;

/** A line for a test that passed; for one that failed also what was expected, what came, and why. */
export function resultText(result: TestResult & { readonly ms: number }, paint: Paint): string {
  const { name, ok, steps, ms, place, failures } = result;
  const mark = ok ? paint('good', 'PASS') : paint('error', 'FAIL');
  const numbers = `${steps} ${steps === 1 ? 'step' : 'steps'}  ${Math.round(ms)} ms`;
  const head = ` ${mark}  ${printable(name).padEnd(nameWidth)}  ${ok ? numbers : `${place.file}:${place.line}`}\n`;
  return head + failures.map((failure) => failureText(failure, paint)).join('');
}

export function summaryText(done: readonly SuiteResult[]): string {
  const results = done.flatMap((each) => each.results);
  const failed = results.filter(({ ok }) => !ok).length;
  const counts = [
    counted(done.length, 'file'),
    counted(results.length, 'test'),
    `${results.length - failed} passed`,
    `${failed} failed`,
  ];
  return `\n${counts.join(', ')}\n`;
}

/** What was exercised, and by name what was not. */
export function coverageText(coverage: Coverage, percent: number): string {
  const parts = Object.entries(coverage) as readonly (readonly [keyof Coverage, Part])[];
  const counts = parts
    .filter(([, part]) => part.all.length > 0)
    .map(([kind, { all, exercised }]) => `${exercised.length}/${all.length} ${kind}`);
  const missing = parts.flatMap(([kind, { all, exercised }]) =>
    all.filter((name) => !exercised.includes(name)).map((name) => `${singular[kind]} ${name}`),
  );
  const never = missing.length === 0 ? '' : `never exercised: ${missing.join(', ')}\n`;
  return `coverage ${percent} %: ${counts.join(', ')}\n${never}`;
}

const singular: Readonly<Record<keyof Coverage, string>> = {
  rules: 'rule',
  classes: 'class',
  actions: 'action',
  windows: 'window',
};

/** The same for machines: what failed with its place, and coverage by name. */
export function testsJson(
  done: readonly SuiteResult[],
  diagnostics: readonly Diagnostic[],
  unreadable: readonly Unreadable[],
  measured?: { readonly coverage: Coverage; readonly percent: number; readonly isCovered: boolean },
) {
  const results = done.flatMap((each) => each.results);
  const failed = results.filter(({ ok }) => !ok).length;
  return {
    ok: measured?.isCovered === true && failed === 0,
    tests: results.length,
    passed: results.length - failed,
    failed,
    files: done.map(({ suite, results: own }) => ({
      file: suite.read.source.path,
      tests: own.map(({ name, ok, steps, ms, place, failures }) => ({
        name,
        ok,
        line: place.line,
        steps,
        ms: Math.round(ms),
        failures: failures.map(({ place: at, atMs, differences, why }) => ({
          line: at.line,
          ...(atMs === undefined ? {} : { atMs }),
          differences,
          why,
        })),
      })),
    })),
    ...(measured ? { coverage: { percent: measured.percent, ...measured.coverage } } : {}),
    diagnostics: diagnostics.map(diagnosticJson),
    ...(unreadable.length > 0 ? { errors: unreadable } : {}),
  };
}

function failureText({ place, atMs, differences, why }: Failure, paint: Paint): string {
  const when = atMs === undefined ? 'the test' : `at ${clockText(atMs)}`;
  const rows = [
    [`${when} (line ${place.line})`, 'expected', 'actual'],
    ...differences.map(({ field, expected, actual }) => [`  ${field}`, expected, actual]),
  ].map((row) => row.map(printable));
  const [head = '', ...body] = columns(rows).trimEnd().split('\n');
  const reasons = why.map((line, index) => `${index === 0 ? '  why  ' : indent}${printable(line)}`);
  return [paint('place', head), ...body, ...reasons].map((line) => `${indent}${line}\n`).join('');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
