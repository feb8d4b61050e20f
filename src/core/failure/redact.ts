/**
 * The text with every secret in it made unreadable. What a driver prints of its own settings, addresses and queries
 * would otherwise travel into tables, messages and terminals. Time is linear in the text.
 *
 * Only what can be recognised by its shape or by the name before it goes; a secret that stands alone and looks like a
 * word stays.
 */
export function redact(text: string): string {
  let clean = text;
  for (const { looks, keeps } of secrets) clean = clean.replace(looks, keeps);
  return clean;
}

/** What stands in the place of a secret. */
export const redacted = '[redacted]';

interface Secret {
  readonly looks: RegExp;
  /** The replacement; names and addresses stay, so that a person knows which secret it was. */
  readonly keeps: string;
}

const value = String.raw`(?!\[redacted)(?:\\?"[^"\n]{1,4000}?\\?"|\\?'[^'\n]{1,4000}?\\?'|[^\s"'&,;)}\]]{1,4000})`;
const secretName =
  '(?:password|passwd|passphrase|pwd|secret|api[_.-]?key|access[_.-]?key|account[_.-]?key|private[_.-]?key|secret[_.-]?key|signing[_.-]?key)';
const nameEnd = '(?:[_.-]?(?:id|key|value|string|access[_.-]?key))?';

const secrets: readonly Secret[] = [
  {
    looks: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    keeps: redacted,
  },
  // A line of base64 alone is the middle of a key or a certificate.
  { looks: /^[A-Za-z0-9+/]{60,4000}={0,2}$/gm, keeps: redacted },
  { looks: /\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,128}\b/g, keeps: redacted },
  { looks: /\beyJ[\w-]{8,4000}\.[\w-]{4,4000}(?:\.[\w-]{0,4000})?/g, keeps: redacted },
  {
    looks:
      /\bxox[a-z]-[\w-]{4,400}|\bxapp-[\w-]{4,400}|\bgh[opsur]_\w{20,300}|\bgithub_pat_\w{20,300}|\bdapi[0-9a-f]{32}\b/g,
    keeps: redacted,
  },
  { looks: /\b(hooks\.slack(?:-gov)?\.com\/)[^\s"'<>]{1,400}/g, keeps: `$1${redacted}` },
  { looks: /(:\/\/[^\s/:@"']{1,200}:)[^\s/@"']{1,400}@/g, keeps: `$1${redacted}@` },
  { looks: /(jdbc:oracle:thin:[^\s/:@"']{1,200}\/)[^\s/@"']{1,400}@/gi, keeps: `$1${redacted}@` },
  { looks: /\b((?:Bearer|Basic|AWS4-HMAC-SHA256) )[\w.~+/=:-]{6,4000}/g, keeps: `$1${redacted}` },
  {
    looks:
      /([?&;](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|sig|code|access_token)=)[^\s&"'<>]{1,4000}/gi,
    keeps: `$1${redacted}`,
  },
  {
    looks: new RegExp(String.raw`(${secretName}${nameEnd}\\?["']?\s{0,3}=\s{0,3})${value}`, 'gi'),
    keeps: `$1${redacted}`,
  },
  {
    looks: new RegExp(
      String.raw`(${secretName}${nameEnd}\\?["']?\s{0,3}(?::|=>)\s{0,3})(?!\/\/)${value}`,
      'gi',
    ),
    keeps: `$1${redacted}`,
  },
  {
    looks: new RegExp(String.raw`(token(?:[_.-]?(?:id|value))?\\?["']?\s{0,3}=\s{0,3})${value}`, 'gi'),
    keeps: `$1${redacted}`,
  },
  // After a colon people write words as well: `token: expired`. A token is long.
  {
    looks: /((?:token|authorization|credentials?)\\?["']?\s{0,3}:\s{0,3}\\?["']?)[\w.~+/=:-]{16,4000}/gi,
    keeps: `$1${redacted}`,
  },
  { looks: /(\bidentified by )(?:'[^'\n]{1,400}'|"[^"\n]{1,400}"|\S{1,400})/gi, keeps: `$1${redacted}` },
];
