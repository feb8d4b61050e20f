import type { Verdict } from './decision.ts';
import { hash } from './hash.ts';
import type { ActionName, ResolvedJob } from './job.ts';
import { leastWorkers } from './learned-sizes.ts';
import type { StartPlan } from './memory.ts';

/** What a command would do, as a person is asked about it. */
export interface Plan {
  readonly action: ActionName;
  readonly command: 'start' | 'cancel' | 'extend-retention';
  /** The same as long as the same would be done: to the same job, after the same run, with the same request. */
  readonly hash: string;
  /** `start orders with the request of generation 4, with executor memory 14g → 22341m` */
  readonly text: string;
}

/** The command of a verdict; undefined where it only changes our own state. A claim carries out the plan of its wish. */
export function planOf(verdict: Verdict, job: ResolvedJob): Plan | undefined {
  switch (verdict.kind) {
    case 'start':
    case 'claim': {
      const { wish } = verdict;
      const { base } = wish.plan;
      const workers = leastWorkers(wish.plan);
      const request = base === 'spec' ? { spec: job.launch } : base;
      const subject = { cause: wish.cause, afterRunId: wish.afterRunId, request, workers };
      const text = `start ${job.name} ${startText(wish.plan)}`;
      return planned(job, { action: 'restart', command: 'start', text }, { start: subject });
    }
    case 'cancel': {
      const { jobRunId } = verdict.run;
      const subject = { jobRunId, graceSeconds: job.restart.gracePeriodSeconds };
      const text = `cancel run ${jobRunId} of ${job.name}`;
      return planned(job, { action: 'restart', command: 'cancel', text }, { cancel: subject });
    }
    case 'extend-retention': {
      const { stream, fromHours, toHours, cost } = verdict.extension;
      const text = `keep the records of ${stream} for ${toHours} h instead of ${fromHours} h (${cost})`;
      const subject = { stream, toHours };
      return planned(
        job,
        { action: 'extendRetention', command: 'extend-retention', text },
        { extend: subject },
      );
    }
    default:
      return undefined;
  }
}

/** A person ordered this very command. */
export function isOrdered(verdict: Verdict): boolean {
  if (verdict.kind === 'start' || verdict.kind === 'claim') return verdict.wish.cause === 'operator';
  return verdict.reason === 'stop-ordered';
}

/** `with the request of generation 4, with executor memory 14g → 22341m` */
export function startText({ base, change }: StartPlan): string {
  const from = base === 'spec' ? 'from launch.spec' : `with the request of generation ${base.generation}`;
  return change === undefined ? from : `${from}, ${change}`;
}

function planned(job: ResolvedJob, what: Omit<Plan, 'hash'>, subject: unknown): Plan {
  const whole = { job: job.name, checkpoints: job.checkpoints, action: what.action, subject };
  return { ...what, hash: hash(canonical(whole)) };
}

/** JSON with sorted keys: what comes back from a table has them in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
