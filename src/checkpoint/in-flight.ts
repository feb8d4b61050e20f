import type { CheckpointReading } from './reading.ts';
import type { PartitionPosition, SourcePositions } from './sources.ts';

/** Partitions named in one sentence; the checkpoint has them all. */
const namedMax = 6;

/**
 * What the batch reads that was planned and not committed, in words: `orders 0 from 88123 to 88400, 1 from …`. Kafka and
 * files write where it ends, Kinesis where it starts. Undefined where nothing is in flight or its positions are not known.
 */
export function inFlightRange({ inFlight, sources, resume }: CheckpointReading): string | undefined {
  if (!inFlight) return undefined;
  const parts: string[] = [];
  let more = 0;
  for (const [index, source] of sources.entries()) {
    const begun = new Map(startsOf(resume, source, index)?.partitions.map((start) => [start.id, start]));
    for (const partition of source.partitions) {
      const text = rangeOf(source, begun.get(partition.id), partition);
      if (text === undefined) continue;
      if (parts.length < namedMax) parts.push(`${source.stream ?? source.kind} ${partition.id} ${text}`);
      else more += 1;
    }
  }
  if (parts.length === 0) return undefined;
  return `${parts.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Of the same stream; sources keep their order, but where nothing is known to go on from they have no start. */
function startsOf(
  resume: readonly SourcePositions[],
  { kind, stream }: SourcePositions,
  index: number,
): SourcePositions | undefined {
  const same = (each: SourcePositions | undefined) => each?.kind === kind && each.stream === stream;
  return same(resume[index]) ? resume[index] : resume.find(same);
}

function rangeOf(
  { kind }: SourcePositions,
  start: PartitionPosition | undefined,
  planned: PartitionPosition,
): string | undefined {
  if (kind === 'other') return undefined;
  if (kind === 'kinesis') return `from ${planned.position === '' ? planned.positionType : planned.position}`;
  // What a batch does not read cannot have killed it.
  if (start?.position === planned.position) return undefined;
  return `${start === undefined ? '' : `from ${start.position} `}to ${planned.position}`;
}
