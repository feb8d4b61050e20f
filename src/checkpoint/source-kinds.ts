import type { CheckpointFiles, FileAnswer } from './files.ts';
import { parseFileLog } from './logs.ts';
import { offsetDamaged, type PlannedBatch } from './planned.ts';
import type { Problem } from './problem.ts';
import { type KnownKind, parseSourceOffset, type SourceOffset } from './sources.ts';

const known: ReadonlySet<string> = new Set(['kinesis', 'kafka', 'file'] satisfies KnownKind[]);
/** Of a query with more sources the rest is taken as it is. */
const sourcesMax = 20;
const bytesMax = 64 * 1024;

export interface LastTwo {
  readonly last: PlannedBatch | undefined;
  readonly before: PlannedBatch | undefined;
}

/**
 * A source stays what it is: what its offset does not say by itself, the other batch says, and for batch 0 what the
 * source keeps under `sources/`. An offset that such a source would not read is damage. Calls: none where all
 * are known; else, for batch 0, one listing and at most one read for each source.
 */
export async function settleKinds(
  files: CheckpointFiles,
  { last, before }: LastTwo,
  { isInFlight, problems }: { isInFlight: boolean; problems: Problem[] },
): Promise<FileAnswer<LastTwo>> {
  if (!last) return { ok: true, value: { last, before } };
  const formers: (KnownKind | undefined)[] = [];
  for (const [index, offset] of last.sources.entries()) {
    const below =
      before || kindOf(offset) || last.log.sources[index] === null || index >= sourcesMax
        ? { ok: true as const, value: undefined }
        : await kindBelow(files, `sources/${index}`);
    if (!below.ok) return below;
    formers.push(kindOf(before?.sources[index]) ?? below.value);
  }
  const settledLast = settled(last, formers, problems);
  const settledBefore =
    before &&
    settled(
      before,
      last.sources.map((offset) => {
        const kind = kindOf(offset);
        // Once the last batch is committed, only a file source still reads where it began.
        return isInFlight || kind === 'file' ? kind : undefined;
      }),
      problems,
    );
  return { ok: true, value: { last: settledLast, before: settledBefore } };
}

function kindOf(offset: SourceOffset | undefined): KnownKind | undefined {
  return offset && known.has(offset.kind) ? (offset.kind as KnownKind) : undefined;
}

function settled(
  batch: PlannedBatch,
  formers: readonly (KnownKind | undefined)[],
  problems: Problem[],
): PlannedBatch | undefined {
  const sources: SourceOffset[] = [];
  for (const [index, offset] of batch.sources.entries()) {
    const former = formers[index];
    const line = batch.log.sources[index] ?? null;
    const parsed =
      former === undefined || kindOf(offset) || line === null
        ? { ok: true as const, value: offset }
        : parseSourceOffset(line, former);
    if (parsed.ok) sources.push(parsed.value);
    else problems.push(offsetDamaged(batch.path, index, parsed.why));
  }
  return sources.length === batch.sources.length ? { ...batch, sources } : undefined;
}

async function kindBelow(files: CheckpointFiles, folder: string): Promise<FileAnswer<KnownKind | undefined>> {
  const listed = await files.list(folder, 'direct');
  if (!listed.ok) return listed;
  if (listed.value.folders.some((name) => name === 'shard-source' || name === 'shard-commit'))
    return { ok: true, value: 'kinesis' };
  if (!listed.value.files.some(({ name }) => name === '0')) return { ok: true, value: undefined };
  const read = await files.read(`${folder}/0`, bytesMax);
  if (!read.ok) return read;
  const { bytes, isCut } = read.value;
  const text = Buffer.from(bytes).toString('utf8').replace(/^\0/, '');
  const [, line] = /^v1\n(\{.*)$/s.exec(text) ?? [];
  if (line === undefined) return { ok: true, value: undefined };
  if (parseFileLog(bytes, isCut).ok) return { ok: true, value: 'file' };
  const initial = parseSourceOffset(line);
  return { ok: true, value: initial.ok && initial.value.kind === 'kafka' ? 'kafka' : undefined };
}
