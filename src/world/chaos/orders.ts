import type { Report } from './one-writer.ts';
import type { RunFacts, RunLedger } from './run-ledger.ts';

interface Said {
  readonly order: 'stop' | 'start';
  readonly atMs: number;
}

/**
 * What people ordered on the command line, by checkpoint, since a job may get another name: each run of an order has
 * one of its own, and what was stopped stays down until a person starts it.
 */
export class Orders {
  readonly #runs: RunLedger;
  readonly #report: Report;
  readonly #said = new Map<string, Said[]>();
  readonly #obeyed = new Map<string, number>();

  constructor(runs: RunLedger, report: Report) {
    this.#runs = runs;
    this.#report = report;
  }

  said(checkpoint: string, order: Said['order'], atMs: number): void {
    this.#said.set(checkpoint, [...this.#of(checkpoint), { order, atMs }]);
  }

  /** Another job has the checkpoint now. */
  forget(checkpoint: string): void {
    const starts = this.#of(checkpoint).filter(({ order }) => order === 'start');
    this.#said.set(checkpoint, starts);
  }

  /** A run that Checkpilot started because of an order. */
  obeyed({ checkpoint, job, jobRunId }: RunFacts): void {
    const count = (this.#obeyed.get(checkpoint) ?? 0) + 1;
    this.#obeyed.set(checkpoint, count);
    const starts = this.#of(checkpoint).filter(({ order }) => order === 'start').length;
    if (count > starts)
      this.#report(
        'ordered',
        `run ${jobRunId} of ${job} is the ${count}. by order, of ${starts} ordered ones`,
      );
  }

  /** The last that people wanted was that it stops; a run that one of them starts by hand is a wish, too. */
  isStopped(checkpoint: string): boolean {
    const last = this.#of(checkpoint).at(-1);
    if (last?.order !== 'stop') return false;
    return !this.#runs.of(checkpoint).some((run) => !run.isOurs && run.acceptedAtMs >= last.atMs);
  }

  /** The last that people had ordered by then: a cancel that was claimed under it may end, whatever they say next. */
  wasStopped(checkpoint: string, atMs: number): boolean {
    return this.#of(checkpoint).findLast((said) => said.atMs <= atMs)?.order === 'stop';
  }

  #of(checkpoint: string): readonly Said[] {
    return this.#said.get(checkpoint) ?? [];
  }
}
