import type { FileAnswer } from './files.ts';
import type { PositionGap } from './gap.ts';
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

/** Shards that are asked about; each costs two calls or a few more. */
const askedMax = 20;

/**
 * What the checkpoint alone cannot tell of one Kinesis source. A shard that is not read on was left before its end only if
 * a record lies behind where it was left; one that begins late only if a record arrived before. And a shard that was
 * opened and closed again while nobody read is in no batch at all: the stream knows it.
 */
export async function proveGaps(
  shards: Shards,
  seam: { readonly ended: SourcePositions; readonly started: readonly SourcePositions[] },
  gaps: readonly PositionGap[],
): Promise<readonly PositionGap[]> {
  const stream = seam.ended.stream ?? '';
  const unseen = await unseenShards(shards, seam);
  const proven: PositionGap[] = [];
  for (const [index, gap] of [...gaps, ...unseen].entries()) {
    const from = askedFrom(gap);
    if (from === undefined || index >= askedMax) {
      proven.push(gap);
      continue;
    }
    const first = await shards.firstRecord(stream, from);
    if (!first.ok) {
      // A shard that is gone from the stream has taken what it held with it.
      const isGone = first.code === 'not-found';
      proven.push(isGone ? gap : { ...gap, kind: 'unproven', why: `${first.code}: ${first.message}` });
    } else if (first.value !== undefined && first.value < lateUntilMs(gap)) proven.push(gap);
  }
  return proven;
}

/** Where the stream is asked whether a record lies; undefined where it could not say more than the checkpoint. */
function askedFrom({ kind, id, from, to }: PositionGap): PartitionPosition | undefined {
  if (kind === 'vanished') return from ?? { id, position: '', positionType: 'TRIM_HORIZON' };
  const isLate = kind === 'late-start' && to?.positionType === 'AT_TIMESTAMP';
  return isLate ? { id, position: '', positionType: 'TRIM_HORIZON' } : undefined;
}

/** A record that arrived later is read by the batch that starts there. */
function lateUntilMs({ kind, to }: PositionGap): number {
  return kind === 'late-start' ? Number(to?.position) : Number.POSITIVE_INFINITY;
}

/** Closed shards that descend from those that were read and that neither batch knows. */
async function unseenShards(
  shards: Shards,
  { ended, started }: { readonly ended: SourcePositions; readonly started: readonly SourcePositions[] },
): Promise<readonly PositionGap[]> {
  const listed = await shards.list(ended.stream ?? '');
  // What cannot be listed is not known, and no gap; the gaps themselves say when the stream cannot be asked.
  if (!listed.ok) return [];
  const known = new Set([ended, ...started].flatMap(({ partitions }) => partitions.map(({ id }) => id)));
  const read = new Set(ended.partitions.map(({ id }) => id));
  const gaps: PositionGap[] = [];
  // Parents have smaller numbers than their children.
  for (const { id, parents, isClosed } of [...listed.value].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (!parents.some((parent) => read.has(parent))) continue;
    read.add(id);
    if (isClosed && !known.has(id))
      gaps.push({ kind: 'vanished', source: 'kinesis', stream: ended.stream, id, from: null, to: null });
  }
  return gaps;
}
