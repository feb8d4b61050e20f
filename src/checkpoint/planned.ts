import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type OffsetsLog, type Parsed, parseOffsets } from './logs.ts';
import { type Problem, problem } from './problem.ts';
import { parseSourceOffset, type SourceOffset } from './sources.ts';

/** One planned batch, as far as it can be read. */
export interface PlannedBatch {
  readonly path: string;
  readonly log: OffsetsLog;
  readonly sources: readonly SourceOffset[];
}

/** An offset of a thousand shards has 200 KB; more than this is not read, and then the file counts as not readable. */
export const logBytesMax = 4 * 1024 * 1024;

/** Batch N; undefined where it is damaged. */
export async function readPlanned(
  files: CheckpointFiles,
  batch: number,
  problems: Problem[],
): Promise<FileAnswer<PlannedBatch | undefined>> {
  const path = `offsets/${batch}`;
  const read = await readLog(files, path, parseOffsets);
  if (!read.ok) return read;
  report(problems, read.value, path, 'offsets-damaged');
  if (!read.value.ok) return { ok: true, value: undefined };
  const log = read.value.value;
  const sources: SourceOffset[] = [];
  for (const [index, line] of log.sources.entries()) {
    const parsed = parseSourceOffset(line);
    if (parsed.ok) sources.push(parsed.value);
    else problems.push(offsetDamaged(path, index, parsed.why));
  }
  return { ok: true, value: sources.length === log.sources.length ? { path, log, sources } : undefined };
}

export function offsetDamaged(path: string, index: number, why: string): Problem {
  return problem('source-offset-damaged', path, `the offset of source ${index} cannot be read: ${why}`);
}

/** A query keeps its sources in their order; one that has no offset yet, or is not known here, can be any. */
export function differenceOf(
  before: readonly SourceOffset[],
  last: readonly SourceOffset[],
): string | undefined {
  if (before.length !== last.length)
    return `${last.length} sources, and ${before.length} in the batch before`;
  for (const [index, { kind }] of last.entries()) {
    const former = before[index]?.kind;
    const isKnown = [former, kind].every((each) => each !== 'other' && each !== 'rate');
    if (isKnown && former !== kind) return `source ${index} is of kind ${kind}, and was ${former}`;
  }
  return undefined;
}

/** Notes what is wrong with a file; a version that is too new is no damage. */
export function report(
  problems: Problem[],
  parsed: Parsed<unknown>,
  path: string,
  code: Problem['code'],
): void {
  if (parsed.ok) return;
  const isVersion = parsed.kind === 'version';
  problems.push(problem(isVersion ? 'log-version-unsupported' : code, path, parsed.why));
}

/** A whole file of Spark's log. */
export async function readLog<P>(
  files: CheckpointFiles,
  path: string,
  parse: (bytes: Uint8Array) => P,
): Promise<FileAnswer<P>> {
  const read = await files.read(path, logBytesMax);
  if (!read.ok) return read;
  if (!read.value.isCut) return { ok: true, value: parse(read.value.bytes) };
  const message = `${files.location}/${path}: larger than ${logBytesMax} bytes, which no log of Spark is; look at it by hand`;
  return { ok: false, code: 'malformed', message };
}
