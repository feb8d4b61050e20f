import type { PartitionPosition, SourceKind, SourcePositions } from './sources.ts';

/**
 * What is wrong between the end of a batch and the start of the next one: `skipped` is never read, `went-back` is read
 * twice, `vanished` is a partition or shard that was left before its end was read, `late-start` a new one that does
 * not begin at its beginning, `unclear` two positions that cannot be compared, `unproven` one of these of which the stream
 * could not be asked whether anything lies there.
 */
export type GapKind = 'skipped' | 'went-back' | 'vanished' | 'late-start' | 'unclear' | 'unproven';

export interface PositionGap {
  readonly kind: GapKind;
  readonly source: SourceKind;
  readonly stream: string | null;
  readonly id: string;
  /** Where the batch ended; null for a new partition. */
  readonly from: PartitionPosition | null;
  /** Where the next one starts; null for a partition that is gone. */
  readonly to: PartitionPosition | null;
  /** Of an unproven one: why the stream could not be asked. */
  readonly why?: string;
}

/**
 * Compares where batch N ended with where batch N+1 starts. For Kafka and files that is `offsets/N` and the place from
 * which N+1 is read; for Kinesis the ends in `shard-source` of N (`resume` of a clean reading) and `offsets/N+1`. Before
 * the first batch nothing can be compared, and nothing is found.
 */
export function auditGap(
  before: readonly SourcePositions[],
  after: readonly SourcePositions[],
): readonly PositionGap[] {
  if (before.length === 0) return [];
  const starts = keyed(after);
  const ends = keyed(before);
  const gaps: PositionGap[] = [];
  for (const [key, source] of new Map([...ends, ...starts])) {
    const endOf = new Map(ends.get(key)?.partitions.map((end) => [end.id, end]));
    const startOf = new Map(starts.get(key)?.partitions.map((start) => [start.id, start]));
    for (const id of new Set([...endOf.keys(), ...startOf.keys()])) {
      const [from, to] = [endOf.get(id) ?? null, startOf.get(id) ?? null];
      const kind = from === null ? newcomer(source.kind, to, endOf) : judge(from, to);
      if (kind !== undefined) gaps.push({ kind, source: source.kind, stream: source.stream, id, from, to });
    }
  }
  return gaps;
}

/** By kind, stream and how many of the same came before: a query may read one stream twice. */
function keyed(sources: readonly SourcePositions[]): ReadonlyMap<string, SourcePositions> {
  const keys = new Map<string, SourcePositions>();
  for (const source of sources) {
    const key = (nth: number) => JSON.stringify([source.kind, source.stream, nth]);
    let nth = 0;
    while (keys.has(key(nth))) nth += 1;
    keys.set(key(nth), source);
  }
  return keys;
}

function newcomer(
  kind: SourceKind,
  to: PartitionPosition | null,
  ends: ReadonlyMap<string, PartitionPosition>,
): GapKind | undefined {
  if (to === null) return undefined;
  // -2 is how Kafka's source writes "earliest".
  if (kind === 'kafka') return to.position === 0 || to.position === -2 ? undefined : 'late-start';
  if (kind !== 'kinesis' || to.positionType === 'TRIM_HORIZON') return undefined;
  // Marked as read to its end by a connector that never saw it open.
  if (to.positionType === 'SHARD_END') return 'vanished';
  const followsParent = [...ends.values()].some(
    (end) => isSequence(end) && isSequence(to) && end.position === to.position,
  );
  return followsParent ? undefined : 'late-start';
}

function judge(from: PartitionPosition, to: PartitionPosition | null): GapKind | undefined {
  if (to !== null && to.positionType === from.positionType && to.position === from.position) return undefined;
  if (from.positionType === 'SHARD_END') return to === null ? undefined : 'went-back';
  if (to === null || to.positionType === 'SHARD_END') return 'vanished';
  const [end, start] = [orderOf(from), orderOf(to)];
  if (end !== undefined && start !== undefined && end.scale === start.scale)
    return start.at > end.at ? 'skipped' : start.at < end.at ? 'went-back' : undefined;
  if (to.positionType === 'TRIM_HORIZON') return 'went-back';
  return from.positionType === 'TRIM_HORIZON' || to.positionType === 'LATEST' ? 'skipped' : 'unclear';
}

/** Positions of one scale can be compared. Sequence numbers have 56 digits, too many for a number. */
function orderOf(position: PartitionPosition): { scale: string; at: bigint } | undefined {
  const text = String(position.position);
  if (!/^-?\d+$/.test(text)) return undefined;
  // After a record is the same as at the next one, and halfway to it.
  if (isSequence(position))
    return { scale: 'sequence', at: BigInt(text) * 2n + (position.positionType[1] === 'F' ? 1n : 0n) };
  return { scale: position.positionType, at: BigInt(text) };
}

function isSequence({ positionType }: PartitionPosition): boolean {
  return positionType === 'AT_SEQUENCE_NUMBER' || positionType === 'AFTER_SEQUENCE_NUMBER';
}
