import type { ErrorCode, LineCounter, YAMLError } from 'yaml';
import type { Diagnostic } from './diagnostics.ts';

/** A fault of YAML in words that help, at the text that YAML names. */
export interface SyntaxFault extends Pick<Diagnostic, 'severity' | 'message' | 'hint'> {
  readonly pos: YAMLError['pos'];
}

/** What YAML has against a text, without the echoes: one fault a line, and none after the first tab. */
export function syntaxFaults(
  errors: readonly YAMLError[],
  warnings: readonly YAMLError[],
  lines: LineCounter,
): readonly SyntaxFault[] {
  const firstTab = errors.findIndex(({ code }) => code === 'TAB_AS_INDENT');
  const upToTab = firstTab < 0 ? errors : errors.slice(0, firstTab + 1);
  const lineOf = ({ pos }: YAMLError) => lines.linePos(pos[0]).line;
  const told = upToTab.filter(
    (error, index) => upToTab.findIndex((each) => lineOf(each) === lineOf(error)) === index,
  );
  const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT').length;
  return [
    ...told.map((error) => inWords(error, 'error', tabs)),
    ...warnings.map((warning) => inWords(warning, 'warning', tabs)),
  ];
}

function inWords(error: YAMLError, severity: Diagnostic['severity'], tabs: number): SyntaxFault {
  const { pos, code } = error;
  const message = messages[code] ?? error.message.split('\n')[0] ?? '';
  const more = code === 'TAB_AS_INDENT' && tabs > 1 ? `, and in ${tabs - 1} more of the lines` : '';
  const hint = hints[code];
  return { pos, severity, message, ...(hint === undefined ? {} : { hint: `${hint}${more}` }) };
}

const messages: Partial<Readonly<Record<ErrorCode, string>>> = {
  MULTIPLE_DOCS: 'the file holds several documents',
};

const hints: Partial<Readonly<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: 'indent with spaces, here',
  BAD_ALIAS: 'a text that begins with * needs quotes: "*"',
  BAD_INDENT: 'keys of one map begin in one column, and each bracket is closed',
  BAD_SCALAR_START: 'a text that begins with this needs quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a text with ": " in it needs quotes; keys below a key begin on a line of their own, and a key with a value has none',
  MISSING_CHAR: 'a quote or a bracket further up is not closed, or a colon is missing',
  MULTILINE_IMPLICIT_KEY: 'is a colon missing, or the blank after it?',
  MULTIPLE_DOCS: 'write each into a file of its own, or delete the line ---',
  TAG_RESOLVE_FAILED: 'tags have no meaning in a policy: write the value itself',
  UNEXPECTED_TOKEN:
    'a list begins on the line below its key; a text with a quote in it needs the other kind of quotes',
};
