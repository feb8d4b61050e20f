import { type Diagnostic, diagnosticCodes } from '../../policy/diagnostics.ts';
import type { Unreadable } from '../policy-files.ts';

/** Workflow commands: GitHub shows each fault at its line of the pull request. */
export function githubAnnotations(
  diagnostics: readonly Diagnostic[],
  unreadable: readonly Unreadable[],
): string {
  const lines = [
    ...unreadable.map(
      ({ file, message }) => `::error file=${property(file)},title=unreadable::${data(message)}`,
    ),
    ...diagnostics.map(({ file, line, column, length, severity, code, path, message, hint }) => {
      const at = `file=${property(file)},line=${line},col=${column},endColumn=${column + length}`;
      const said = `${path === '' ? '' : `${path}: `}${message}${hint ? `\n${hint}` : ''}`;
      return `::${severity} ${at},title=${code} ${diagnosticCodes[code]}::${data(said)}`;
    }),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
