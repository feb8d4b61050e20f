import { withoutKeys } from './key-blocks.ts';
import { type NamedSecret, namedSecrets } from './secret-names.ts';
import { shapedSecrets } from './secret-shapes.ts';
import { redacted, valueAt } from './secret-value.ts';

/**
 * The text with every secret in it made unreadable, line by line, with as many lines as before. What a driver prints of its
 * own settings, addresses and queries would otherwise travel into tables, messages and terminals. Time is linear in the text.
 *
 * Only what can be recognised by its shape or by the name before it goes, also where the text breaks off inside it; a
 * secret that stands alone and looks like a word stays.
 */
export function redact(text: string): string {
  let clean = withoutKeys(text, redacted);
  for (const secret of namedSecrets) clean = withoutNamed(clean, secret);
  for (const { looks } of shapedSecrets)
    clean = clean.replace(looks, (...found) => `${firstKept(found)}${redacted}`);
  return clean;
}

/** For `JSON.stringify`: the same with every text, before it is one of many in a line. */
export function redactTexts(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? redact(value) : value;
}

/** What goes before the secret: names and addresses stay, so that a person knows which secret it was. */
function firstKept([, kept]: readonly unknown[]): string {
  return typeof kept === 'string' ? kept : '';
}

function withoutNamed(text: string, { before, isSecret }: NamedSecret): string {
  const parts: string[] = [];
  let at = 0;
  for (const { index, 0: name } of text.matchAll(before)) {
    // The name of a setting may stand inside the value of another one.
    if (index < at) continue;
    const value = valueAt(text, index + name.length);
    if (!value || (isSecret && !isSecret(value))) continue;
    parts.push(text.slice(at, value.start), redacted);
    at = value.end;
  }
  return at === 0 ? text : `${parts.join('')}${text.slice(at)}`;
}
