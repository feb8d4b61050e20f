import { type Diagnostic, diagnosticCodes } from '../../policy/diagnostics.ts';
import { explanations } from '../../policy/explanations.ts';

/** A diagnostic as machines read it: `{ file, line, column, severity, code, name, path, message, hint }`, all set. */
export function diagnosticJson({ file, line, column, severity, code, path, message, hint }: Diagnostic) {
  const name = diagnosticCodes[code];
  return { file, line, column, severity, code, name, path, message, hint: hint ?? explanations[code].fix };
}
