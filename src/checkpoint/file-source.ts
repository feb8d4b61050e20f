import { batchOf } from './batches.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';
import { parseFileLog } from './logs.ts';
import { type Problem, problem } from './problem.ts';
import type { SourceInput } from './source-logs.ts';
import type { SourceOffset } from './sources.ts';

/** Spark compacts every ten batches, so a compact file is followed by nine others at most. */
const logsReadMax = 12;
/** Of a compact file that lists millions of files only the start is looked at. */
const logBytesMax = 1024 * 1024;

/**
 * The log of a file source: which files belong to which of its batches. Spark reads it from the last compact file on,
 * and wants each batch since the one before the last.
 */
export async function checkFileLog(
  files: CheckpointFiles,
  { index, offset, before }: SourceInput,
): Promise<FileAnswer<readonly Problem[]>> {
  const folder = `sources/${index}`;
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  const names = logNames(listed.value.files.map(({ name }) => name));
  const lastWanted = logOffsetOf(offset);
  if (listed.value.isCut && !names.has(lastWanted))
    return { ok: true, value: [problem('not-checked', folder, 'more files than are listed')] };
  const newest = Math.max(-1, ...names.keys());
  const compacts = [...names].flatMap(([batch, name]) => (name.endsWith('.compact') ? [batch] : []));
  const base = Math.max(0, ...compacts);
  const wanted = [
    ...span(Math.max(0, logOffsetOf(before) + 1), lastWanted),
    ...span(base, Math.max(newest, lastWanted)),
  ];
  const missing = wanted.find((batch) => !names.has(batch));
  if (missing !== undefined)
    return {
      ok: true,
      value: [
        problem('source-log-missing', `${folder}/${missing}`, `batch ${missing} of the source is missing`),
      ],
    };
  const paths = span(base, newest)
    .slice(-logsReadMax)
    .map((batch) => `${folder}/${names.get(batch)}`);
  return readLogs(files, paths);
}

async function readLogs(
  files: CheckpointFiles,
  paths: readonly string[],
): Promise<FileAnswer<readonly Problem[]>> {
  const problems: Problem[] = [];
  const reads = await Promise.all(
    paths.map(async (path) => ({ path, read: await files.read(path, logBytesMax) })),
  );
  for (const { path, read } of reads) {
    if (!read.ok) return read;
    const parsed = parseFileLog(read.value.bytes, read.value.isCut);
    if (parsed.ok) continue;
    const code = parsed.kind === 'version' ? 'log-version-unsupported' : 'source-log-damaged';
    problems.push(problem(code, path, parsed.why));
  }
  return { ok: true, value: problems };
}

/** Batch of the source → name, which ends in `.compact` where it holds all batches before it as well. */
function logNames(names: readonly string[]): ReadonlyMap<number, string> {
  const logs = new Map<number, string>();
  for (const name of names) {
    const batch = batchOf(name.replace(/\.compact$/, ''));
    if (batch !== undefined && !logs.get(batch)?.endsWith('.compact')) logs.set(batch, name);
  }
  return logs;
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
