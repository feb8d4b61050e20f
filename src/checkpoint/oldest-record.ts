import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type ReadOptions, readCheckpoint } from './read.ts';
import type { Shards } from './shards.ts';
import type { PartitionPosition } from './sources.ts';
import { oldestUnread } from './unread.ts';

/** Two calls each. Beyond it the answer would take longer than a pass may. */
const shardsMax = 512;
const askedAtOnce = 16;

/** What lies behind the last committed batch of a checkpoint, as its Kinesis streams say themselves. */
export interface OldestRecord {
  /** The batch that was the last committed one; -1 before the first. */
  readonly batch: number;
  /** When the oldest record behind it arrived, epoch ms; absent where none lies there. */
  readonly arrivedMs?: number;
  /** The first records of this many shards were looked at. */
  readonly shards: number;
}

/**
 * One record of each shard, read at the position where the job would go on, and of each shard that came out of one of
 * those since. Nothing but its time of arrival is used. Part of the shards would be no answer: the oldest may be in the rest.
 */
export async function oldestRecord(
  files: CheckpointFiles,
  { shards, ...options }: ReadOptions & { readonly shards: Shards },
): Promise<FileAnswer<OldestRecord>> {
  const read = await readCheckpoint(files, options);
  if (!read.ok) return read;
  const batch = read.value.committedBatch ?? -1;
  const unread = oldestUnread(read.value);
  const streams = new Map<string, PartitionPosition[]>();
  for (const { kind, stream, partitions } of read.value.resume) {
    if (kind !== 'kinesis' || stream === null) continue;
    const behind = unread.filter((position) => position.kind === 'kinesis' && position.stream === stream);
    const descended = await descendants(shards, stream, new Set(partitions.map(({ id }) => id)));
    if (!descended.ok) return descended;
    streams.set(stream, [...behind, ...descended.value]);
  }
  if (streams.size === 0) return untold('where the job would go on in a Kinesis stream cannot be told');
  // Begun at the tip of the time when nothing was read yet, which lies nowhere in the checkpoint.
  if ([...streams.values()].flat().some(({ positionType }) => positionType === 'LATEST'))
    return untold('the job has read nothing since it began at the newest records');
  const asked = [...streams].flatMap(([stream, positions]) =>
    positions.map((position) => ({ stream, position })),
  );
  if (asked.length > shardsMax) return untold(`more than ${shardsMax} shards would have to be asked`);
  let arrivedMs = Number.POSITIVE_INFINITY;
  for (let from = 0; from < asked.length; from += askedAtOnce) {
    const answers = await Promise.all(
      asked
        .slice(from, from + askedAtOnce)
        .map(async ({ stream, position }) => shards.firstRecord(stream, position)),
    );
    for (const answer of answers) {
      if (answer.ok) arrivedMs = Math.min(arrivedMs, answer.value ?? Number.POSITIVE_INFINITY);
      // A shard that is gone has taken with it what it held: no record of it is waiting any more.
      else if (answer.code !== 'not-found') return answer;
    }
  }
  const found = Number.isFinite(arrivedMs) ? { arrivedMs } : {};
  return { ok: true, value: { batch, ...found, shards: asked.length } };
}

/** Shards that came out of the known ones by a reshard and that no batch has read: all that they hold is unread. */
async function descendants(
  shards: Shards,
  stream: string,
  known: ReadonlySet<string>,
): Promise<FileAnswer<readonly PartitionPosition[]>> {
  const listed = await shards.list(stream);
  if (!listed.ok) return listed;
  const family = new Set(known);
  const found: PartitionPosition[] = [];
  // Parents have smaller numbers than their children.
  for (const { id, parents } of [...listed.value].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (family.has(id) || !parents.some((parent) => family.has(parent))) continue;
    family.add(id);
    found.push({ id, position: '', positionType: 'TRIM_HORIZON' });
  }
  return { ok: true, value: found };
}

function untold(message: string): FileAnswer<never> {
  return { ok: false, code: 'malformed', message };
}
