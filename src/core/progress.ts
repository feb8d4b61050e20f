import { isTerminal } from './job-run.ts';
import type { JobMemory, ProgressMark } from './memory.ts';
import type { CheckpointSensor, Observation } from './observation.ts';

/**
 * Whether the job has committed a batch since its last start. Uptime is no progress: a loop that lives 25
 * minutes and commits nothing is the same loop. Of several locations one that has nothing to do says nothing while
 * another one moves; one with a batch in flight that it does not commit is none, whatever the others do.
 */
export interface Progress {
  /** Unknown when any location could not be read. */
  readonly known: boolean;
  readonly committed: boolean;
  /** Starts in a row without a newly committed batch, as of now. */
  readonly streak: number;
  /** The batch to tell people of: where a location is held up, else where one is at work; undefined when unknown. */
  readonly batch?: number;
  /** The newest batch of all locations; undefined when unknown. */
  readonly newest?: number;
  /** Whether a batch was ever committed at any location; undefined when unknown. */
  readonly everCommitted?: boolean;
  /** A location that stands before a batch it had committed: deleted, replaced or cut since. */
  readonly wentBack?: { readonly location: string; readonly from: number; readonly to: number };
}

/** What progress is judged by. Without the run none is taken for idle. */
type Seen = Pick<Observation, 'checkpoints'> & Partial<Pick<Observation, 'run'>>;

/**
 * A run that was RUNNING for so long, and ended with nothing in flight, had nothing to do. A loop that needs as long for
 * one round makes four starts a day, which no budget minds; a run that dies at once stays one of a streak.
 */
const idleMs = 6 * 60 * 60_000;

export function progressOf(memory: JobMemory, observation: Seen): Progress {
  const stands = standsOf(memory, observation);
  const known = stands.every(({ kind }) => kind !== 'unknown');
  const isHeld = stands.some(({ kind }) => kind === 'held');
  const wentBack = stands.flatMap((stand) => wentBackAt(stand) ?? [])[0];
  const newest = newestOf(stands);
  const everCommitted =
    newest !== undefined && newest >= 0 ? true : known && newest !== undefined ? false : undefined;
  return {
    known,
    committed: known && !isHeld && stands.some(({ kind }) => kind === 'moved'),
    streak: Math.max(0, ...stands.map(({ mark, goesOn }) => (goesOn ? (mark?.streak ?? 0) : 0))),
    ...(known && newest !== undefined ? { batch: telling(stands) ?? newest, newest } : {}),
    ...(everCommitted === undefined ? {} : { everCommitted }),
    ...(wentBack ? { wentBack } : {}),
  };
}

interface Stand {
  readonly location: string;
  readonly sensor: CheckpointSensor;
  readonly mark: ProgressMark | undefined;
  /** `held` has a batch in flight and committed none, `quiet` has neither. */
  readonly kind: 'unknown' | 'moved' | 'held' | 'quiet';
  /** Its streak counts, and grows with a restart. */
  readonly goesOn: boolean;
}

function standsOf(memory: JobMemory, observation: Seen): readonly Stand[] {
  const stands = Object.entries(observation.checkpoints).map(([location, sensor]) => {
    const mark = memory.progress[location];
    return { location, sensor, mark, kind: kindOf(sensor, mark) };
  });
  const isElsewhere = stands.some(({ kind }) => kind === 'moved') || wasIdle(observation);
  return stands.map((stand) => ({
    ...stand,
    // A run that dies before any query has planned a batch is a loop: then the quiet ones count.
    goesOn: stand.kind === 'quiet' ? !isElsewhere : stand.kind !== 'moved',
  }));
}

function kindOf(sensor: CheckpointSensor, mark: ProgressMark | undefined): Stand['kind'] {
  if (sensor.kind === 'unknown') return 'unknown';
  if (sensor.committedBatch > (mark?.committedAtStart ?? -1)) return 'moved';
  return sensor.plannedBatch > sensor.committedBatch ? 'held' : 'quiet';
}

/** Whoever cancels a run chooses its age, and cancels one that stands still as well. */
function wasIdle({ run: sensor }: Seen): boolean {
  if (sensor?.kind !== 'seen' || !isTerminal(sensor.run) || sensor.run.state === 'CANCELLED') return false;
  const { startedAtMs, attemptCreatedAtMs = 0, endedAtMs, updatedAtMs } = sensor.run;
  if (startedAtMs === undefined) return false;
  return (endedAtMs ?? updatedAtMs) - Math.max(startedAtMs, attemptCreatedAtMs) >= idleMs;
}

function wentBackAt({ location, sensor, mark }: Stand): Progress['wentBack'] {
  if (sensor.kind === 'unknown') return undefined;
  const from = Math.max(mark?.committedAtStart ?? -1, mark?.seen ?? -1);
  return sensor.committedBatch < from ? { location, from, to: sensor.committedBatch } : undefined;
}

function newestOf(stands: readonly Stand[]): number | undefined {
  const batches = stands.flatMap(({ sensor }) => (sensor.kind === 'seen' ? [sensor.committedBatch] : []));
  return batches.length > 0 ? Math.max(...batches) : undefined;
}

/** Where a query is held up, else where one has a batch in flight; one that has not begun is no place to tell of. */
function telling(stands: readonly Stand[]): number | undefined {
  const held = newestOf(stands.filter(({ kind }) => kind === 'held'));
  const inFlight = stands.filter(
    ({ sensor }) => sensor.kind === 'seen' && sensor.plannedBatch > sensor.committedBatch,
  );
  return [held, newestOf(inFlight)].find((batch) => batch !== undefined && batch >= 0);
}

/** The marks that a start leaves: where each location stands, and one more start that has yet to prove itself. */
export function marksAtStart(
  memory: JobMemory,
  observation: Seen,
  isRestart: boolean,
): Readonly<Record<string, ProgressMark>> {
  const marks: Record<string, ProgressMark> = {};
  for (const { location, sensor, mark, goesOn } of standsOf(memory, observation)) {
    if (sensor.kind === 'unknown') {
      // Nothing is known of progress, so the streak neither grows nor ends.
      marks[location] = mark ?? { committedAtStart: -1, streak: 0 };
      continue;
    }
    const streak = goesOn ? (mark?.streak ?? 0) : 0;
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
