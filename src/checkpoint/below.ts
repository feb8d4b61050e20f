import { batchOf } from './batches.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';

/** A folder with more of them is not asked about each. */
const foldersMax = 50;

/** What a place holds where no checkpoint is. */
export interface Below {
  /** Folders that are checkpoints themselves, as when each query of a job has one here. */
  readonly checkpoints: readonly string[];
  /** It holds batches itself: the inside of `offsets/` or `commits/`. */
  readonly isInside: boolean;
}

/** Looks one level down, with at most 51 listings. Only for a place that reads as `empty`. */
export async function lookBelow(files: CheckpointFiles): Promise<FileAnswer<Below>> {
  const root = await files.list('', 'direct');
  if (!root.ok) return root;
  const checkpoints: string[] = [];
  for (const folder of root.value.folders.slice(0, foldersMax)) {
    const listed = await files.list(folder, 'direct');
    if (!listed.ok) return listed;
    const { folders } = listed.value;
    if (folders.includes('offsets') || folders.includes('commits')) checkpoints.push(folder);
  }
  const isInside = root.value.files.some(({ name }) => batchOf(name) !== undefined);
  return { ok: true, value: { checkpoints: checkpoints.toSorted(), isInside } };
}
