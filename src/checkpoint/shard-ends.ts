import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';
import { type PartitionPosition, parseShardEnd } from './sources.ts';

/** A read each. Streams with more open shards than this exist, and the rest is then not looked at. */
export const shardsMax = 256;
const readsAtOnce = 16;
/** One end has 200 bytes. */
const bytesMax = 64 * 1024;

/**
 * The table in which the connector keeps the ends of shards when its committer is DynamoDB: its own number of the batch,
 * then the shard. A table that two queries share holds the ends of both, and nobody can tell them apart.
 */
export interface ShardEndTable {
  readonly name: string;
  /** The ends of one batch as they are written, at most so many; empty where the table has none. */
  ends(connectorBatch: number, endsMax: number): Promise<FileAnswer<readonly ShardEndText[]>>;
}

export interface ShardEndText {
  readonly shard: string;
  readonly text: string;
}

/** Where one batch of the connector ended, shard by shard. */
export interface ShardEnds {
  readonly ends: ReadonlyMap<string, PartitionPosition>;
  readonly isEmpty: boolean;
  readonly problems: readonly Problem[];
  /** Where they lie, for messages. */
  readonly place: string;
}

/** From the table where there is one, else from below the checkpoint. */
export async function readShardEnds(
  files: CheckpointFiles,
  {
    index,
    connectorBatch,
    table,
  }: { index: number; connectorBatch: number; table: ShardEndTable | undefined },
): Promise<FileAnswer<ShardEnds>> {
  if (!table) return readFolder(files, `sources/${index}/shard-source/${connectorBatch}`);
  const place = `table ${table.name}, batch ${connectorBatch}`;
  const found = await table.ends(connectorBatch, shardsMax + 1);
  if (!found.ok) return found;
  const texts = found.value.slice(0, shardsMax);
  const isWhole = found.value.length === texts.length;
  return {
    ok: true,
    value: parsed(
      texts.map(({ shard, text }) => ({ path: `${place}, ${shard}`, text })),
      { place, isWhole },
    ),
  };
}

async function readFolder(files: CheckpointFiles, folder: string): Promise<FileAnswer<ShardEnds>> {
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  const names = listed.value.files
    .map(({ name }) => name)
    .filter((name) => name !== '' && !name.endsWith('.crc'));
  const wanted = names.slice(0, shardsMax);
  const texts: { path: string; text: string }[] = [];
  for (let from = 0; from < wanted.length; from += readsAtOnce) {
    const paths = wanted.slice(from, from + readsAtOnce).map((name) => `${folder}/${name}`);
    const reads = await Promise.all(
      paths.map(async (path) => ({ path, read: await files.read(path, bytesMax) })),
    );
    for (const { path, read } of reads) {
      if (!read.ok) return read;
      texts.push({ path, text: Buffer.from(read.value.bytes).toString('utf8') });
    }
  }
  const isWhole = names.length === wanted.length && !listed.value.isCut;
  return { ok: true, value: parsed(texts, { place: folder, isWhole }) };
}

function parsed(
  texts: readonly { readonly path: string; readonly text: string }[],
  { place, isWhole }: { readonly place: string; readonly isWhole: boolean },
): ShardEnds {
  const problems: Problem[] = [];
  const ends = new Map<string, PartitionPosition>();
  for (const { path, text } of texts) {
    const end = parseShardEnd(text);
    if (end.ok) ends.set(end.value.id, end.value);
    else problems.push(problem('source-log-damaged', path, end.why));
  }
  if (!isWhole) problems.push(problem('not-checked', place, `only the ends of ${shardsMax} shards`));
  return { ends, isEmpty: texts.length === 0, problems, place };
}
