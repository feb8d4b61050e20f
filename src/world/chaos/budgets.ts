import { dayMs, hourMs } from '../../core/budget.ts';
import type { BudgetLimits, ResolvedPolicy } from '../../core/job.ts';
import type { ScopeLimits } from '../../core/scope-budget.ts';
import type { Report } from './one-writer.ts';

/**
 * Promise 3, from the world's side: accepted restarts of each job, each class of its failures, application, owner and
 * fleet in every rolling hour and day.
 */
export class Budgets {
  readonly #report: Report;
  readonly #limits = new Map<string, BudgetLimits>();
  readonly #nameNow = new Map<string, string>();
  readonly #restarts = new Map<string, number[]>();
  #policy: ResolvedPolicy | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  policy(policy: ResolvedPolicy): void {
    this.#policy = policy;
    for (const job of Object.values(policy.jobs)) this.#limits.set(job.name, job.restart.budget);
  }

  /** A renamed job keeps what it has spent. */
  rename(from: string, to: string): void {
    this.#nameNow.set(from, to);
    for (const [scope, times] of [...this.#restarts]) {
      if (scope === from || scope.startsWith(`${from} after `))
        this.#restarts.set(scope.replace(from, to), times);
    }
  }

  /** `failedBy`: class of the failure that the restart answers, by the world. */
  restarted(name: string, failedBy: string | undefined, nowMs: number): void {
    const job = this.#nameNow.get(name) ?? name;
    const policy = this.#policy;
    const { application, fleet, owner } = policy?.guardrails.budgets ?? {};
    const declared = policy?.jobs[job];
    if (application && declared)
      this.#charge(`application ${declared.match.applicationId}`, application, nowMs);
    if (owner) this.#charge(`owner ${declared?.owner ?? policy?.owner}`, owner, nowMs);
    if (fleet) this.#charge('the fleet', fleet, nowMs);
    const ofClass = Object.entries(declared?.restart.classes ?? {}).find(([name]) => name === failedBy)?.[1];
    if (ofClass?.budget) this.#charge(`${job} after ${failedBy}`, ofClass.budget, nowMs);
    const times = [...(this.#restarts.get(job) ?? []), nowMs];
    this.#restarts.set(job, times);
    const limits = this.#limits.get(job);
    if (!limits) return;
    this.#checkBoth(job, times, limits);
  }

  #charge(scope: string, limits: ScopeLimits, nowMs: number): void {
    const times = [...(this.#restarts.get(scope) ?? []), nowMs];
    this.#restarts.set(scope, times);
    this.#checkBoth(scope, times, limits);
  }

  #checkBoth(scope: string, times: readonly number[], { perHour, perDay }: ScopeLimits): void {
    if (perHour !== undefined) this.#check(scope, times, { windowMs: hourMs, max: perHour, window: 'hour' });
    if (perDay !== undefined) this.#check(scope, times, { windowMs: dayMs, max: perDay, window: 'day' });
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
