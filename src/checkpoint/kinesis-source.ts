import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';
import { readShardEnds, type ShardEnds } from './shard-ends.ts';
import type { SourceChecked, SourceInput } from './source-logs.ts';
import type { SourceOffset } from './sources.ts';

const namesMax = 5;

/**
 * Where the batches ended in each shard, which `offsets/N` does not say. After a committed batch the connector goes on
 * from there, so one readable end has to be left of it; shards without one are read again from where the batch started.
 * For a batch in flight `offsets/N` itself says where it starts.
 */
export async function checkShardEnds(
  files: CheckpointFiles,
  { index, offset, before, isInFlight, committer, table }: SourceInput,
): Promise<FileAnswer<SourceChecked>> {
  const { connectorBatch = -1 } = offset;
  // No batch of its own yet: nothing was read, and there is no end to look for.
  if (connectorBatch < 0) return { ok: true, value: { problems: [], resume: offset.positions } };
  const ends = await readShardEnds(files, { index, connectorBatch, table });
  if (!ends.ok) return ends;
  const problems = [...ends.value.problems];
  if (isInFlight) {
    const gone = await committedEndsGone(files, { index, before, committer, table });
    if (!gone.ok) return gone;
    return { ok: true, value: { problems: [...problems, ...gone.value], resume: offset.positions } };
  }
  if (ends.value.isEmpty) problems.push(endsGone(ends.value.place, committer, table !== undefined));
  else problems.push(...unended(ends.value.place, offset, ends.value));
  const resume = offset.positions.map((source) => ({
    ...source,
    partitions: source.partitions.map((start) => ends.value.ends.get(start.id) ?? start),
  }));
  return { ok: true, value: { problems, resume: ends.value.isEmpty ? [] : resume } };
}

/** Whether there are any: Spark runs the batch in flight again without them, by the connector's code. */
async function committedEndsGone(
  files: CheckpointFiles,
  { index, before, committer, table }: Pick<SourceInput, 'index' | 'before' | 'committer' | 'table'>,
): Promise<FileAnswer<readonly Problem[]>> {
  const { connectorBatch = -1 } = before ?? {};
  if (connectorBatch < 0) return { ok: true, value: [] };
  if (table) {
    const found = await table.ends(connectorBatch, 1);
    if (!found.ok) return found;
    const place = `table ${table.name}, batch ${connectorBatch}`;
    return { ok: true, value: found.value.length === 0 ? [endsGone(place, committer, true)] : [] };
  }
  const folder = `sources/${index}/shard-source/${connectorBatch}`;
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  return { ok: true, value: listed.value.files.length === 0 ? [endsGone(folder, committer, false)] : [] };
}

function endsGone(place: string, committer: SourceInput['committer'], hasTable: boolean): Problem {
  if (committer === 'dynamodb' && !hasTable)
    return problem('shard-ends-elsewhere', place, 'no ends of shards lie here');
  return problem('source-log-missing', place, 'the ends of the last committed batch are missing');
}

/** Shards of a committed batch that have no end: a killed batch was run again with the other shards only. */
function unended(
  folder: string,
  { positions }: SourceOffset,
  { ends, problems }: ShardEnds,
): readonly Problem[] {
  const ids = positions
    .flatMap(({ partitions }) => partitions.map(({ id }) => id))
    .filter((id) => !ends.has(id));
  // Where an end was not read, it cannot be told whose it is.
  if (ids.length === 0 || problems.length > 0) return [];
  const named = ids.slice(0, namesMax).join(', ');
  const more = ids.length > namesMax ? ` and ${ids.length - namesMax} more` : '';
  return [problem('shard-end-missing', folder, `no end of ${named}${more}`)];
}
