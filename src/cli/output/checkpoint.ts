import { type Problem, problemKinds, weightOf } from '../../checkpoint/problem.ts';
import type { CheckpointReading } from '../../checkpoint/reading.ts';
import { columns } from './table.ts';

/** More positions than this are for `--json`. */
const rowsMax = 40;

/** One checkpoint for people: what Spark would do, batches, positions, and what is wrong with how to mend it. */
export function checkpointText(location: string, reading: CheckpointReading): string {
  const { health, queryId, watermarkMs, frozen, problems } = reading;
  const head = columns([
    ['health', `${health}: ${doingOf(reading)}`],
    ['batches', `planned ${reading.plannedBatch ?? 'none'}, committed ${reading.committedBatch ?? 'none'}`],
    ['query', queryId ?? 'unknown'],
    ['watermark', watermarkText(watermarkMs)],
    [
      'shuffle partitions',
      frozen.shufflePartitions === null
        ? 'unknown'
        : `${frozen.shufflePartitions}, whatever a restart asks for`,
    ],
  ]);
  const faults = problems.map((each) => problemText(each)).join('');
  return `${location}\n\n${head}${positionsText(reading)}${faults === '' ? '' : `\nProblems\n\n${faults}`}`;
}

/** What `--json` prints: the fields that scripts rely on. */
export function checkpointJson({
  resume: _,
  ...reading
}: CheckpointReading): Omit<CheckpointReading, 'resume'> {
  return reading;
}

function doingOf({ health, plannedBatch }: CheckpointReading): string {
  const batch = plannedBatch ?? -1;
  return {
    empty: 'Spark would start a new query at batch 0',
    clean: `Spark would go on with batch ${batch + 1}`,
    'in-flight': `Spark would run batch ${batch} again`,
    corrupt: 'Spark would fail; see the problems',
    incompatible: 'Spark 3.5 would refuse it; see the problems',
  }[health];
}

function watermarkText(watermarkMs: number | null): string {
  if (watermarkMs === null) return 'unknown';
  if (watermarkMs === 0) return 'none';
  const at = new Date(watermarkMs);
  return Number.isNaN(at.getTime()) ? `${watermarkMs} ms` : `${at.toISOString()} (${watermarkMs})`;
}

function positionsText({ sources }: CheckpointReading): string {
  const rows = sources.flatMap(({ kind, stream, partitions }) =>
    partitions.map(({ id, position, positionType }) => [
      stream === null ? kind : `${kind} ${stream}`,
      id,
      positionType,
      String(position) === '' ? '–' : String(position),
    ]),
  );
  if (rows.length === 0) return '';
  const hidden = rows.length - rowsMax;
  const more = hidden > 0 ? `${hidden} more, with --json\n` : '';
  return `\n${columns([['SOURCE', 'PARTITION', 'TYPE', 'POSITION'], ...rows.slice(0, rowsMax)])}${more}`;
}

function problemText(each: Problem): string {
  const where = each.path === '' ? 'the location' : each.path;
  return `  ${weightOf(each)}  ${each.code}  ${where}\n    ${each.message}.\n    To mend it: ${problemKinds[each.code].mend}.\n`;
}
