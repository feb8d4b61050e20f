import type { ResolvedJob } from './job.ts';
import type { JobMemory } from './memory.ts';
import { isSmaller, type Worker, type WorkerChange, type WorkerChanges, workerNames } from './workers.ts';

/**
 * What failures taught of the sizes of a job, up to the limits of its policy as they are now: a person who lowers one
 * takes back what was learned above it. Undefined where nothing was.
 */
export function learnedSizes(
  { restart }: Pick<ResolvedJob, 'restart'>,
  { workers }: Pick<JobMemory, 'workers'>,
): WorkerChanges | undefined {
  if (!workers) return undefined;
  const capped = workerNames.flatMap((worker) => {
    const learned = workers[worker];
    return learned ? [[worker, within(learned, maxOf(restart, worker))] as const] : [];
  });
  return Object.fromEntries(capped);
}

/** The highest limit that the policy names for a step of the worker, whatever the class. */
function maxOf({ classes }: ResolvedJob['restart'], worker: Worker): string | undefined {
  return Object.values(classes)
    .flatMap(({ grow }) => (worker === 'driver' ? grow?.driverMax : grow?.executorMax) ?? [])
    .reduce<string | undefined>(
      (most, max) => (most === undefined || isSmaller('memory', most, max) ? max : most),
      undefined,
    );
}

function within(learned: WorkerChange, max: string | undefined): WorkerChange {
  const { memory, disk } = learned;
  if (max === undefined || memory === undefined || !isSmaller('memory', max, memory)) return learned;
  // Its cores and its overhead were those of the larger memory.
  return { memory: max, ...(disk === undefined ? {} : { disk }) };
}
