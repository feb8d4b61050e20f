import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';
import type { SourceChecked, SourceInput } from './source-logs.ts';
import { type PartitionPosition, parseShardEnd, type SourceOffset } from './sources.ts';

/** A read each. Streams with more open shards than this exist, and the rest is then not looked at. */
const shardsMax = 256;
const readsAtOnce = 16;
/** One end has 200 bytes. */
const bytesMax = 64 * 1024;
const namesMax = 5;

/**
 * Where the batches ended in each shard, which `offsets/N` does not say. After a committed batch the connector goes on
 * from there, so one readable end has to be left of it; shards without one are read again from where the batch started.
 * For a batch in flight `offsets/N` itself says where it starts.
 */
export async function checkShardEnds(
  files: CheckpointFiles,
  { index, offset, before, isInFlight, committer }: SourceInput,
): Promise<FileAnswer<SourceChecked>> {
  const folderOf = ({ connectorBatch = -1 }: SourceOffset) =>
    connectorBatch < 0 ? undefined : `sources/${index}/shard-source/${connectorBatch}`;
  const folder = folderOf(offset);
  // No batch of its own yet: nothing was read, and there is no end to look for.
  if (folder === undefined) return { ok: true, value: { problems: [], resume: offset.positions } };
  const ends = await readShardEnds(files, folder);
  if (!ends.ok) return ends;
  const problems = [...ends.value.problems];
  if (isInFlight) {
    const gone = await committedEndsGone(files, before && folderOf(before), committer);
    if (!gone.ok) return gone;
    return { ok: true, value: { problems: [...problems, ...gone.value], resume: offset.positions } };
  }
  if (ends.value.isEmpty) problems.push(endsGone(folder, committer));
  else problems.push(...unended(folder, offset, ends.value));
  const resume = offset.positions.map((source) => ({
    ...source,
    partitions: source.partitions.map((start) => ends.value.ends.get(start.id) ?? start),
  }));
  return { ok: true, value: { problems, resume: ends.value.isEmpty ? [] : resume } };
}

/** Looked at by name only: Spark runs the batch in flight again without it, by the connector's code. */
async function committedEndsGone(
  files: CheckpointFiles,
  folder: string | undefined,
  committer: SourceInput['committer'],
): Promise<FileAnswer<readonly Problem[]>> {
  if (folder === undefined) return { ok: true, value: [] };
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  return { ok: true, value: listed.value.files.length === 0 ? [endsGone(folder, committer)] : [] };
}

function endsGone(folder: string, committer: SourceInput['committer']): Problem {
  if (committer === 'dynamodb') return problem('shard-ends-elsewhere', folder, 'no ends of shards lie here');
  return problem('source-log-missing', folder, 'the ends of the last committed batch are missing');
}

/** Where one batch of the connector ended, shard by shard. */
export interface ShardEnds {
  readonly ends: ReadonlyMap<string, PartitionPosition>;
  readonly isEmpty: boolean;
  readonly problems: readonly Problem[];
}

export async function readShardEnds(files: CheckpointFiles, folder: string): Promise<FileAnswer<ShardEnds>> {
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  const names = listed.value.files
    .map(({ name }) => name)
    .filter((name) => name !== '' && !name.endsWith('.crc'));
  const problems: Problem[] = [];
  const ends = new Map<string, PartitionPosition>();
  const wanted = names.slice(0, shardsMax);
  for (let from = 0; from < wanted.length; from += readsAtOnce) {
    const paths = wanted.slice(from, from + readsAtOnce).map((name) => `${folder}/${name}`);
    const reads = await Promise.all(
      paths.map(async (path) => ({ path, read: await files.read(path, bytesMax) })),
    );
    for (const { path, read } of reads) {
      if (!read.ok) return read;
      const parsed = parseShardEnd(Buffer.from(read.value.bytes).toString('utf8'));
      if (parsed.ok) ends.set(parsed.value.id, parsed.value);
      else problems.push(problem('source-log-damaged', path, parsed.why));
    }
  }
  const isWhole = names.length === wanted.length && !listed.value.isCut;
  if (!isWhole) problems.push(problem('not-checked', folder, `only the ends of ${shardsMax} shards`));
  return { ok: true, value: { ends, isEmpty: names.length === 0, problems } };
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
