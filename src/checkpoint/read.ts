import { type Batches, listBatches, type Stray } from './batches.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';
import { headOf } from './head.ts';
import { changedSetting, parseCommit, parseQueryId, type StateId, stateIdsOf } from './logs.ts';
import { differenceOf, logBytesMax, type PlannedBatch, readLog, readPlanned, report } from './planned.ts';
import { type Problem, problem, weightOf } from './problem.ts';
import type { CheckpointReading, Health } from './reading.ts';
import type { ShardEndTable } from './shard-ends.ts';
import { type LastTwo, settleKinds } from './source-kinds.ts';
import { checkSources } from './source-logs.ts';
import type { SourcePositions } from './sources.ts';
import { checkState } from './state.ts';

export interface ReadOptions {
  /** Where the Kinesis connector keeps the ends of shards. Default `hdfs`: beside the checkpoint. */
  readonly kinesisCommitter?: 'hdfs' | 'dynamodb';
  /** The committer's table, where it is known; then its ends are read. */
  readonly shardEnds?: ShardEndTable;
}

/**
 * Reads a checkpoint as Spark would at a restart, and judges it as Spark would. Any damage is a problem in the reading;
 * a failed read is a failure, never a damage.
 *
 * Calls, however many batches there are: two listings (commits, offsets) and four reads (metadata, the last two planned
 * batches, the last commit), one listing of the state, and for each of at most 20 sources what `checkSources` says; one
 * listing of the root where no batch is.
 */
export async function readCheckpoint(
  files: CheckpointFiles,
  options: ReadOptions = {},
): Promise<FileAnswer<CheckpointReading>> {
  const batches = await listBatches(files);
  if (!batches.ok) return batches;
  const { planned, committed } = batches.value;
  const names: LogNames = { head: headOf(planned, committed), planned };
  const problems: Problem[] = [];
  problems.push(...strayProblems(batches.value));
  const queryId = await readQueryId(files, names, problems);
  if (!queryId.ok) return queryId;
  const { plannedBatch, committedBatch } = names.head;
  const base = { files, options, names, problems, queryId: queryId.value };
  if (plannedBatch < 0) return readEmpty(base);
  const last = await readPlanned(files, plannedBatch, problems);
  if (!last.ok) return last;
  const before = await readBefore(base);
  if (!before.ok) return before;
  const stateIds = committedBatch < 0 ? { ok: true as const, value: [] } : await readCommit(base);
  if (!stateIds.ok) return stateIds;
  const two = { last: last.value, before: before.value };
  const isInFlight = committedBatch < plannedBatch;
  const settled = await settleKinds(files, two, { isInFlight, problems });
  if (!settled.ok) return settled;
  judgeHead(base, settled.value);
  const resume = await readSourcesAndState(base, { ...settled.value, stateIds: stateIds.value });
  if (!resume.ok) return resume;
  const sources = settled.value.last?.sources.flatMap(({ positions }) => positions) ?? [];
  return { ok: true, value: { ...frame(base, settled.value.last), sources, resume: resume.value } };
}

/** A name that stands for a higher batch than all others do: Spark asks for the file of that batch, and fails. */
function strayProblems({ planned, committed, strays }: Batches): readonly Problem[] {
  const beyond = (stray: readonly Stray[], batches: ReadonlyMap<number, number>) =>
    stray.filter(({ batch }) => batch > Math.max(-1, ...batches.keys())).slice(0, 1);
  const what = (batch: number) =>
    Number.isSafeInteger(batch)
      ? `Spark takes it for batch ${batch}, whose file would be named ${batch}`
      : 'Spark takes it for the last batch, and no query gets that far';
  return [
    ...beyond(strays.offsets, planned).map(({ name, batch }) =>
      problem('offsets-damaged', `offsets/${name}`, what(batch)),
    ),
    ...beyond(strays.commits, committed).map(({ name, batch }) =>
      problem('commit-damaged', `commits/${name}`, what(batch)),
    ),
  ];
}

interface LogNames {
  readonly head: { readonly plannedBatch: number; readonly committedBatch: number };
  /** Batches that have a file under `offsets/`. */
  readonly planned: { has(batch: number): boolean };
}

interface Base {
  readonly files: CheckpointFiles;
  readonly options: ReadOptions;
  readonly names: LogNames;
  readonly problems: Problem[];
  readonly queryId: string | null;
}

function frame({ names, problems, queryId }: Base, last: PlannedBatch | undefined) {
  const { plannedBatch, committedBatch } = names.head;
  const inFlight = plannedBatch > committedBatch;
  const weights = new Set(problems.map(weightOf));
  const sound: Health = plannedBatch < 0 ? 'empty' : inFlight ? 'in-flight' : 'clean';
  const health: Health = weights.has('corrupt')
    ? 'corrupt'
    : weights.has('incompatible')
      ? 'incompatible'
      : sound;
  return {
    health,
    queryId,
    plannedBatch: plannedBatch < 0 ? null : plannedBatch,
    committedBatch: committedBatch < 0 ? null : committedBatch,
    inFlight,
    watermarkMs: last?.log.watermarkMs ?? null,
    frozen: { shufflePartitions: last?.log.shufflePartitions ?? null },
    problems,
  };
}

