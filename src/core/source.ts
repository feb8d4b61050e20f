import type { Unknown } from './observation.ts';

/** All that the data-loss clock is made of. What is remembered from an earlier pass says when it was read. */
export interface SourceSensor {
  readonly retention: RetentionSensor;
  readonly read: ReadSensor;
  /** Each location's part of `read`, for later passes. */
  readonly marks: Readonly<Record<string, ReadMark>>;
  /** How old the records were that the job read last; Kinesis only, and only where its metrics tell. */
  readonly lag?: LagReading;
  /** The reading before that one: a job that falls behind is told by it from one that catches up. */
  readonly lagBefore?: LagReading;
  /** What the stream itself holds behind the last batch; Kinesis only, where the policy wants it and the job stands still. */
  readonly exact?: ExactReading;
  /** What came in since; Kinesis only, asked for once a job stands still. */
  readonly input?: InputReading;
}

export type RetentionSensor =
  | ({ readonly kind: 'seen' } & RetentionReading)
  /** `atLeastMs`: the shortest that such a source can have. */
  | (Unknown & { readonly atLeastMs?: number });

export interface RetentionReading {
  readonly retentionMs: number;
  readonly readAtMs: number;
  readonly from: 'service' | 'policy';
  readonly openShards?: number;
  readonly isOnDemand?: boolean;
}

/** How far the job has read, by the location that is furthest behind. */
export type ReadSensor =
  | ({ readonly kind: 'seen'; readonly location: string } & ReadMark & {
        readonly committedAtMs?: number;
        /** The batch after it, where that is planned and not committed. */
        readonly nextPlannedAtMs?: number;
      })
  /** Batch 0, where it is planned and was never committed. */
  | { readonly kind: 'first-batch'; readonly plannedAtMs: number }
  | Unknown;

/** The last committed batch of one location. */
export interface ReadMark {
  readonly batch: number;
  /** What had come by then was for this batch or an earlier one to read, as far as the job kept up. */
  readonly plannedAtMs: number;
  /** As the batch says itself; else it is the date of its file, which a copy of the checkpoint would change. */
  readonly isExact: boolean;
}

export interface LagReading {
  /** Absent where nobody read, as far as the metrics know. */
  readonly lagMs?: number;
  /** The batch that was the last committed one then. */
  readonly batch: number;
  readonly readAtMs: number;
  /** When the metrics were asked last, whatever they said. */
  readonly askedAtMs: number;
}

/** The first record of each shard behind one committed batch. */
export interface ExactReading {
  readonly batch: number;
  /** When the oldest of them arrived; absent where none lies there, or where it could not be told. */
  readonly arrivedMs?: number;
  /** Why it could not be told. */
  readonly why?: string;
  readonly readAtMs: number;
}

export interface InputReading {
  readonly batch: number;
  /** When the first record came after it was planned; absent where none came. */
  readonly firstMs?: number;
  readonly readAtMs: number;
}

/** What the job record keeps of it between passes. New readings are no news: they never make a decision differ. */
export interface SourceMemory {
  readonly retention?: RetentionReading;
  readonly read?: Readonly<Record<string, ReadMark>>;
  readonly lag?: LagReading;
  readonly lagBefore?: LagReading;
  readonly exact?: ExactReading;
  readonly input?: InputReading;
}

/** What a pass keeps of what it read. */
export function rememberedSource({
  retention,
  marks,
  lag,
  lagBefore,
  exact,
  input,
}: SourceSensor): SourceMemory {
  return {
    ...(retention.kind === 'seen' && retention.from === 'service' ? { retention: readingOf(retention) } : {}),
    read: marks,
    ...(lag ? { lag } : {}),
    ...(lagBefore ? { lagBefore } : {}),
    ...(exact ? { exact } : {}),
    ...(input ? { input } : {}),
  };
}

function readingOf({
  kind: _kind,
  ...reading
}: Extract<RetentionSensor, { kind: 'seen' }>): RetentionReading {
  return reading;
}
