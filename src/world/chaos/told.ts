import type { Notice } from '../../control/ports.ts';
import type { Report } from './one-writer.ts';

/** What people have read, once each: delivery is at least once, and they see the same notice once. */
export class Told {
  readonly #report: Report;
  readonly #ids = new Set<string>();
  /** When each event was told of each job last: when it was read, or by the clock of whoever wrote it, if that is later. */
  readonly #lastMs = new Map<string, number>();
  readonly #opened = new Set<string>();
  readonly #closed = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether it is new to them. */
  hear({ id, event, incidentId, job, atMs, opens }: Notice, nowMs: number): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const key = `${event} ${job}`;
    this.#lastMs.set(key, Math.max(atMs, nowMs, this.#lastMs.get(key) ?? 0));
    if (incidentId === undefined) return true;
    if (opens && this.#opened.has(incidentId))
      this.#report('told-once', `incident ${incidentId} of ${job} opens twice`);
    if (this.#closed.has(incidentId))
      this.#report('told-in-order', `incident ${incidentId} of ${job} is over, and then comes ${event}`);
    if (opens) this.#opened.add(incidentId);
    if (event === 'incident.recovered') this.#closed.add(incidentId);
    return true;
  }

  /** Whether people were told this of the job, under one of its names, at that moment or later. */
  has(event: Notice['event'], jobs: readonly string[], sinceMs: number): boolean {
    return jobs.some((job) => (this.#lastMs.get(`${event} ${job}`) ?? Number.NEGATIVE_INFINITY) >= sinceMs);
  }
}
