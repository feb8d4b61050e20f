/** What stands in the place of a secret. */
export const redacted = '[redacted]';

/** No secret of a setting is longer; what is longer is cut there, so that time stays linear in the text. */
const valueCharsMax = 4_000;
/** Of a list, such as the values of one HTTP header. */
const listCharsMax = 400;

/** What languages print around a value: `b'x'`, `u'x'`, `SecretStr('x')`. */
const wrapper = /(?:[bBuUrRfF]{1,2}|[A-Za-z_][\w.]{0,80}\()(?=(?:[bBuUrRfF]{1,2})?\\{0,15}["'])/y;
const opening = /(\\{0,15})(["'])(?=\S)/y;
const word = /\S{1,4000}/y;
const scheme = /(?:Bearer|Basic|Token|AWS|Digest|ApiKey|Negotiate|AWS4-HMAC-SHA256)[^\S\n]{1,3}/iy;

export interface SecretValue {
  /** Behind the name of a scheme, which is no secret. */
  readonly start: number;
  readonly end: number;
  readonly isQuoted: boolean;
  /** Of what is quoted, with its quotes. */
  readonly text: string;
}

/**
 * The value that begins there, as settings, languages and formats write one: quoted at any depth of escapes, in braces or
 * brackets, or all up to the next blank; what is not closed goes to the end of its line. Nothing where there is none, or
 * where it was hidden before.
 */
export function valueAt(text: string, from: number): SecretValue | undefined {
  const start = from + matchAt(scheme, text, from).length;
  if (text.startsWith(redacted, start)) return undefined;
  let at = start;
  for (let layers = 0; layers < 2; layers += 1) at += matchAt(wrapper, text, at).length;
  const lineEnd = lineEndOf(text, at);
  const [quote = '', escapes = '', mark = ''] = groupsAt(opening, text, at);
  const isQuoted = quote !== '';
  const end = isQuoted
    ? quotedEnd(text, { from: at + quote.length, escapes: escapes.length, mark, lineEnd })
    : Math.max(at + matchAt(word, text, at).length, closingOf(text, at, lineEnd));
  // A quote of its own closes something else: `option 'password=' is missing`.
  const isNothing = end === at || (!isQuoted && matchAt(/\\{0,15}["'](?=\s|$)/y, text, at) !== '');
  return isNothing ? undefined : { start, end, isQuoted, text: text.slice(at, end) };
}

interface Quoted {
  readonly from: number;
  readonly escapes: number;
  readonly mark: string;
  readonly lineEnd: number;
}

/**
 * A quote inside a quoted text has one layer of escapes more than those around it: `\"` in plain text, `\\\"` in a text that
 * is quoted itself. A backslash that is meant as one is written twice at each layer. SQL writes a quote twice.
 */
function quotedEnd(text: string, { from, escapes, mark, lineEnd }: Quoted): number {
  const layer = 2 * (escapes + 1);
  let backslashes = 0;
  for (let at = from; at < lineEnd; at += 1) {
    const letter = text[at];
    if (letter === mark && backslashes % layer === escapes) {
      const isDoubled = escapes === 0 && mark === "'" && text[at + 1] === mark && at > from;
      if (!isDoubled) return at + 1;
      at += 1;
    }
    backslashes = letter === '\\' ? backslashes + 1 : 0;
  }
  return lineEnd;
}

/** Behind `}` or `]` where the value begins with `{` or `[`. */
function closingOf(text: string, at: number, lineEnd: number): number {
  const open = text[at];
  if (open !== '{' && open !== '[') return at;
  const close = open === '{' ? '}' : ']';
  let depth = 0;
  const last = Math.min(lineEnd, at + (open === '{' ? valueCharsMax : listCharsMax));
  for (let index = at; index < last; index += 1) {
    if (text[index] === open) depth += 1;
    if (text[index] === close) depth -= 1;
    if (depth === 0) return index + 1;
  }
  return at;
}

function lineEndOf(text: string, at: number): number {
  const newline = text.slice(at, at + valueCharsMax).indexOf('\n');
  return newline < 0 ? Math.min(text.length, at + valueCharsMax) : at + newline;
}

function matchAt(sticky: RegExp, text: string, at: number): string {
  return groupsAt(sticky, text, at)[0] ?? '';
}

function groupsAt(sticky: RegExp, text: string, at: number): readonly (string | undefined)[] {
  sticky.lastIndex = at;
  return sticky.exec(text) ?? [];
}
