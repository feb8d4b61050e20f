import type { JobRun } from '../core/job-run.ts';
import type { SearchRest } from '../core/loss-memory.ts';
import type { LogsSensor, LogText } from '../core/observation.ts';

/** What the workers of a run wrote: evidence of why it ended, and of what it left out. Never throws for what it reads. */
export interface DriverLogs {
  /** Of its newest attempt, or of the given one. */
  read(run: JobRun, attempt?: number): Promise<LogsAnswer>;
  /** What one executor of it wrote last. */
  readExecutor(run: JobRun, executor: string, attempt?: number): Promise<LogsAnswer>;
  /** What any worker of a run, live or ended, wrote since: the lines with one of the words, and a few around them. */
  search(run: JobRun, search: LogSearch): Promise<SearchAnswer>;
}

export interface LogSearch {
  /** The newest when left out. */
  readonly attempt?: number;
  /** By the clock of the place where the logs lie: what the search before said, or when the run began. */
  readonly sinceMs: number;
  /** Where the search before stopped, with the same `sinceMs`, and when the first one began that had to stop. */
  readonly rest?: SearchRest;
  readonly nowMs: number;
  readonly words: readonly string[];
}

export type LogsAnswer = LogsSensor;

export type SearchAnswer =
  | {
      readonly kind: 'read';
      readonly logs: readonly LogText[];
      /** From where the next search goes on; as before while something is left. */
      readonly throughMs: number;
      /** What was too much for one search, and is left to the next one. */
      readonly unread?: string;
      /** What will never be read: it is larger than one search. */
      readonly cut?: string;
      /** Where that one goes on, in words of the place. */
      readonly mark?: string;
    }
  | Exclude<LogsSensor, { kind: 'read' }>;
