import { redact } from './redact.ts';
import { isRecordOf, logRecordLines } from './structured.ts';

/** One line as a person would read it in a plain log, and where it stands in what was given. */
export interface SourceLine {
  readonly text: string;
  /** Name of the source, see `TextSource`. */
  readonly source: string;
  /** Counts from 1. Lines that were unfolded from one line of the source share its number. */
  readonly line: number;
  /** UTF-16 code units from the start of the source to the start of the line. */
  readonly offset: number;
}

export interface TextSource {
  /** What the text is: `stateDetails`, or the name of a log. */
  readonly source: string;
  readonly text: string;
  /** Lines of the source before this text. */
  readonly linesBefore?: number;
}

/**
 * The lines of a text that can matter: all of its last 64 KB, where a driver says its last words, and of what stands
 * before them the lines that tell of an error, at most 64 KB of those. Time is linear in the text.
 */
export function telling({ source, text, linesBefore = 0 }: TextSource): readonly SourceLine[] {
  const tailStart = tailStartOf(text);
  const early: SourceLine[] = [];
  const late: SourceLine[] = [];
  let line = linesBefore + 1;
  for (let offset = 0; offset <= text.length; line += 1) {
    const newline = text.indexOf('\n', offset);
    const end = newline < 0 ? text.length : newline;
    if (end < tailStart) {
      const start = text.slice(offset, Math.min(end, offset + earlyLineCharsMax));
      if (isTelling(start)) early.push({ text: start, source, line, offset });
    } else {
      const from = Math.max(offset, tailStart);
      for (const part of unfold(text.slice(from, end))) late.push({ text: part, source, line, offset });
    }
    offset = end + 1;
  }
  return [...newest(early).map(cutLine(text)).flatMap(unfolded), ...late];
}

/** 64 KB holds some 400 log lines; the longest real driver log collected, with its stack traces, has 26 KB. */
const textCharsMax = 65_536;

const earlyLineCharsMax = 2000;
/** How far behind a cut is looked for the end of a secret. */
const secretCharsMax = 8000;
/** A line that the tail begins in is read from its start, unless it is longer. */
const tailLineCharsMax = 16_384;

/** Half a secret looks like none: where a line is cut, what is hidden is hidden before. */
function cutLine(all: string): (line: SourceLine) => SourceLine {
  return (line) => {
    if (line.text.length < earlyLineCharsMax) return line;
    const more = all.slice(line.offset, line.offset + earlyLineCharsMax + secretCharsMax).split('\n', 1);
    return { ...line, text: redact(more[0] ?? '').slice(0, earlyLineCharsMax) };
  };
}

function tailStartOf(text: string): number {
  const start = text.length - textCharsMax;
  if (start <= 0) return 0;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (start - lineStart <= tailLineCharsMax) return lineStart;
  return start + Math.max(0, text.slice(start, start + tailLineCharsMax).search(/\s/));
}

function isTelling(line: string): boolean {
  return /\b(?:WARN|ERROR|FATAL|SEVERE|CRITICAL)|Exception|Error\b|Caused by|\blost\b|corrupt|malformed|exist\b/i.test(
    line,
  );
}

/** The last of these lines, as many as fit. */
function newest(lines: readonly SourceLine[]): readonly SourceLine[] {
  let left = textCharsMax;
  let first = lines.length;
  for (const { text } of [...lines].reverse()) {
    left -= text.length + 1;
    if (left < 0) break;
    first -= 1;
  }
  return lines.slice(first);
}

function unfolded(line: SourceLine): readonly SourceLine[] {
  return unfold(line.text).map((text) => ({ ...line, text }));
}

/** What a collector of logs folded into one line: a record as JSON, or line ends written as two characters. */
function unfold(line: string): readonly string[] {
  const bare = line.replace(/^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d) (?:stdout|stderr) [FP] /, '');
  const lines = isRecordOf(bare) ? logRecordLines(bare) : [bare];
  return lines.flatMap((text) =>
    /\\n(?:\\t| {0,8})(?:at |Caused by|\.\.\.|[\w.]{1,200}(?:Exception|Error)\b|File "|Traceback)/.test(text)
      ? text.split(/(?:\\r)?\\n|\r?\n/).map((part) => part.replace(/\\t/g, '\t').replace(/\\"/g, '"'))
      : text.split(/\r?\n/),
  );
}
