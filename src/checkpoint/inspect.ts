import type { CheckpointInspection } from '../core/observation.ts';
import type { CheckpointFiles, FileAnswer } from './files.ts';
import { inFlightRange } from './in-flight.ts';
import type { ProblemCode } from './problem.ts';
import { type ReadOptions, readCheckpoint } from './read.ts';

/**
 * Faults on which every query of every Spark fails, whatever it computes: those that are worth no start. Of all others –
 * state that a query may not need, a log version that another Spark reads – the run itself tells more.
 */
const stopping: ReadonlySet<ProblemCode> = new Set([
  'metadata-damaged',
  'offsets-damaged',
  'offset-gap',
  'offsets-behind-commits',
  'sources-differ',
  'source-offset-damaged',
  'commit-damaged',
]);

/** The look before a start or after a death: health, the fault on which a start would fail, the batch in flight. */
export async function inspectCheckpoint(
  files: CheckpointFiles,
  options: ReadOptions = {},
): Promise<FileAnswer<CheckpointInspection>> {
  const read = await readCheckpoint(files, options);
  if (!read.ok) return read;
  const { health, problems, plannedBatch } = read.value;
  const fault = problems.find(({ code }) => stopping.has(code));
  const range = inFlightRange(read.value);
  return {
    ok: true,
    value: {
      health,
      ...(fault ? { fault: { message: fault.message, path: fault.path } } : {}),
      ...(plannedBatch === null || range === undefined ? {} : { inFlight: { batch: plannedBatch, range } }),
    },
  };
}
