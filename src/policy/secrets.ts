import type { Diagnostic } from './diagnostics.ts';

/** A secret written out in a text: where it stands, and what it is. */
export interface Secret {
  readonly start: number;
  readonly end: number;
  readonly noun: string;
}

interface Pattern {
  readonly noun: string;
  readonly looks: RegExp;
}

/**
 * What the issuers themselves make recognisable. Passwords of people's own making cannot be told from text. Lengths
 * are bounded, so that no file takes longer than its own length.
 */
const patterns: readonly Pattern[] = [
  { noun: 'a Slack token', looks: /\bxox[a-z]-[\w-]{4,}|\bxapp-[\w-]{4,}/g },
  { noun: 'a Slack webhook', looks: /\bhooks\.slack(?:-gov)?\.com\/[^\s"'<>]+/g },
  { noun: 'an AWS access key', looks: /\b(?:AKIA|ASIA)[0-9A-Z]{12,}\b/g },
  { noun: 'a private key', looks: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/g },
  { noun: 'a GitHub token', looks: /\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}/g },
  {
    noun: 'a password in a URL',
    looks: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"']{1,100}:[^\s/:@"']{1,200}@/gi,
  },
];

/** Every secret in the text, in its order, comments included: a file is read by more people than its program. */
export function secretsIn(text: string): readonly Secret[] {
  return patterns
    .flatMap(({ noun, looks }) =>
      [...text.matchAll(looks)].map(({ index, 0: found }) => ({
        start: index,
        end: index + found.length,
        noun,
      })),
    )
    .sort((a, b) => a.start - b.start);
}

/** The text with each secret made unreadable, at the same length: output ends up in logs of builds. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const { start, end } of secretsIn(text)) {
    masked = `${masked.slice(0, start)}${'*'.repeat(end - start)}${masked.slice(end)}`;
  }
  return masked;
}

/** The same for what a diagnostic says. */
export function withoutSecrets<T extends Diagnostic>(diagnostic: T): T {
  const { path, message, hint } = diagnostic;
  const said = { path: maskSecrets(path), message: maskSecrets(message) };
  return { ...diagnostic, ...said, ...(hint === undefined ? {} : { hint: maskSecrets(hint) }) };
}
