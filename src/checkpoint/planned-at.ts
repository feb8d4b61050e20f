import type { CheckpointFiles, FileAnswer } from './files.ts';
import { parseOffsets } from './logs.ts';
import { readLog } from './planned.ts';

/**
 * When a batch was planned, by `batchTimestampMs` of `offsets/N`: the date of that file would change with a copy of the
 * checkpoint. Undefined where the file is gone, is damaged, or does not say. One read.
 */
export async function plannedAt(
  files: CheckpointFiles,
  batch: number,
): Promise<FileAnswer<number | undefined>> {
  const read = await readLog(files, `offsets/${batch}`, parseOffsets);
  if (!read.ok) return read.code === 'not-found' ? { ok: true, value: undefined } : read;
  const timestampMs = read.value.ok ? read.value.value.timestampMs : 0;
  return { ok: true, value: timestampMs > 0 ? timestampMs : undefined };
}