/** No batch was planned, or the plans are gone. */
async function readEmpty(base: Base): Promise<FileAnswer<CheckpointReading>> {
  const { files, names, problems } = base;
  const { committedBatch } = names.head;
  if (committedBatch >= 0)
    problems.push(
      problem('offsets-behind-commits', 'offsets', `batch ${committedBatch} is committed, none planned`),
    );
  const root = await files.list('', 'direct');
  if (!root.ok) return root;
  const { files: loose, folders } = root.value;
  const left = ['sources', 'state'].filter((folder) => folders.includes(folder));
  if (left.length > 0)
    problems.push(problem('log-gone', 'offsets', `no batch is planned, but there is ${left.join(' and ')}/`));
  else if (committedBatch < 0 && !loose.some(({ name }) => name === 'metadata'))
    problems.push(problem('nothing-there', '', 'no checkpoint is here'));
  return { ok: true, value: { ...frame(base, undefined), sources: [], resume: [] } };
}

async function readQueryId(
  files: CheckpointFiles,
  { head }: LogNames,
  problems: Problem[],
): Promise<FileAnswer<string | null>> {
  const read = await files.read('metadata', logBytesMax);
  if (!read.ok && read.code !== 'not-found') return read;
  if (!read.ok) {
    const root = await files.list('', 'direct');
    if (!root.ok) return root;
    // A folder of that name is there for Spark, and cannot be opened.
    if (root.value.folders.includes('metadata'))
      problems.push(problem('metadata-damaged', 'metadata', 'it is a folder'));
    else if (head.plannedBatch >= 0) problems.push(problem('metadata-missing', 'metadata', 'it is missing'));
    return { ok: true, value: null };
  }
  const parsed = parseQueryId(read.value.bytes);
  report(problems, parsed, 'metadata', 'metadata-damaged');
  return { ok: true, value: parsed.ok ? parsed.value : null };
}

/** The last commit: whole or not, and the files of state that it names. */
async function readCommit({ files, names, problems }: Base): Promise<FileAnswer<readonly StateId[]>> {
  const path = `commits/${names.head.committedBatch}`;
  const commit = await readLog(files, path, (bytes) => ({
    whole: parseCommit(bytes),
    ids: stateIdsOf(bytes),
  }));
  if (!commit.ok) return commit;
  report(problems, commit.value.whole, path, 'commit-damaged');
  return { ok: true, value: commit.value.ids };
}

/** Batch N−1, which Spark reads as well: a batch begins where the one before it ended. */
async function readBefore({ files, names, problems }: Base): Promise<FileAnswer<PlannedBatch | undefined>> {
  const { head, planned } = names;
  if (head.plannedBatch === 0) return { ok: true, value: undefined };
  const batch = head.plannedBatch - 1;
  if (planned.has(batch)) return readPlanned(files, batch, problems);
  problems.push(
    problem(
      'offset-gap',
      `offsets/${batch}`,
      `batch ${head.plannedBatch} is planned, batch ${batch} is missing`,
    ),
  );
  return { ok: true, value: undefined };
}

function judgeHead({ names, problems }: Base, { last, before }: LastTwo): void {
  const { plannedBatch, committedBatch } = names.head;
  if (committedBatch > plannedBatch)
    problems.push(
      problem(
        'offsets-behind-commits',
        'offsets',
        `batch ${committedBatch} is committed, ${plannedBatch} the last one planned`,
      ),
    );
  if (committedBatch < plannedBatch - 1)
    problems.push(
      problem(
        'commits-behind',
        'commits',
        `batch ${plannedBatch} is planned, ${committedBatch < 0 ? 'none' : committedBatch} committed last`,
      ),
    );
  const differs = last && before && differenceOf(before.sources, last.sources);
  if (differs !== undefined) problems.push(problem('sources-differ', `offsets/${plannedBatch}`, differs));
}

interface Logs extends LastTwo {
  readonly stateIds: readonly StateId[];
}

/** Looks at what sources and state keep, and tells where Spark would read on. */
async function readSourcesAndState(
  { files, options, names, problems }: Base,
  { last, before, stateIds }: Logs,
): Promise<FileAnswer<readonly SourcePositions[]>> {
  const { plannedBatch, committedBatch } = names.head;
  const isInFlight = committedBatch < plannedBatch;
  const state = await checkState(files, {
    // A batch loads the state that the batch before it wrote, and versions count from 1.
    version: isInFlight ? plannedBatch : plannedBatch + 1,
    ids: stateIds,
    shufflePartitions: last?.log.shufflePartitions ?? null,
    hasWatermark: (last?.log.watermarkMs ?? 0) > 0,
    changedSetting: last && before && changedSetting(before.log, last.log),
  });
  if (!state.ok) return state;
  problems.push(...state.value);
  if (!last) return { ok: true, value: [] };
  const checked = await checkSources(files, {
    last,
    before,
    isInFlight,
    committer: options.shardEnds ? 'dynamodb' : (options.kinesisCommitter ?? 'hdfs'),
    table: options.shardEnds,
  });
  if (!checked.ok) return checked;
  problems.push(...checked.value.problems);
  return { ok: true, value: checked.value.resume };
}
