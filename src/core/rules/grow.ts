import type { Judgement } from '../failure/classify.ts';
import type { ClassAction } from '../failure/taxonomy.ts';
import type { JobRun } from '../job-run.ts';
import type { LaunchRequest } from '../launch-request.ts';
import { learnedSizes, memoryMaxOf } from '../learned-sizes.ts';
import type { DecideInput } from '../rule.ts';
import { hasOwnDefaults, type SparkDefaults } from '../spark-settings.ts';
import { diskGbMax, nextMemoryStep, overheadMb, parseDisk, readSizeMb } from '../worker-size.ts';
import {
  atLeast,
  gbText,
  growthText,
  isSmaller,
  type Worker,
  type WorkerChange,
  type WorkerChanges,
  type WorkerSpec,
  workerNames,
  workerSpec,
} from '../workers.ts';
import { launchBase, requestOf } from './launch-base.ts';

/** A size step asks for at least this much more (design, section 6). */
const stepFactor = 1.5;

export type Growth =
  /** What is learned of the workers so far, this failure included, and what becomes larger. */
  | { readonly kind: 'larger'; readonly workers: WorkerChanges; readonly change: string }
  | { readonly kind: 'used-up'; readonly why: string }
  /** Nobody knows what there is to add to. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Whether such an end is answered with larger workers: what they are now has to be known then. */
export function isSizeStep(action: ClassAction | undefined): boolean {
  return action === 'restart-with-more-memory' || action === 'restart-with-more-disk';
}

/**
 * The next size for the worker that died, counted from what its run had. Where the text does not say which one died, the
 * executor, of which there are many and which hold the data, and the driver along with it.
 */
export function growWorkers(
  input: DecideInput,
  run: JobRun,
  judgement: Judgement,
  action: ClassAction,
): Growth | undefined {
  if (!isSizeStep(action)) return undefined;
  const learned = learnedSizes(input.job, input.memory);
  const base = requestOf(input, launchBase(input)) ?? run.request;
  const [ofRun, ofBase] = [run.request, base].map((request) => defaultsOf(input, request));
  if (!ofRun || !ofBase) return { kind: 'unknown', why: unreadText(input, run) };
  const part = action === 'restart-with-more-memory' ? 'memory' : 'disk';
  const next = (worker: Worker): Next => {
    const now = workerSpec(run.request, worker, ofRun);
    const max = memoryMax(input, judgement, worker);
    const step = part === 'memory' ? moreMemory(worker, now, max) : moreDisk(worker, now);
    const least = { ...learned?.[worker], ...(step.kind === 'larger' ? step.size : {}) };
    // What was deployed since may be larger than the step, or than any step goes.
    const then = workerSpec(atLeast(base, { [worker]: least }, ofBase), worker, ofBase);
    if (isSmaller(part, now[part], then[part]))
      return { kind: 'larger', least, text: growthText(worker, now, then) };
    if (step.kind !== 'larger') return step;
    return {
      kind: 'unknown',
      why: `no ${worker} of the service takes ${step.size[part] ?? ''} beside its overhead`,
    };
  };
  const [first = 'executor', ...others] = judgement.worker
    ? [judgement.worker]
    : (['executor', 'driver'] as const);
  const answer = next(first);
  if (answer.kind !== 'larger') return answer;
  const larger: Partial<Record<Worker, Larger>> = { [first]: answer };
  for (const worker of others) {
    const along = next(worker);
    if (along.kind === 'larger') larger[worker] = along;
  }
  const least = workerNames.flatMap((worker) =>
    larger[worker] ? [[worker, larger[worker].least] as const] : [],
  );
  return {
    kind: 'larger',
    workers: { ...learned, ...Object.fromEntries(least) },
    change: `with ${workerNames.flatMap((worker) => larger[worker]?.text ?? []).join(' and ')}`,
  };
}

interface Larger {
  readonly kind: 'larger';
  readonly least: WorkerChange;
  readonly text: string;
}
type Stopped = Exclude<Growth, { kind: 'larger' }>;
type Next = Larger | Stopped;
type Step = { readonly kind: 'larger'; readonly size: WorkerChange } | Stopped;

/** What the request gets of its application; undefined while nobody knows. */
function defaultsOf(
  { observation: { application } }: DecideInput,
  request: LaunchRequest,
): SparkDefaults | undefined {
  if (hasOwnDefaults(request)) return {};
  return application?.kind === 'seen' ? application.sparkDefaults : undefined;
}

function unreadText({ observation: { application } }: DecideInput, { applicationId }: JobRun): string {
  const why = application?.kind === 'unknown' ? ` (${application.why})` : '';
  return `what application ${applicationId} gives them could not be read${why}`;
}

function memoryMax({ job }: DecideInput, judgement: Judgement, worker: Worker): Max {
  const memory = memoryMaxOf(job.restart.classes[judgement.class]?.grow, worker);
  return { memory, key: `restart.classes.${judgement.class}.grow.${worker}.max` };
}

interface Max {
  readonly memory: string;
  /** Where the policy says so, or could. */
  readonly key: string;
}

function moreMemory(worker: Worker, now: WorkerSpec, max: Max): Step {
  const { cores, memory, overhead: { fixedMb = 0, ...beside } = {} } = now;
  const memoryMb = readSizeMb(memory, 'm') ?? 0;
  if (!(memoryMb > 0 && cores >= 1))
    return {
      kind: 'unknown',
      why: `nobody can read the size of its ${worker}: ${memory} and ${cores} cores`,
    };
  // An overhead in numbers grows along: what is killed for memory is often Python, which lives in it.
  const factor = fixedMb / memoryMb;
  const overhead = factor > 0 ? { ...beside, factor } : now.overhead;
  const next = nextMemoryStep({ cores, memory }, { factor: stepFactor, maxMemory: max.memory, overhead });
  if (!next) {
    const why = `The ${worker} has ${gbText(memory)} of memory, and size steps end at ${max.memory} (${max.key}).`;
    return { kind: 'used-up', why };
  }
  const nextMb = readSizeMb(next.memory, 'm') ?? 0;
  const size = {
    ...(next.cores === cores ? {} : { cores: next.cores }),
    memory: next.memory,
    ...(factor > 0 ? { overheadMb: overheadMb(nextMb, { factor }) } : {}),
  };
  return { kind: 'larger', size };
}

function moreDisk(worker: Worker, { disk, diskType }: WorkerSpec): Step {
  const sizeGb = parseDisk(disk);
  if (sizeGb === undefined)
    return { kind: 'unknown', why: `nobody can read the disk of its ${worker}: ${disk}` };
  const maxGb = diskGbMax(diskType);
  if (sizeGb < maxGb)
    return { kind: 'larger', size: { disk: `${Math.min(maxGb, Math.ceil(sizeGb * stepFactor))}g` } };
  const largest = diskGbMax('shuffle_optimized');
  const way =
    maxGb < largest
      ? `; with spark.emr-serverless.${worker}.disk.type=shuffle_optimized they go up to ${largest} GB`
      : '';
  return {
    kind: 'used-up',
    why: `The ${worker} has a disk of ${disk}, and its disks end at ${maxGb} GB${way}.`,
  };
}
