import { compactBefore, defaultInterval, intervalsOf, logBatchOf, logName, never } from './file-log-names.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';
import { parseFileLog } from './logs.ts';
import { type Problem, problem } from './problem.ts';
import type { SourceInput } from './source-logs.ts';
import type { SourceOffset } from './sources.ts';

/** Compact files come every ten batches or so; with the one that they begin with, that many are read. */
const logsReadMax = 12;
/** Of a compact file that lists millions of files only the start is looked at. */
const logBytesMax = 1024 * 1024;

/**
 * The log of a file source: which files belong to which of its batches. Spark reads it from the last compact file on,
 * and wants each batch since the one before the last, each under the one name that its interval gives it.
 */
export async function checkFileLog(
  files: CheckpointFiles,
  { index, offset, before }: SourceInput,
): Promise<FileAnswer<readonly Problem[]>> {
  const folder = `sources/${index}`;
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  const names = new Set(listed.value.files.map(({ name }) => name));
  const lastWanted = logOffsetOf(offset);
  if (listed.value.isCut && !names.has(String(lastWanted)) && !names.has(`${lastWanted}.compact`))
    return { ok: true, value: [problem('not-checked', folder, 'more files than are listed')] };
  const newest = Math.max(-1, lastWanted, ...[...names].flatMap((name) => logBatchOf(name) ?? []));
  const intervals = intervalsOf(names);
  const missingAt = (interval: number) =>
    [
      ...span(Math.max(0, logOffsetOf(before) + 1), lastWanted),
      ...span(compactBefore(newest, interval), newest),
    ]
      .map((batch) => logName(batch, interval))
      .find((name) => !names.has(name));
  const interval = intervals.find((each) => missingAt(each) === undefined);
  if (interval === undefined) {
    const name = missingAt(intervals[0] ?? defaultInterval) ?? '';
    const what = `batch ${Number.parseInt(name, 10)} of the source is missing`;
    return { ok: true, value: [problem('source-log-missing', `${folder}/${name}`, what)] };
  }
  const read = span(compactBefore(newest, interval), newest).slice(-logsReadMax);
  return readLogs(
    files,
    read.map((batch) => ({ batch, path: `${folder}/${logName(batch, interval)}` })),
    interval === never,
  );
}

async function readLogs(
  files: CheckpointFiles,
  logs: readonly { readonly batch: number; readonly path: string }[],
  isUncompacted: boolean,
): Promise<FileAnswer<readonly Problem[]>> {
  const problems: Problem[] = [];
  const reads = await Promise.all(
    logs.map(async (log) => ({ ...log, read: await files.read(log.path, logBytesMax) })),
  );
  for (const { batch, path, read } of reads) {
    if (!read.ok) return read;
    const parsed = parseFileLog(read.value.bytes, read.value.isCut);
    // Only a compact file lists files of other batches.
    const wasCompact =
      isUncompacted &&
      (batch + 1) % defaultInterval === 0 &&
      parsed.ok &&
      parsed.value.some((each) => each !== batch);
    if (wasCompact)
      problems.push(problem('source-log-missing', `${path}.compact`, 'the compact log has another name'));
    if (parsed.ok) continue;
    const code = parsed.kind === 'version' ? 'log-version-unsupported' : 'source-log-damaged';
    problems.push(problem(code, path, parsed.why));
  }
  return { ok: true, value: problems };
}

/** -1 where the source had read nothing. */
function logOffsetOf(offset: SourceOffset | undefined): number {
  const position = offset?.kind === 'file' ? offset.positions[0]?.partitions[0]?.position : undefined;
  return typeof position === 'number' ? position : -1;
}

/** Both ends included; at most as many as are looked at anyway, so that a wild number costs nothing. */
function span(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.min(Math.max(0, to - from + 1), 10_000) }, (_, index) => from + index);
}
