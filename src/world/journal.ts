import type { VirtualTime } from './virtual-time.ts';

type Fields = Record<string, unknown>;

/** What one line is about. Each is left out of the line when unknown. */
export interface Subject {
  job?: string;
  checkpoint?: string;
  jobRunId?: string;
}

export interface JournalEntry extends Subject {
  /** Milliseconds of world time since the epoch. */
  t: number;
  seed: string | number;
  kind: string;
  [field: string]: unknown;
}

/**
 * What the world really saw, in order, one entry a line. Only the world and the harness around it write here,
 * never the code that is being judged.
 */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #time: VirtualTime;
  readonly #seed: string | number;
  readonly #listeners: ((entry: JournalEntry) => void)[] = [];

  constructor(time: VirtualTime, seed: string | number) {
    this.#time = time;
    this.#seed = seed;
  }

  write(kind: string, subject: Subject = {}, fields: Fields = {}): void {
    const { job, checkpoint, jobRunId } = subject;
    const entry: JournalEntry = {
      t: this.#time.now(),
      seed: this.#seed,
      kind,
      ...(job === undefined ? {} : { job }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(jobRunId === undefined ? {} : { jobRunId }),
      ...fields,
    };
    this.entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  onEntry(listener: (entry: JournalEntry) => void): void {
    this.#listeners.push(listener);
  }

  ofKind(kind: string): JournalEntry[] {
    return this.entries.filter((entry) => entry.kind === kind);
  }

  /** JSON lines; fields without a value are left out. */
  text(): string {
    return this.entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}
