import { hash } from '../hash.ts';

/**
 * The same for the same failure, whenever, wherever and on whatever record it happens: the rule that decided, and a
 * hash of the text from the match to the end of its line, without ids, numbers, times, paths, addresses and host names.
 * The rule alone when there is no such text.
 */
export function fingerprintOf(rule: string, text: string): string {
  if (text === '') return rule;
  return `${rule}:${hash(plain(text).slice(0, plainCharsMax))}`;
}

/** Does it tell one failure from another? An exit code alone is the same for all of them. */
export function tells(fingerprint: string): boolean {
  return fingerprint.includes(':');
}

/** The text as a fingerprint sees it: in small letters, with `#` for whatever changes from one run to the next. */
export function plain(text: string): string {
  return text
    .slice(0, textCharsMax)
    .replace(/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>,;)\]}]{1,2000}/gi, ' # ')
    .replace(/\barn:[^\s"'<>,;)\]}]{1,500}/gi, ' # ')
    .replace(/(?:\/[\w.=@%$~-]{1,300}){2,40}\/?/g, ' # ')
    .replace(/\[[0-9a-f:]{4,60}\](?::\d{1,5})?/gi, ' # ')
    .replace(
      /\b(?:[\w-]{1,63}\.){1,8}(?:internal|local|com|net|org|io|cloud|aws)(?![\w.])(?::\d{1,5})?/gi,
      ' # ',
    )
    .replace(/(request[ _-]?id:? ?)[^\s,;)\]]{1,200}/gi, '$1#')
    .replace(/[\w-]{0,200}\d[\w-]{0,200}/g, '#')
    .replace(/\b[a-f]{8,64}\b/gi, '#')
    .replace(/#(?:[\s,.:;/()[\]{}=+@'"<>-]{0,12}#){1,400}/g, '#')
    .replace(/\s{1,2000}/g, ' ')
    .trim()
    .toLowerCase();
}

/** The telling part of a message is at its beginning; long lists of records and hosts follow. */
const plainCharsMax = 120;
const textCharsMax = 2000;
