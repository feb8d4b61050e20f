import { Worker } from 'node:worker_threads';
import type { ScheduleResult } from './schedule.ts';

export interface CrewOptions {
  readonly from: number;
  readonly to: number;
  readonly plant?: string | undefined;
  readonly withCalls: boolean;
  /** Threads that run schedules; what is printed does not depend on it. */
  readonly threads: number;
  /** Hears each result in the order of the seeds. Answers false to stop there. */
  readonly onResult: (result: ScheduleResult) => boolean;
}

/** What a thread is asked for. */
export interface Task {
  readonly seed: number;
  readonly plant: string | undefined;
  readonly withCalls: boolean;
}

/** How far one thread may run ahead of the oldest unfinished seed, so that waiting results stay few. */
const aheadMax = 64;

/**
 * Runs the schedules of the seeds on several threads and hands their results on in the order of the seeds, so that
 * whoever listens sees the same however the work was shared out. Rejects if a thread fails.
 */
export function runCrew(options: CrewOptions): Promise<void> {
  const { from, to, plant, withCalls, threads, onResult } = options;
  const workers = Array.from(
    { length: Math.min(threads, to - from + 1) },
    () => new Worker(new URL('./thread.ts', import.meta.url)),
  );
  const finished = new Map<number, ScheduleResult>();
  const idle = new Set<Worker>(workers);
  let next = from;
  let awaited = from;
  let isOver = false;
  return new Promise<void>((resolve, reject) => {
    const give = (): void => {
      for (const worker of idle) {
        if (next > to || next - awaited > aheadMax) return;
        idle.delete(worker);
        worker.postMessage({ seed: next, plant, withCalls } satisfies Task);
        next += 1;
      }
    };
    const take = (worker: Worker, result: ScheduleResult): void => {
      // The other thread may finish its schedule between the end and its own.
      if (isOver) return;
      idle.add(worker);
      finished.set(result.seed, result);
      for (let ready = finished.get(awaited); ready; ready = finished.get(awaited)) {
        finished.delete(awaited);
        awaited += 1;
        isOver = !onResult(ready) || awaited > to;
        if (isOver) {
          resolve();
          return;
        }
      }
      give();
    };
    for (const worker of workers) {
      worker.on('message', (result: ScheduleResult) => take(worker, result));
      worker.on('error', reject);
    }
    give();
  }).finally(() => Promise.all(workers.map((worker) => worker.terminate())));
}
