/** One log record or one uninterrupted message, tidied for matching. */
export interface TextRecord {
  /** `quiet` is INFO and below, `warning` is WARN of anything that went on, `loud` is all the rest. */
  readonly loudness: Loudness;
  /** Trimmed lines, blanks collapsed, without stack frames and source lines. */
  readonly message: string;
  /** As `message`, stack frames included. */
  readonly withFrames: string;
}

export type Loudness = 'loud' | 'warning' | 'quiet';

/**
 * Cuts the evidence into records. Only the last 64 KB count: the driver's last words are at the end, and a bound on
 * the text is a bound on the time of every pattern.
 */
export function readRecords(text: string): readonly TextRecord[] {
  const open: OpenRecord[] = [];
  let inSource = false;
  for (const raw of text.slice(-textCharsMax).split(/\r?\n/)) {
    const line = raw.replace(/\s+/g, ' ').trim();
    if (line === '') continue;
    inSource = isSourceHeader(raw) || (inSource && /^ {4}/.test(raw));
    if (inSource || isNoise(line)) continue;
    let current = open.at(-1);
    const loudness = loudnessOfNewRecord(line, current?.loudness);
    if (loudness || !current) {
      current = { loudness: loudness ?? 'loud', lines: [], frames: [] };
      open.push(current);
    }
    if (!isFrame(line)) current.lines.push(line);
    current.frames.push(line);
  }
  return open.map(({ loudness, lines, frames }) => ({
    loudness,
    message: lines.join('\n'),
    withFrames: frames.join('\n'),
  }));
}

/** The whole lines that a match touches, at most 300 characters of them, around the start of the match. */
export function linesAround(text: string, start: number, end: number): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', Math.max(end - 1, start));
  const lines = text.slice(from, to === -1 ? text.length : to);
  if (lines.length <= evidenceCharsMax) return lines;
  // A third before the match leaves room for what usually follows it, the reason.
  const cut = Math.max(0, Math.min(start - from - evidenceCharsMax / 3, lines.length - evidenceCharsMax));
  return lines.slice(cut, cut + evidenceCharsMax).trim();
}

/** 64 KB holds some 400 log lines; the longest real driver log collected, with its stack traces, has 26 KB. */
export const textCharsMax = 65_536;

/** Fits a Slack section and a line of a terminal. */
export const evidenceCharsMax = 300;

interface OpenRecord {
  readonly loudness: Loudness;
  readonly lines: string[];
  readonly frames: string[];
}

function loudnessOfNewRecord(line: string, before: Loudness | undefined): Loudness | undefined {
  const level = /^[\d\s:.,/TZ+[\]-]{0,40}\b(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE)\b/.exec(
    line,
  )?.[1];
  if (level !== undefined) {
    if (level === 'TRACE' || level === 'DEBUG' || level === 'INFO') return 'quiet';
    // A lost task is logged as WARN and is a true failure.
    return level.startsWith('WARN') && !/TaskSetManager/.test(line) ? 'warning' : 'loud';
  }
  if (/^(?:Traceback \(most recent|Exception in thread|Error: |(?:pyspark|py4j)\.)/.test(line)) return 'loud';
  // INFO records carry no exceptions: this one was printed by somebody else.
  return before === 'quiet' && /^(?:[\w$]{1,60}\.){1,12}[\w$]{0,60}(?:Exception|Error)\b/.test(line)
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
