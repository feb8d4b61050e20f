import type { LaunchRequest } from './launch-request.ts';
import { type SparkDefaults, sparkSetting } from './spark-settings.ts';
import { parseDisk, parseMemory, smallestWorker, totalMemoryGb } from './worker-size.ts';
import { workerSpec } from './workers.ts';

/** What workers hold, or may hold together. */
export interface Resources {
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly diskGb: number;
}

/** What an application may hold at once; what is left out has no limit that is known. */
export interface CapacityLimits {
  readonly maximum?: Partial<Resources>;
  /** `schedulerConfiguration.maxConcurrentRuns`: what is more waits in the queue of the service, for hours. */
  readonly runsMax?: number;
  /** Sizes that it gives the workers of all its runs; absent in records of earlier releases. */
  readonly sparkDefaults?: SparkDefaults;
}

/** What an application may hold and what its live runs hold at the least, as of one listing. */
export interface Room {
  readonly limits: CapacityLimits;
  readonly runs: number;
  readonly held: Resources;
  readonly dateMs: number;
  /** Of the jobs that were let go in the last minutes, those whose run is among these. */
  readonly listed?: readonly string[];
}

/** What a start asks for and does not find. */
export interface Shortage {
  readonly what: keyof Resources | 'runs';
  readonly needed: number;
  /** Held by live runs, and by starts that were let go before. */
  readonly held: number;
  readonly max: number;
}

export const noResources: Resources = { vcpu: 0, memoryGb: 0, diskGb: 0 };

/**
 * What a run cannot work without: the driver, and the executors that it keeps at any time, at least one. Undefined where
 * a size is written in a way that nobody here can read.
 */
export function neededBy(request: LaunchRequest): Resources | undefined {
  return demandOf(request, Math.max(1, executorsKept(request)));
}

/** What a run holds at any time: it may hold more, as its dynamic allocation asks for it. */
export function heldBy(request: LaunchRequest): Resources | undefined {
  return demandOf(request, executorsKept(request));
}

/** What is missing for a start now. `ahead` are starts that were let go before it and that no listing shows yet. */
export function shortages(
  needed: Resources | undefined,
  { limits, runs, held }: Room,
  ahead: readonly (Resources | undefined)[] = [],
): readonly Shortage[] {
  const { maximum = {}, runsMax } = limits;
  const all = ahead.reduce<Resources>((sum, one) => plus(sum, one ?? noResources), held);
  const found: Shortage[] = [];
  for (const what of ['vcpu', 'memoryGb', 'diskGb'] as const) {
    const max = maximum[what];
    if (max === undefined || needed === undefined) continue;
    if (all[what] + needed[what] > max) found.push({ what, needed: needed[what], held: all[what], max });
  }
  const running = runs + ahead.length;
  if (runsMax !== undefined && running + 1 > runsMax)
    found.push({ what: 'runs', needed: 1, held: running, max: runsMax });
  return found;
}

/** What would be missing in an empty application: such a job never fits. */
export function neverFits(needed: Resources | undefined, limits: CapacityLimits): readonly Shortage[] {
  return shortages(needed, { limits, runs: 0, held: noResources, dateMs: 0 });
}

export function plus(a: Resources, b: Resources): Resources {
  return { vcpu: a.vcpu + b.vcpu, memoryGb: a.memoryGb + b.memoryGb, diskGb: a.diskGb + b.diskGb };
}

/** `8 vCPU, 32 GB of memory and 40 GB of disk` */
export function resourcesText({ vcpu, memoryGb, diskGb }: Resources): string {
  return `${vcpu} vCPU, ${memoryGb} GB of memory and ${diskGb} GB of disk`;
}

/** `8 vCPU (16 of 20 held) and 32 GB of memory (64 of 80 held)`, for each thing that is missing. */
export function shortageText(missing: readonly Shortage[]): string {
  return inWords(
    missing.map(({ what, needed, held, max }) => {
      if (what === 'runs') return `a run (${held} of ${max} are live)`;
      const unit = { vcpu: 'vCPU', memoryGb: 'GB of memory', diskGb: 'GB of disk' }[what];
      return `${needed} ${unit} (${held} of ${max} held)`;
    }),
  );
}

/** `number 3 of 7`, `behind the first 100` */
export function placeText({ position, of }: { readonly position?: number; readonly of: number }): string {
  return position === undefined ? `behind the first ${of}` : `number ${position} of ${of}`;
}

export function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** The service's own default where a request does not say it. */
const executorInstancesDefault = 3;

function executorsKept(request: LaunchRequest): number {
  const read = (key: string): number | undefined => {
    const value = Number(sparkSetting(request, key) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  if (sparkSetting(request, 'spark.dynamicAllocation.enabled') === 'false')
    return read('spark.executor.instances') ?? executorInstancesDefault;
  return read('spark.dynamicAllocation.minExecutors') ?? 0;
}

function demandOf(request: LaunchRequest, executors: number): Resources | undefined {
  const driver = workerOf(request, 'driver');
  const executor = workerOf(request, 'executor');
  if (!driver || !executor) return undefined;
  return {
    vcpu: driver.vcpu + executors * executor.vcpu,
    memoryGb: driver.memoryGb + executors * executor.memoryGb,
    diskGb: driver.diskGb + executors * executor.diskGb,
  };
}

/** A worker as the service gives it: the smallest valid size that holds memory and overhead. */
function workerOf(request: LaunchRequest, worker: 'driver' | 'executor'): Resources | undefined {
  const { cores, memory, disk, overhead } = workerSpec(request, worker);
  try {
    const totalGb = totalMemoryGb(parseMemory(memory), overhead);
    const size = cores >= 1 ? smallestWorker({ cores, totalGb }) : undefined;
    const diskGb = parseDisk(disk);
    if (!size || diskGb === undefined) return undefined;
    return { vcpu: size.cores, memoryGb: size.memoryGb, diskGb };
  } catch (error) {
    // A person may have written a size that nobody here can read.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
