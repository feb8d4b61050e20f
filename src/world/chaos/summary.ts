import type { ScheduleResult } from './schedule.ts';
import type { Violation } from './watch.ts';

/** What `npm run chaos` prints (machine contract), and a little more. */
export interface ChaosSummary {
  readonly schedules: number;
  /** Passes of reconcile; sweeps and releases are counted apart. */
  readonly passes: number;
  readonly sweeps: number;
  readonly releases: number;
  readonly signals: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** Schedules in which, once the faults had stopped, everything that may run did and no claim was open. */
  readonly converged: number;
  /** The bugs that were planted; empty in a normal run. */
  readonly plants: readonly string[];
  /** Of one schedule, over all of them. */
  readonly medians: {
    readonly jobs: number;
    readonly applications: number;
    readonly virtualHours: number;
    readonly passes: number;
    readonly faults: number;
    readonly faultKinds: number;
  };
}

/** Adds results up. */
export class Summary {
  readonly #results: Omit<ScheduleResult, 'calls'>[] = [];
  readonly #plants: readonly string[];

  constructor(plant: string | undefined) {
    this.#plants = plant === undefined ? [] : [plant];
  }

  add({ calls: _calls, ...result }: ScheduleResult): void {
    this.#results.push(result);
  }

  get(): ChaosSummary {
    const results = this.#results;
    const faults = new Map<string, number>();
    for (const result of results)
      for (const [kind, count] of Object.entries(result.faults))
        faults.set(kind, (faults.get(kind) ?? 0) + count);
    const sum = (of: (result: Omit<ScheduleResult, 'calls'>) => number): number =>
      results.reduce((total, result) => total + of(result), 0);
    const middle = (of: (result: Omit<ScheduleResult, 'calls'>) => number): number => median(results.map(of));
    const violations = results.flatMap((result) => result.violations);
    return {
      schedules: results.length,
      passes: sum((result) => result.passes),
      sweeps: sum((result) => result.sweeps),
      releases: sum((result) => result.releases),
      signals: sum((result) => result.signals),
      faults: Object.fromEntries([...faults].sort(([a], [b]) => (a < b ? -1 : 1))),
      // A planted bug has to be found once; what follows from it is no news.
      violations: this.#plants.length > 0 ? violations.slice(0, 1) : violations,
      converged: results.filter(({ hasConverged }) => hasConverged).length,
      plants: this.#plants,
      medians: {
        jobs: middle((result) => result.jobs),
        applications: middle((result) => result.applications),
        virtualHours: Math.round(middle((result) => result.virtualMs) / 36_000) / 100,
        passes: middle((result) => result.passes),
        faults: middle((result) => Object.values(result.faults).reduce((a, b) => a + b, 0)),
        faultKinds: middle((result) => Object.keys(result.faults).length),
      },
    };
  }
}

/** The lower of the two in the middle when their number is even; 0 of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
