import type { Problem } from './problem.ts';
import type { SourcePositions } from './sources.ts';

/**
 * What Spark would make of a checkpoint: `empty` (a new query starts at batch 0), `clean` (it goes on with the next
 * batch), `in-flight` (it runs the last planned batch again), `corrupt` (it fails), `incompatible` (another version of
 * Spark is needed).
 */
export type Health = 'empty' | 'clean' | 'in-flight' | 'corrupt' | 'incompatible';

/** One checkpoint as read. `checkpilot checkpoint --json` prints all of it but `resume`. */
export interface CheckpointReading {
  readonly health: Health;
  /** Null where `metadata` is missing or damaged. */
  readonly queryId: string | null;
  /** Null before the first one. */
  readonly plannedBatch: number | null;
  readonly committedBatch: number | null;
  /** The last planned batch is not committed, whatever else is wrong. */
  readonly inFlight: boolean;
  /** Of the last planned batch; null where that cannot be read. */
  readonly watermarkMs: number | null;
  /** What a restart cannot change. */
  readonly frozen: { readonly shufflePartitions: number | null };
  /** As in `offsets/N` of the last planned batch. Kafka and files: its end. Kinesis: its start. */
  readonly sources: readonly SourcePositions[];
  readonly problems: readonly Problem[];
  /** Where Spark would read on after a restart, as far as that can be told: what is unread begins here. */
  readonly resume: readonly SourcePositions[];
}
