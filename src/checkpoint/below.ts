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
  /** What stands there and is no part of a checkpoint, where no part of one stands: a folder has a slash at its end. */
  readonly others: readonly string[];
}

/** What Spark makes in a checkpoint. */
const ownParts = new Set(['offsets', 'commits', 'sources', 'state', 'metadata']);
/** What is left behind by writers, and the markers of folders that Hadoop puts into a bucket. */
const leftBehind = /^[._]|_\$folder\$$/;

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
  const names = [
    ...root.value.folders.map((name) => `${name}/`),
    ...root.value.files.map(({ name }) => name),
  ];
  const isOwn = (name: string) => ownParts.has(name.replace(/\/$/, ''));
  const others = names.some(isOwn) ? [] : names.filter((name) => !leftBehind.test(name)).toSorted();
  return { ok: true, value: { checkpoints: checkpoints.toSorted(), isInside, others } };
}
