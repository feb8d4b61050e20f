import { cutWords } from '../core/cut-words.ts';
import { redact } from '../core/failure/redact.ts';

/**
 * Text for Slack. What comes from logs and services is text of strangers: it must not ping a channel, draw a link or
 * hide a line, and it must not carry accounts, ARNs and locations out of the account.
 */
export function plain(text: string, lengthMax: number): string {
  const whole = escaped(withoutAddresses(withoutControls(text)));
  // Slack counts what is sent, and half an escape would be shown as it is.
  return whole.length <= lengthMax ? whole : cutWords(whole, lengthMax).replace(/&[a-z]{0,4}…$/, '…');
}

/** Inside backticks: a backtick would end them. */
export function code(text: string, lengthMax: number): string {
  const inner = plain(text.replaceAll('`', "'"), lengthMax).replaceAll('\n', ' ');
  return inner === '' ? '' : `\`${inner}\``;
}

/** `15:33 UTC`, shown by Slack in the reader's own zone. */
export function timeOfDay(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  return `<!date^${Math.floor(atMs / 1_000)}^{time_secs}|${iso.slice(11, 19)} UTC>`;
}

/** `2026-11-28 15:33:05 UTC`, shown by Slack in the reader's own zone. */
export function dayAndTime(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return `<!date^${Math.floor(atMs / 1_000)}^{date_short_pretty} {time_secs}|${utc}>`;
}

/** Slack's own rule: these three, and nothing else. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Controls, and the marks that turn the direction of text, which can make a line read as another. */
function withoutControls(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, ' ');
}

// What a job is given as its environment can be anything.
const envValue = /\b(spark\.[\w.-]{0,80}Env\.\w{1,80}\s?=)\s?[^\s,;]{1,500}/g;

/** Bounded repetitions, so that no text takes longer than its own length. */
function withoutAddresses(text: string): string {
  return (
    redact(text)
      .replace(/(:\/\/)[^\s/:@"']{1,100}:\[redacted\]@/g, '$1…@')
      .replace(envValue, '$1…')
      .replace(/\barn:aws[a-z-]{0,10}:[^\s"'<>]{1,500}/g, 'arn:…')
      .replace(/\bs3[an]?:\/\/[^\s"'<>,;)]{1,1000}/gi, 's3://…')
      // A shard has twelve digits too, and is what a person looks for.
      .replace(/(?<!\bshardId-)\b\d{12}\b/g, '…')
  );
}
