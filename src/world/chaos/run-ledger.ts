import type { Journal, JournalEntry } from '../journal.ts';
import { ourArn } from './site.ts';

/** What the world knows of one run. */
export interface RunFacts {
  readonly jobRunId: string;
  readonly job: string;
  readonly checkpoint: string;
  readonly isOurs: boolean;
  readonly acceptedAtMs: number;
  state: string;
  batches: number;
  /** Class of the last failed attempt. */
  failedBy?: string;
  /** In the world's time; absent while it lives. */
  endedAtMs?: number;
  /** Somebody else than Checkpilot asked the service to cancel it. */
  isCancelledByPerson: boolean;
}

const ended = new Set(['SUCCESS', 'FAILED', 'CANCELLED']);

export function isLive(run: RunFacts): boolean {
  return !ended.has(run.state);
}

/** All runs of a schedule by checkpoint, read from the journal: the world's side of every judgement. */
export class RunLedger {
  readonly #byId = new Map<string, RunFacts>();
  readonly #byCheckpoint = new Map<string, RunFacts[]>();

  constructor(journal: Journal) {
    journal.onEntry((entry) => this.#hear(entry));
  }

  /** In the order of their acceptance. */
  of(checkpoint: string): readonly RunFacts[] {
    return this.#byCheckpoint.get(checkpoint) ?? [];
  }

  live(checkpoint: string): readonly RunFacts[] {
    return this.of(checkpoint).filter(isLive);
  }

  get(jobRunId: string): RunFacts | undefined {
    return this.#byId.get(jobRunId);
  }

  #hear(entry: JournalEntry): void {
    const { jobRunId, job = '', checkpoint = '', kind } = entry;
    if (jobRunId === undefined) return;
    if (kind === 'start-accepted') {
      const run: RunFacts = {
        jobRunId,
        job,
        checkpoint,
        isOurs: entry.by === ourArn,
        acceptedAtMs: entry.t,
        state: 'SUBMITTED',
        batches: 0,
        isCancelledByPerson: false,
      };
      this.#byId.set(jobRunId, run);
      this.#byCheckpoint.set(checkpoint, [...this.of(checkpoint), run]);
      return;
    }
    const run = this.#byId.get(jobRunId);
    if (!run) return;
    if (kind === 'run-state') {
      run.state = String(entry.state);
      if (!isLive(run)) run.endedAtMs = entry.t;
    }
    if (kind === 'cancel-accepted' && entry.by !== ourArn) run.isCancelledByPerson = true;
    if (kind === 'batch-committed') run.batches += 1;
    if (kind === 'attempt-failed') run.failedBy = String(entry.class);
  }
}
