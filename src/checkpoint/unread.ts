import type { CheckpointReading } from './reading.ts';
import type { PartitionPosition, SourceKind } from './sources.ts';

export interface UnreadPosition extends PartitionPosition {
  readonly kind: SourceKind;
  readonly stream: string | null;
}

/**
 * Where the unread part of each partition begins, after the last committed batch: what lies there is the oldest that a
 * data-loss clock has to ask the stream about. Shards that were read to their end have none. A partition that is not
 * in the answer is one whose position cannot be told from the checkpoint.
 */
export function oldestUnread({ resume }: Pick<CheckpointReading, 'resume'>): readonly UnreadPosition[] {
  return resume.flatMap(({ kind, stream, partitions }) =>
    partitions
      .filter(({ positionType }) => positionType !== 'SHARD_END')
      .map((position) => ({ kind, stream, ...position })),
  );
}
