import type { JobMemory, ProgressMark } from './memory.ts';
import type { Observation } from './observation.ts';

/**
 * Whether the job has committed a batch since its last start. Uptime is no progress: a loop that lives 25
 * minutes and commits nothing is the same loop. With several locations the worst counts.
 */
export interface Progress {
  /** Unknown when any location could not be read. */
  readonly known: boolean;
  readonly committed: boolean;
  /** Starts in a row without a newly committed batch, as of now. */
  readonly streak: number;
  /** The batch that the slowest location stands at; undefined when unknown. */
  readonly batch?: number;
  /** A location that stands before a batch it had committed: deleted, replaced or cut since. */
  readonly wentBack?: { readonly location: string; readonly from: number; readonly to: number };
}

export function progressOf(memory: JobMemory, observation: Pick<Observation, 'checkpoints'>): Progress {
  const sensors = Object.entries(observation.checkpoints);
  let committed = sensors.length > 0;
  let known = true;
  let streak = 0;
  let batch: number | undefined;
  let wentBack: Progress['wentBack'];
  for (const [location, sensor] of sensors) {
    const mark = memory.progress[location];
    if (sensor.kind === 'unknown') {
      known = false;
      committed = false;
      streak = Math.max(streak, mark?.streak ?? 0);
      continue;
    }
    const moved =
      mark === undefined ? sensor.committedBatch >= 0 : sensor.committedBatch > mark.committedAtStart;
    const highest = Math.max(mark?.committedAtStart ?? -1, mark?.seen ?? -1);
    if (sensor.committedBatch < highest) wentBack ??= { location, from: highest, to: sensor.committedBatch };
    committed &&= moved;
    streak = Math.max(streak, moved ? 0 : (mark?.streak ?? 0));
    batch = Math.min(batch ?? sensor.committedBatch, sensor.committedBatch);
  }
  return {
    known,
    committed: known && committed,
    streak,
    ...(known && batch !== undefined ? { batch } : {}),
    ...(wentBack ? { wentBack } : {}),
  };
}

/** The marks that a start leaves: where each location stands, and one more start that has yet to prove itself. */
export function marksAtStart(
  memory: JobMemory,
  observation: Observation,
  isRestart: boolean,
): Readonly<Record<string, ProgressMark>> {
  const marks: Record<string, ProgressMark> = {};
  for (const [location, sensor] of Object.entries(observation.checkpoints)) {
    const before = memory.progress[location];
    if (sensor.kind === 'unknown') {
      // Nothing is known of progress, so the streak neither grows nor ends.
      marks[location] = before ?? { committedAtStart: -1, streak: 0 };
      continue;
    }
    const moved = before === undefined || sensor.committedBatch > before.committedAtStart;
    const streak = moved ? 0 : before.streak;
    marks[location] = {
      committedAtStart: sensor.committedBatch,
      plannedAtStart: sensor.plannedBatch,
      streak: isRestart ? streak + 1 : streak,
      seen: sensor.committedBatch,
    };
  }
  return marks;
}

/** The marks with what this pass has seen. A checkpoint that went back leaves its mark where it was. */
export function withSeen(memory: JobMemory, observation: Observation): JobMemory['progress'] {
  const marks: Record<string, ProgressMark> = { ...memory.progress };
  for (const [location, sensor] of Object.entries(observation.checkpoints)) {
    const mark = marks[location];
    if (mark === undefined || sensor.kind === 'unknown') continue;
    marks[location] = { ...mark, seen: Math.max(mark.seen ?? -1, sensor.committedBatch) };
  }
  return marks;
}
