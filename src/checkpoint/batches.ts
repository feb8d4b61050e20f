import type { CheckpointFiles, FileAnswer, Listing } from './files.ts';
import type { BatchFiles } from './head.ts';

/** The batches of Spark's two logs. */
export interface Batches {
  readonly planned: BatchFiles;
  readonly committed: BatchFiles;
  /** Names of files that Spark takes for a batch under which it then finds no file, or for one that no query gets to. */
  readonly strays: { readonly offsets: readonly Stray[]; readonly commits: readonly Stray[] };
}

export interface Stray {
  readonly name: string;
  readonly batch: number;
}

/** The batches of a checkpoint by the names and dates of their files: two listings, nothing is read. */
export async function listBatches(files: CheckpointFiles): Promise<FileAnswer<Batches>> {
  // Commits first: while the job runs, a batch planned in between must not look committed but never planned.
  const commits = await listWhole(files, 'commits');
  if (!commits.ok) return commits;
  const offsets = await listWhole(files, 'offsets');
  if (!offsets.ok) return offsets;
  return {
    ok: true,
    value: {
      planned: batchesOf(offsets.value),
      committed: batchesOf(commits.value),
      strays: { offsets: straysOf(offsets.value), commits: straysOf(commits.value) },
    },
  };
}

/**
 * The batch that a name stands for; undefined for all else. Only plain numbers are batches: `.7.<uuid>.tmp` is a write
 * that never ended, `.7.crc` a checksum of a local file system, `9.compact` a log of a source or sink.
 */
export function batchOf(name: string): number | undefined {
  const batch = longOf(name);
  return batch !== undefined && Number.isSafeInteger(batch) && String(batch) === name ? batch : undefined;
}

/** What Java reads of a name: a number with or without sign and leading zeros, within 64 bits. Negative ones are none. */
export function longOf(name: string): number | undefined {
  const [, digits] = /^\+?(\d+)$/.exec(name) ?? [];
  return digits !== undefined && BigInt(digits) < 2n ** 63n ? Number(digits) : undefined;
}

function straysOf({ files }: Listing): readonly Stray[] {
  return files.flatMap(({ name }) => {
    const batch = longOf(name);
    return batch === undefined || batchOf(name) !== undefined ? [] : [{ name, batch }];
  });
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
