import type { CheckpointFiles, FileAnswer, Listing } from './files.ts';
import type { BatchFiles } from './head.ts';

/** The batches of Spark's two logs. */
export interface Batches {
  readonly planned: BatchFiles;
  readonly committed: BatchFiles;
}

/** The batches of a checkpoint by the names and dates of their files: two listings, nothing is read. */
export async function listBatches(files: CheckpointFiles): Promise<FileAnswer<Batches>> {
  // Commits first: while the job runs, a batch planned in between must not look committed but never planned.
  const commits = await listWhole(files, 'commits');
  if (!commits.ok) return commits;
  const offsets = await listWhole(files, 'offsets');
  if (!offsets.ok) return offsets;
  return { ok: true, value: { planned: batchesOf(offsets.value), committed: batchesOf(commits.value) } };
}

/**
 * The batch that a name stands for; undefined for all else. Only plain numbers are batches: `.7.<uuid>.tmp` is a write
 * that never ended, `.7.crc` a checksum of a local file system, `9.compact` a log of a source or sink.
 */
export function batchOf(name: string): number | undefined {
  return /^\d+$/.test(name) ? Number(name) : undefined;
}

function batchesOf({ files }: Listing): BatchFiles {
  const batches = new Map<number, number>();
  for (const { name, modifiedMs } of files) {
    const batch = batchOf(name);
    if (batch !== undefined) batches.set(batch, modifiedMs);
  }
  return batches;
}

async function listWhole(files: CheckpointFiles, folder: string): Promise<FileAnswer<Listing>> {
  const listed = await files.list(folder, 'direct');
  if (!listed.ok || !listed.value.isCut) return listed;
  // Spark keeps the last hundred batches or so; names sort as text, so with some of them the last one cannot be told.
  const message = `${files.location}/${folder}/: more than ${listed.value.files.length} names; this is no log of Spark`;
  return { ok: false, code: 'malformed', message };
}
