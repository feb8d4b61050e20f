import type { CheckpointFiles, FileAnswer } from './files.ts';
import { type Problem, problem } from './problem.ts';
import type { SourceChecked, SourceInput } from './source-logs.ts';
import { parseSourceOffset } from './sources.ts';

const bytesMax = 4 * 1024 * 1024;

/** Where batch 0 began, which Spark reads when it runs batch 0 again. */
export async function readInitialOffset(
  files: CheckpointFiles,
  index: number,
): Promise<FileAnswer<SourceChecked>> {
  const path = `sources/${index}/0`;
  const read = await files.read(path, bytesMax);
  if (!read.ok) return read.code === 'not-found' ? { ok: true, value: { problems: [], resume: [] } } : read;
  // A zero byte for Spark 2.1, then the version, then the offset.
  const text = Buffer.from(read.value.bytes).toString('utf8').replace(/^\0/, '');
  const [, line] = /^v1\n(.*)$/s.exec(text) ?? [];
  const parsed = parseSourceOffset(line ?? '');
  if (parsed.ok && parsed.value.kind === 'kafka')
    return { ok: true, value: { problems: [], resume: parsed.value.positions } };
  const why = parsed.ok ? 'it is no offset of Kafka' : parsed.why;
  return { ok: true, value: { problems: [problem('source-log-damaged', path, why)], resume: [] } };
}

/** Partitions whose offset is lower than in the batch before: the topic was made anew. */
export function wentBack({ offset, before, index }: SourceInput): readonly Problem[] {
  const problems: Problem[] = [];
  for (const { stream, partitions } of offset.positions) {
    const former = before?.positions.find((each) => each.stream === stream)?.partitions ?? [];
    const starts = new Map(former.map(({ id, position }) => [id, Number(position)]));
    const lower = partitions.filter(({ id, position }) => Number(position) < (starts.get(id) ?? 0));
    if (lower.length === 0) continue;
    const ids = lower.map(({ id }) => id).join(', ');
    problems.push(
      problem(
        'offsets-went-back',
        `sources/${index}`,
        `topic ${stream}, partition ${ids}: the end lies before the start`,
      ),
    );
  }
  return problems;
}
