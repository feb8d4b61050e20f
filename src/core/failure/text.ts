import { type SourceLine, type TextSource, telling } from './lines.ts';
import { redact } from './redact.ts';

/** One log record or one uninterrupted message, tidied for matching. */
export interface TextRecord {
  /** `quiet` is INFO and below, `warning` is WARN of anything that went on, `loud` is all the rest. */
  readonly loudness: Loudness;
  /** Trimmed lines, blanks collapsed, without stack frames and source lines. */
  readonly message: string;
  /** As `message`, stack frames included. */
  readonly withFrames: string;
  /** Where the lines of `message` come from, one by one. */
  readonly messagePlaces: readonly Place[];
  /** The same for `withFrames`. */
  readonly framePlaces: readonly Place[];
}

export type Loudness = 'loud' | 'warning' | 'quiet';

/** Where a text was found: `line` counts from 1, `offset` is that of the line, in UTF-16 code units. */
export type Place = Omit<SourceLine, 'text'>;

/** Cuts the evidence into records. Sources never share a record. */
export function readRecords(sources: readonly TextSource[]): readonly TextRecord[] {
  return sources.flatMap((source) => recordsOf(telling(source)));
}

function recordsOf(lines: readonly SourceLine[]): readonly TextRecord[] {
  const open: OpenRecord[] = [];
  let inSource = false;
  // Secrets go before anything is cut: half a secret is not recognised any more, and a key has many lines.
  const tidy = redact(lines.map(({ text }) => text.replace(/\s+/g, ' ').trim()).join('\n')).split('\n');
  for (const [index, { text: raw, ...place }] of lines.entries()) {
    const line = tidy[index] ?? '';
    if (line === '') continue;
    inSource = isSourceHeader(raw) || (inSource && /^ {4}/.test(raw));
    if (inSource || isNoise(line)) continue;
    let current = open.at(-1);
    const loudness = loudnessOfNewRecord(line, current?.loudness);
    if (loudness || !current) {
      current = { loudness: loudness ?? 'loud', lines: [], frames: [], messagePlaces: [], framePlaces: [] };
      open.push(current);
    }
    if (!isFrame(line)) {
      current.lines.push(line);
      current.messagePlaces.push(place);
    }
    // Log4j names the jar behind each frame.
    current.frames.push(line.replace(/ ~?\[[^\]]{1,200}\]$/, ''));
    current.framePlaces.push(place);
  }
  return open.map(({ lines: kept, frames, ...record }) => ({
    ...record,
    message: kept.join('\n'),
    withFrames: frames.join('\n'),
  }));
}

/** The whole lines that a match touches, at most 300 characters of them, around the start of the match. */
export function linesAround(text: string, start: number, end: number): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const lines = wholeLines(text, start, end);
  if (lines.length <= evidenceCharsMax) return lines;
  // A third before the match leaves room for what usually follows it, the reason.
  const cut = Math.max(0, Math.min(start - from - evidenceCharsMax / 3, lines.length - evidenceCharsMax));
  return lines.slice(cut, cut + evidenceCharsMax).trim();
}

/** The lines that a match touches, all of them. */
export function wholeLines(text: string, start: number, end: number): string {
  const to = text.indexOf('\n', Math.max(end - 1, start));
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, to === -1 ? text.length : to);
}

/** Fits a Slack section and a line of a terminal. */
export const evidenceCharsMax = 300;

interface OpenRecord {
  readonly loudness: Loudness;
  readonly lines: string[];
  readonly frames: string[];
  readonly messagePlaces: Place[];
  readonly framePlaces: Place[];
}

function loudnessOfNewRecord(line: string, before: Loudness | undefined): Loudness | undefined {
  const level =
    /^[\d\s:.,/TZUC+[\]-]{0,40}(?:\[[\w -]{1,40}\] |\{[\w.:-]{1,60}\} )?\b(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE|CRITICAL)\b/.exec(
      line,
    )?.[1];
  if (level !== undefined) {
    if (level === 'TRACE' || level === 'DEBUG' || level === 'INFO') return 'quiet';
    // A lost task is logged as WARN and is a true failure.
    return level.startsWith('WARN') && !/TaskSetManager/.test(line) ? 'warning' : 'loud';
  }
  if (
    /^(?:(?:Serverless )?Job (?:failed|run)\b|Traceback \(most recent|Exception in thread|Error: |diagnostics: User class threw |(?:pyspark|py4j)\.)/.test(
      line,
    )
  )
    return 'loud';
  // INFO records carry no exceptions: this one was printed by somebody else.
  return before === 'quiet' &&
    /^(?:Caused by: )?(?:[\w$]{1,60}\.){1,12}[\w$]{0,60}(?:Exception|Error)\b/.test(line)
    ? 'loud'
    : undefined;
}

function isFrame(line: string): boolean {
  return (
    /^(?:at [\w.$/<>]{3,}\(|\.\.\. \d+ (?:more|common))/.test(line) ||
    /^at [\w.$/@<>-]{3,300}\.[\w$<>]{1,200}\(/.test(line)
  );
}

function isSourceHeader(raw: string): boolean {
  return /^\s{0,20}File ".{1,300}", line \d/.test(raw);
}

/** Query plans, offsets and client settings are printed beside an error and hold words that mean nothing there. */
function isNoise(line: string): boolean {
  return /^(?:[:~ ]{0,20}[+:]- |===|Current (?:Committed|Available) Offsets:|Logical Plan:|[\w.]{1,80} = )/.test(
    line,
  );
}
