import type { CheckpointFiles, FileAnswer } from './files.ts';
import { auditGap, type PositionGap } from './gap.ts';
import { readPlanned } from './planned.ts';
import { readShardEnds, type ShardEndTable } from './shard-ends.ts';
import { proveGaps, type Shards } from './shards.ts';
import type { SourceOffset, SourcePositions } from './sources.ts';

export interface SeamOptions {
  /** What the streams themselves say of their shards. */
  readonly shards?: Shards | undefined;
  /** Where the connector keeps the ends of shards, if not beside the checkpoint. */
  readonly shardEnds?: ShardEndTable | undefined;
}

/**
 * Whether batch N+1 begins where the committed batch N ended; `undefined` where it cannot be told, because a file is
 * gone or damaged. Kinesis: the ends of N beside the starts in `offsets/N+1`. Others write only the end of each batch,
 * and the next one begins there by definition: of them only an end that lies before the last one, or a partition that is
 * gone, shows. Calls: two reads, and for each Kinesis source one listing and a read for each shard, 256 at most; with
 * `shards`, the stream is asked besides.
 */
export async function auditSeam(
  files: CheckpointFiles,
  batch: number,
  { shards, shardEnds }: SeamOptions = {},
): Promise<FileAnswer<readonly PositionGap[] | undefined>> {
  const before = await readPlanned(files, batch, []);
  if (!before.ok) return before.code === 'not-found' ? { ok: true, value: undefined } : before;
  const after = await readPlanned(files, batch + 1, []);
  if (!after.ok) return after.code === 'not-found' ? { ok: true, value: undefined } : after;
  if (!before.value || !after.value) return { ok: true, value: undefined };
  const gaps: PositionGap[] = [];
  let isWhole = true;
  // Spark gives each line to the source at its place, so they are compared by place; it refuses to lose one.
  for (const [index, ended] of before.value.sources.entries()) {
    const next = after.value.sources[index];
    if (next !== undefined && hasOtherForm(ended, next)) continue;
    const started = next?.positions ?? [];
    if (ended.kind !== 'kinesis') {
      gaps.push(...auditGap(ended.positions, started).filter(isBackwards));
      continue;
    }
    const ends = await endsOf(files, { index, ended, table: shardEnds });
    if (!ends.ok) return ends;
    isWhole &&= ends.value.isWhole;
    const found = await proven(ends.value.at, started, shards);
    // A shard whose end was not read looks like a new one.
    gaps.push(...(ends.value.isWhole ? found : found.filter(({ from }) => from !== null)));
  }
  return { ok: true, value: isWhole || gaps.length > 0 ? gaps : undefined };
}

/** A source that is not known here may look like Kafka in one batch and like nothing in the next. */
function hasOtherForm(ended: SourceOffset, started: SourceOffset): boolean {
  return started.kind === 'other' && ended.kind !== 'other' && started.positions.some(hasPartitions);
}

function hasPartitions({ partitions }: SourcePositions): boolean {
  return partitions.length > 0;
}

async function proven(
  ends: readonly SourcePositions[],
  started: readonly SourcePositions[],
  shards: Shards | undefined,
): Promise<readonly PositionGap[]> {
  const gaps = auditGap(ends, started);
  const [ended] = ends;
  return shards && ended ? proveGaps(shards, { ended, started }, gaps) : gaps;
}

interface Ends {
  readonly at: readonly SourcePositions[];
  /** No end is there that could not be read. */
  readonly isWhole: boolean;
}

/**
 * Where batch N ended in each shard; one without an end is read again from its start. Where an end could not be read, it
 * may be that of any shard without one: those are left out.
 */
async function endsOf(
  files: CheckpointFiles,
  { index, ended, table }: { index: number; ended: SourceOffset; table: ShardEndTable | undefined },
): Promise<FileAnswer<Ends>> {
  const { connectorBatch = -1, positions } = ended;
  const untold: FileAnswer<Ends> = { ok: true, value: { at: [], isWhole: false } };
  if (connectorBatch < 0) return untold;
  const read = await readShardEnds(files, { index, connectorBatch, table });
  if (!read.ok) return read;
  const { ends, isEmpty, problems } = read.value;
  if (isEmpty) return untold;
  const isWhole = problems.length === 0;
  const at = positions.map((source) => ({
    ...source,
    partitions: source.partitions.flatMap((start) => ends.get(start.id) ?? (isWhole ? [start] : [])),
  }));
  return { ok: true, value: { at, isWhole } };
}

function isBackwards({ kind }: PositionGap): boolean {
  return kind === 'went-back' || kind === 'vanished';
}
