import { type FailureClass, failureClasses } from './failure/taxonomy.ts';
import type { ResolvedJob } from './job.ts';
import type { JobMemory, StartPlan } from './memory.ts';
import { isSmaller, type Worker, type WorkerChange, type WorkerChanges, workerNames } from './workers.ts';

/**
 * What failures taught of the sizes of a job, up to the limits of its policy as they are now: a person who lowers one
 * takes back what was learned above it. Undefined where nothing was.
 */
export function learnedSizes(
  { restart }: Pick<ResolvedJob, 'restart'>,
  memory: Pick<JobMemory, 'leastWorkers' | 'workers'>,
): WorkerChanges | undefined {
  const workers = leastWorkers(memory);
  if (!workers) return undefined;
  const capped = workerNames.flatMap((worker) => {
    const learned = workers[worker];
    return learned ? [[worker, within(learned, maxOf(restart, worker))] as const] : [];
  });
  return Object.fromEntries(capped);
}

/** Of a memory or of a plan, also of an earlier version. */
export function leastWorkers(
  known: Pick<JobMemory | StartPlan, 'leastWorkers' | 'workers'>,
): WorkerChanges | undefined {
  return known.leastWorkers ?? known.workers;
}

/** The highest limit of the classes that the job answers with more memory; undefined where none is. */
function maxOf({ classes }: ResolvedJob['restart'], worker: Worker): string | undefined {
  return (Object.keys(failureClasses) as FailureClass[])
    .filter((name) => (classes[name]?.action ?? failureClasses[name].action) === 'restart-with-more-memory')
    .map((name) => memoryMaxOf(classes[name]?.grow, worker))
    .reduce<string | undefined>(
      (most, max) => (most === undefined || isSmaller('memory', most, max) ? max : most),
      undefined,
    );
}

/** The largest Spark memory tried when the policy names no maximum: a full 8-vCPU worker of 60 GB. */
const defaultMemoryMax = '54g';

/** How large a step of memory makes a worker at most. */
export function memoryMaxOf(
  grow: { readonly driverMax?: string; readonly executorMax?: string } | undefined,
  worker: Worker,
): string {
  return (worker === 'driver' ? grow?.driverMax : grow?.executorMax) ?? defaultMemoryMax;
}

function within(learned: WorkerChange, max: string | undefined): WorkerChange {
  const { memory, disk } = learned;
  if (max === undefined || memory === undefined || !isSmaller('memory', max, memory)) return learned;
  // Its cores and its overhead were those of the larger memory.
  return { memory: max, ...(disk === undefined ? {} : { disk }) };
}
