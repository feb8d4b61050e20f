/** A private key of 16,384 bits has some 12,700 letters, one of 4,096 bits 3,300. */
const blockCharsMax = 16_000;
const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const end = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/**
 * The text without private keys, with as many lines as before. A key whose end is not there goes on as long as its lines
 * look like one, a key whose beginning is not there begins where they do.
 */
export function withoutKeys(text: string, instead: string): string {
  if (!text.includes('PRIVATE KEY')) return text;
  const parts: string[] = [];
  let at = 0;
  const hide = (from: number, to: number) => {
    const lines = text.slice(from, to).split('\n').length - 1;
    parts.push(text.slice(at, from), instead, '\n'.repeat(lines));
    at = to;
  };
  const marks = [...text.matchAll(begin), ...text.matchAll(end)].sort((a, b) => a.index - b.index);
  for (const [number, { index, 0: mark }] of marks.entries()) {
    if (index < at) continue;
    const next = marks[number + 1];
    if (mark.startsWith('-----END')) hide(beginningOf(text, index, at), index + mark.length);
    else if (next?.[0].startsWith('-----END') && next.index - index <= blockCharsMax)
      hide(index, next.index + next[0].length);
    else hide(index, endingOf(text, index + mark.length));
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** A line of a key, or a header as PGP and encrypted keys have them. */
const keyLine = /^\s{0,40}(?:[A-Za-z0-9+/=_-]{4,200}|[A-Za-z-]{2,30}: [^\n]{0,200})?\s{0,3}$/;

/** The line that a key begins in belongs to it, and those after it that look like one. */
function endingOf(text: string, from: number): number {
  let at = lineEndOf(text, from);
  while (at < text.length && at - from < blockCharsMax) {
    const to = lineEndOf(text, at + 1);
    if (!keyLine.test(text.slice(at + 1, Math.min(to, at + 300)))) break;
    at = to;
  }
  return at;
}

/** What stands before the end on its own line, as far as it may be of a key, and the lines before that look like one. */
function beginningOf(text: string, to: number, after: number): number {
  let at = to;
  while (at > after && /[\w+/=\\ -]/.test(text[at - 1] ?? '')) at -= 1;
  while (at > after && text[at - 1] === '\n' && to - at < blockCharsMax) {
    const before = Math.max(after, text.lastIndexOf('\n', at - 2) + 1);
    const line = text.slice(Math.max(before, at - 300), at - 1);
    if (line === '' || !keyLine.test(line)) break;
    at = before;
  }
  return at;
}

function lineEndOf(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}
