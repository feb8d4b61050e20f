import type { Cause } from './failure-texts.ts';

/** What a scripted moment does to the attempt: die of a cause, end well, or run on without batches. */
export type Ending = Cause | 'exit-0' | 'stall';

/** One scripted moment. It is due when everything given here holds, for `times` attempts of the job. */
export interface ScriptedEnding {
  cause: Ending;
  /** World time from which it is due. If no attempt is at work then, the next one is struck. */
  atMs?: number;
  /** Batches that the attempt has committed before. */
  afterBatches?: number;
  /** The Spark batch id in which it strikes. */
  atBatch?: number;
  /** Attempts that it strikes; user-code-error and out-of-memory strike every time, others once. */
  times?: number;
  /** An executor of this size or more survives an out-of-memory. */
  neededMemoryGb?: number;
}

export interface JobBehaviour {
  /** The stream that the job reads, if its arguments have no `--stream`. */
  stream?: string;
  /** State that every start loads before its first batch. */
  stateMb?: number;
  dieAt?: readonly ScriptedEnding[];
}

/** Where an attempt stands when the script is asked. */
export interface Moment {
  nowMs: number;
  batchesCommitted: number;
  /** The batch in flight, or the one about to be planned. */
  batchId: number;
  executorMemoryGb: number;
}

/** The script of one job, over all of its runs. It remembers how often each ending has struck. */
export class JobScript {
  readonly behaviour: JobBehaviour;
  readonly #struck = new Map<ScriptedEnding, number>();

  constructor(behaviour: JobBehaviour) {
    this.behaviour = behaviour;
  }

  /** The first ending that is due and accepted; it counts as having struck. */
  strike(moment: Moment, accepts: (cause: Ending) => boolean): Ending | undefined {
    const due = this.behaviour.dieAt?.find(
      (ending) => accepts(ending.cause) && this.#isLeft(ending) && isDue(ending, moment),
    );
    if (due === undefined) return undefined;
    this.#struck.set(due, (this.#struck.get(due) ?? 0) + 1);
    return due.cause;
  }

  /** World times, later than `nowMs`, at which something becomes due. */
  timesAfter(nowMs: number): number[] {
    return (this.behaviour.dieAt ?? []).flatMap(({ atMs }) =>
      atMs !== undefined && atMs > nowMs ? [atMs] : [],
    );
  }

  #isLeft(ending: ScriptedEnding): boolean {
    const isDeterministic = ending.cause === 'user-code-error' || ending.cause === 'out-of-memory';
    const times = ending.times ?? (isDeterministic ? Number.POSITIVE_INFINITY : 1);
    return (this.#struck.get(ending) ?? 0) < times;
  }
}

function isDue(ending: ScriptedEnding, moment: Moment): boolean {
  if (ending.atMs !== undefined && moment.nowMs < ending.atMs) return false;
  if (ending.afterBatches !== undefined && moment.batchesCommitted < ending.afterBatches) return false;
  if (ending.atBatch !== undefined && moment.batchId !== ending.atBatch) return false;
  return ending.neededMemoryGb === undefined || moment.executorMemoryGb < ending.neededMemoryGb;
}
