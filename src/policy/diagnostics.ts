import { maskSecrets } from './secrets.ts';

/** A fault of a policy file: where, what, and how to mend it. `line` and `column` count from 1. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters under the caret, on that line; at least 1. */
  readonly length: number;
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  /** `jobs.clicks.restart.budget`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** Codes are stable, wording is not. */
export const diagnosticCodes = {
  CP1001: 'unknown-key',
  CP1002: 'wrong-type',
  CP1003: 'out-of-range',
  CP1004: 'not-one-of',
  CP1005: 'missing',
  CP1006: 'yaml-syntax',
  CP1007: 'duplicate-key',
  CP1008: 'not-in-this-version',
  CP2001: 'two-jobs-match-one-run',
  CP2003: 'two-jobs-on-one-checkpoint',
  CP2004: 'nothing-to-launch',
  CP2005: 'role-of-another-account',
  CP2006: 'renamed-from-a-name-in-use',
  CP2007: 'window-that-never-holds',
  CP2008: 'needs-a-kinesis-stream',
  CP2101: 'many-attempts-an-hour',
  CP2102: 'receiver-never-told',
  CP2103: 'no-alarm-to-make',
  CP2104: 'retention-not-known',
  CP2105: 'class-key-without-effect',
  CP2106: 'region-not-known',
  CP2107: 'no-jobs',
  CP2301: 'test-expects-nothing',
  CP2302: 'series-too-short',
  CP2303: 'nothing-of-that-name',
  CP2304: 'no-effect-yet',
  CP3001: 'literal-secret',
} as const;

export type DiagnosticCode = keyof typeof diagnosticCodes;

export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Longer lines are cut in the code frame, so that a line without breaks does not fill the screen. */
const frameColumnsMax = 140;

/** Lays colour on a part of the text, or leaves it as it is. */
export type Paint = (part: Diagnostic['severity'] | 'place' | 'good', text: string) => string;

/** Text for people: one line a fault, the line of the file under it, a caret and a hint, and the sum at the end. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  files: readonly SourceText[],
  paint: Paint = (_part, text) => text,
): string {
  if (diagnostics.length === 0) return '';
  const linesByFile = new Map(files.map(({ path, text }) => [path, text.split(/\r?\n/)]));
  const blocks = diagnostics.map((diagnostic) => {
    const { file, line, column, severity, code, path, message } = diagnostic;
    const where = paint('place', printable(`${file}:${line}:${column}`));
    const what = printable(`${path === '' ? '' : `${path}: `}${message}`);
    const head = `${where} ${paint(severity, `${severity} ${code}`)} ${what}`;
    return [head, ...frame(diagnostic, linesByFile.get(file)?.[line - 1], paint)].join('\n');
  });
  return `${[...blocks, total(diagnostics)].join('\n\n')}\n`;
}

/** By file in the order given, then by position. Equal faults at one place are told once. */
export function sortDiagnostics(
  diagnostics: readonly Diagnostic[],
  files: readonly SourceText[],
): readonly Diagnostic[] {
  const order = new Map(files.map(({ path }, index) => [path, index]));
  const rank = (file: string) => order.get(file) ?? files.length;
  const unique = new Map(diagnostics.map((each) => [identity(each), each]));
  return [...unique.values()].sort(
    (a, b) =>
      rank(a.file) - rank(b.file) || a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1),
  );
}

/** A fault in `defaults` shows up in every job; its path differs, its place and message do not. */
function identity({ file, line, column, code, message }: Diagnostic): string {
  return JSON.stringify([file, line, column, code, message]);
}

/** `["a", "b.c", 0]` becomes `a["b.c"][0]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

function frame(
  { line, column, length, hint, severity }: Diagnostic,
  source: string | undefined,
  paint: Paint,
): readonly string[] {
  const gutter = ' '.repeat(String(line).length);
  if (source === undefined || source.trim() === '') return hint ? [`  ${gutter} = ${printable(hint)}`] : [];
  const isLong = source.length > frameColumnsMax;
  const start = isLong ? Math.max(0, column - 1 - frameColumnsMax / 2) : 0;
  const shown = maskSecrets(source).slice(start, start + frameColumnsMax);
  const before = start > 0 ? '…' : '';
  const after = start + frameColumnsMax < source.length ? '…' : '';
  const caretAt = before.length + column - 1 - start;
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - (column - 1 - start))));
  return [
    `  ${line} | ${before}${printable(shown)}${after}`,
    `  ${gutter} | ${' '.repeat(caretAt)}${paint(severity, carets)}${hint ? ` ${printable(hint)}` : ''}`,
  ];
}

/** Files are written by others: what a terminal would obey is shown as a blank of the same width. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

function total(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const counts = [
    [errors, 'error'],
    [diagnostics.length - errors, 'warning'],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`)
    .join(', ');
}
