import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';

const bytesMax = 64 * 1024;

/** The start time of a rate source, from which it counts its offsets: without it the query fails in planning. */
export async function checkRateStart(
  files: CheckpointFiles,
  index: number,
): Promise<FileAnswer<readonly Problem[]>> {
  const path = `sources/${index}/0`;
  const read = await files.read(path, bytesMax);
  if (!read.ok && read.code !== 'not-found') return read;
  if (!read.ok)
    return { ok: true, value: [problem('source-log-missing', path, 'the start time is missing')] };
  const isTime = /^\0?v1\r?\n\d+\s*$/.test(Buffer.from(read.value.bytes).toString('utf8'));
  return { ok: true, value: isTime ? [] : [problem('source-log-damaged', path, 'it holds no start time')] };
}
