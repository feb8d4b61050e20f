import { checkFileLog } from './file-source.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';
import { readInitialOffset, wentBack } from './kafka-source.ts';
import { checkShardEnds } from './kinesis-source.ts';
import type { PlannedBatch } from './planned.ts';
import { type Problem, problem } from './problem.ts';
import { checkRateStart } from './rate-source.ts';
import type { ShardEndTable } from './shard-ends.ts';
import type { SourceOffset, SourcePositions } from './sources.ts';

/** Of a query with more sources the rest is not looked at. */
const sourcesMax = 20;

export interface SourcesInput {
  readonly last: PlannedBatch;
  /** Undefined for batch 0, and where it is damaged. */
  readonly before: PlannedBatch | undefined;
  readonly isInFlight: boolean;
  readonly committer: 'hdfs' | 'dynamodb';
  readonly table: ShardEndTable | undefined;
}

/** One source of the last planned batch. */
export interface SourceInput {
  /** Its place in the query: `sources/<index>`. */
  readonly index: number;
  readonly offset: SourceOffset;
  readonly before: SourceOffset | undefined;
  readonly isInFlight: boolean;
  readonly committer: 'hdfs' | 'dynamodb';
  readonly table: ShardEndTable | undefined;
}

export interface SourceChecked {
  readonly problems: readonly Problem[];
  /** Where the source reads on after a restart; empty where that is not known. */
  readonly resume: readonly SourcePositions[];
}

/**
 * What each source keeps for itself under `sources/`. Calls: for files one listing and at most 12 reads; for Kinesis at
 * most two listings and a read for each shard, 256 of them at most; for a rate one read; for Kafka one read, and only
 * when batch 0 is in flight.
 */
export async function checkSources(
  files: CheckpointFiles,
  { last, before, isInFlight, committer, table }: SourcesInput,
): Promise<FileAnswer<SourceChecked>> {
  const problems: Problem[] = [];
  const resume: SourcePositions[] = [];
  for (const [index, offset] of last.sources.slice(0, sourcesMax).entries()) {
    const input = { index, offset, before: before?.sources[index], isInFlight, committer, table };
    const checked = await checkSource(files, input);
    if (!checked.ok) return checked;
    problems.push(...checked.value.problems);
    resume.push(...checked.value.resume);
  }
  if (last.sources.length > sourcesMax)
    problems.push(problem('not-checked', 'sources', `only ${sourcesMax} of ${last.sources.length} sources`));
  return { ok: true, value: { problems, resume } };
}

async function checkSource(files: CheckpointFiles, input: SourceInput): Promise<FileAnswer<SourceChecked>> {
  const { offset, before, isInFlight } = input;
  if (offset.kind === 'kinesis' && offset.connectorBatch === undefined) return olderKinesis(input);
  if (offset.kind === 'kinesis') return checkShardEnds(files, input);
  const resume = (isInFlight ? before : offset)?.positions ?? [];
  if (offset.kind === 'file' || offset.kind === 'rate') {
    const problems = await (offset.kind === 'file'
      ? checkFileLog(files, input)
      : checkRateStart(files, input.index));
    return problems.ok ? { ok: true, value: { problems: problems.value, resume } } : problems;
  }
  if (offset.kind !== 'kafka') return { ok: true, value: { problems: [], resume } };
  const problems = wentBack(input);
  if (!isInFlight || before !== undefined) return { ok: true, value: { problems, resume } };
  return readInitialOffset(files, input.index);
}

/** Qubole's connector writes where a batch starts, too, and its ends in a form of its own. */
function olderKinesis({ index, offset, isInFlight }: SourceInput): FileAnswer<SourceChecked> {
  const what = 'the ends of shards of an older Kinesis connector';
  const resume = isInFlight ? offset.positions : [];
  return { ok: true, value: { problems: [problem('not-checked', `sources/${index}`, what)], resume } };
}
