import { cutWords } from '../cut-words.ts';

/** What a person reads of an evidence line in one message. */
const gistMax = 140;

/**
 * The telling part of an evidence line: without the service's own preamble, control characters or excess length.
 * Log text is somebody else's: it is quoted, never trusted.
 */
export function gist(evidence: string, max = gistMax): string {
  const told = evidence.replace(
    /^Job failed, please check complete logs in configured logging destination\. ?/,
    '',
  );
  const [, exit, rest] = /^(?:ExitCode: (\d+)\. ?)?(?:Last few exceptions: ?)?(.*)$/s.exec(told) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  const plain = (rest ?? told).replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim();
  const text = exit === undefined ? plain : `exit ${exit}${plain === '' ? '' : `: ${plain}`}`;
  return cutWords(text, max);
}

/** The service's wrapper with nothing in it: `ExitCode: 1.`, which is said of every failure. */
export function isBareExit(line: string): boolean {
  return /^(?:Job failed\.?)?(?: ?exit \d+)?(?: ?ExitCode: \d+\.?)?$/i.test(gist(line));
}
