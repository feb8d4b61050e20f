import { dayMs, hourMs } from '../../core/budget.ts';
import type { BudgetLimits, ResolvedPolicy } from '../../core/job.ts';
import type { Report } from './one-writer.ts';

/** Promise 3, from the world's side: accepted restarts of each job in every rolling hour and day. */
export class Budgets {
  readonly #report: Report;
  readonly #limits = new Map<string, BudgetLimits>();
  readonly #nameNow = new Map<string, string>();
  readonly #restarts = new Map<string, number[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  policy(policy: ResolvedPolicy): void {
    for (const job of Object.values(policy.jobs)) this.#limits.set(job.name, job.restart.budget);
  }

  /** A renamed job keeps what it has spent. */
  rename(from: string, to: string): void {
    this.#nameNow.set(from, to);
    this.#restarts.set(to, this.#restarts.get(from) ?? []);
  }

  restarted(name: string, nowMs: number): void {
    const job = this.#nameNow.get(name) ?? name;
    const times = [...(this.#restarts.get(job) ?? []), nowMs];
    this.#restarts.set(job, times);
    const limits = this.#limits.get(job);
    if (!limits) return;
    this.#check(job, times, { windowMs: hourMs, max: limits.perHour, window: 'hour' });
    this.#check(job, times, { windowMs: dayMs, max: limits.perDay, window: 'day' });
  }

  #check(
    job: string,
    times: readonly number[],
    { windowMs, max, window }: { windowMs: number; max: number; window: string },
  ): void {
    const lastMs = times.at(-1) ?? 0;
    const count = times.filter((at) => at >= lastMs - windowMs).length;
    if (count > max)
      this.#report('budget', `${job}: ${count} restarts within one ${window}, allowed are ${max}`);
  }
}
