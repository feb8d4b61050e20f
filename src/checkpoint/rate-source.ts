import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';

const bytesMax = 64 * 1024;

/**
 * The start time of a rate source, from which it counts its offsets: where it is cut, the query fails. Other sources whose
 * offset is one number (a socket, MQTT) keep nothing there, or something of their own.
 */
export async function checkRateStart(
  files: CheckpointFiles,
  index: number,
): Promise<FileAnswer<readonly Problem[]>> {
  const path = `sources/${index}/0`;
  const read = await files.read(path, bytesMax);
  if (!read.ok && read.code !== 'not-found') return read;
  if (!read.ok) {
    const what = 'a rate source would have its start time here';
    return { ok: true, value: [problem('not-checked', path, what)] };
  }
  const text = Buffer.from(read.value.bytes).toString('utf8');
  // Cut in the version or right behind it.
  const isCut = /^\0?(?:v\d*\r?\n?)?$/.test(text);
  return { ok: true, value: isCut ? [problem('source-log-damaged', path, 'it holds no start time')] : [] };
}
