import type { FileAnswer } from './files.ts';
import type { PositionGap } from './gap.ts';
import { shardsMax } from './shard-ends.ts';
import type { PartitionPosition, SourcePositions } from './sources.ts';

/** What a stream itself says of its shards. There is no way to write to it. */
export interface Shards {
  /** All that it still keeps, closed ones too. */
  list(stream: string): Promise<FileAnswer<readonly StreamShard[]>>;
  /** When the first record behind a position arrived, epoch ms; undefined where there is none up to the end of the shard. */
  firstRecord(stream: string, position: PartitionPosition): Promise<FileAnswer<number | undefined>>;
}

export interface StreamShard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly isClosed: boolean;
}

/**
 * Shards that are asked about, as many as ends are read; each costs two calls or a few more. Their limits are of one shard
 * (5 a second), so that many are asked at once.
 */
const askedMax = shardsMax;
const askedAtOnce = 16;

/**
 * What the checkpoint alone cannot tell of one Kinesis source. A shard that is not read on was left before its end only if
 * it is still open, or a record lies behind where it was left; one that begins late only if a record arrived before. And a
 * shard that was opened and closed again while nobody read is in no batch at all: the stream knows it.
 */
export async function proveGaps(
  shards: Shards,
  seam: { readonly ended: SourcePositions; readonly started: readonly SourcePositions[] },
  gaps: readonly PositionGap[],
): Promise<readonly PositionGap[]> {
  const stream = seam.ended.stream ?? '';
  const listed = await shards.list(stream);
  // What cannot be listed is not known, and no gap; the gaps themselves say when the stream cannot be asked.
  const found = [...gaps, ...(listed.ok ? unseenShards(listed.value, seam) : [])];
  const proven: (PositionGap | undefined)[] = [];
  let asked = 0;
  for (let from = 0; from < found.length; from += askedAtOnce) {
    const some = found.slice(from, from + askedAtOnce).map((gap) => {
      const at = askedFrom(gap, listed);
      if (at === undefined) return gap;
      asked += 1;
      return asked > askedMax
        ? unproven(gap, `more than ${askedMax} shards would have to be asked`)
        : prove(shards, { stream, at, listed }, gap);
    });
    proven.push(...(await Promise.all(some)));
  }
  return proven.filter((gap) => gap !== undefined);
}

type Listed = FileAnswer<readonly StreamShard[]>;

/** The gap, if it is one. */
async function prove(
  shards: Shards,
  {
    stream,
    at,
    listed,
  }: { readonly stream: string; readonly at: PartitionPosition; readonly listed: Listed },
  gap: PositionGap,
): Promise<PositionGap | undefined> {
  const first = await shards.firstRecord(stream, at);
  // A shard that is gone from the stream has taken what it held with it.
  if (!first.ok) return first.code === 'not-found' ? gap : unproven(gap, whyNot(first));
  if (first.value !== undefined) return first.value < lateUntilMs(gap) ? gap : undefined;
  // Nothing lies there now. Of a shard that may be open that does not say that it was read to its end.
  return gap.kind === 'vanished' && !listed.ok ? unproven(gap, whyNot(listed)) : undefined;
}

function unproven(gap: PositionGap, why: string): PositionGap {
  return { ...gap, kind: 'unproven', why };
}

function whyNot({ code, message }: Extract<FileAnswer<unknown>, { ok: false }>): string {
  return `${code}: ${message}`;
}

/** Where the stream is asked whether a record lies; undefined where it could not say more than is known. */
function askedFrom({ kind, id, from, to }: PositionGap, listed: Listed): PartitionPosition | undefined {
  if (kind === 'vanished') {
    // What is open has no end yet that could have been read.
    const isOpen = listed.ok && listed.value.some((shard) => shard.id === id && !shard.isClosed);
    return isOpen ? undefined : (from ?? { id, position: '', positionType: 'TRIM_HORIZON' });
  }
  const isLate = kind === 'late-start' && to?.positionType === 'AT_TIMESTAMP';
  return isLate ? { id, position: '', positionType: 'TRIM_HORIZON' } : undefined;
}

/** A record that arrived later is read by the batch that starts there. */
function lateUntilMs({ kind, to }: PositionGap): number {
  return kind === 'late-start' ? Number(to?.position) : Number.POSITIVE_INFINITY;
}

/** Closed shards that descend from those that were read and that neither batch knows. */
function unseenShards(
  listed: readonly StreamShard[],
  { ended, started }: { readonly ended: SourcePositions; readonly started: readonly SourcePositions[] },
): readonly PositionGap[] {
  const known = new Set([ended, ...started].flatMap(({ partitions }) => partitions.map(({ id }) => id)));
  const read = new Set(ended.partitions.map(({ id }) => id));
  const gaps: PositionGap[] = [];
  // Parents have smaller numbers than their children.
  for (const { id, parents, isClosed } of [...listed].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (!parents.some((parent) => read.has(parent))) continue;
    read.add(id);
    if (isClosed && !known.has(id))
      gaps.push({ kind: 'vanished', source: 'kinesis', stream: ended.stream, id, from: null, to: null });
  }
  return gaps;
}
