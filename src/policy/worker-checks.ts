import {
  diskGbMax,
  isTaken,
  memoryRangesGb,
  parseMemory,
  smallestWorker,
  totalMemoryGb,
  type WorkerTier,
  workerTiers,
} from '../core/worker-size.ts';
import { type Worker, type WorkerSpec, workerNames, workerSpec } from '../core/workers.ts';
import { sparkSubmitParameters } from '../launch/spark-submit.ts';
import { launchSchema } from './launch-schema.ts';
import type { JobFault, MergedJob } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';
import { sparkSize } from './scalars.ts';
import { parts } from './schema.ts';

/** Least local disk of a worker, in GB (user guide, worker configurations). */
const diskGbMin = 20;

const spec = ['launch', 'spec'] as const;

/** Workers of launch.spec that the service does not have, and size steps that could never be taken. */
export function workerFaults(job: MergedJob): readonly JobFault[] {
  const launch = launchSchema.safeParse(valueAt(job.merged, ['launch']));
  const bounds = parts.executors.safeParse(valueAt(job.merged, ['scaling', 'executors']) ?? {});
  if (!launch.success || !bounds.success) return [];
  const parameters = sparkSubmitParameters(launch.data.spec, bounds.data);
  const request = {
    jobDriver: {
      sparkSubmit: { entryPoint: launch.data.spec.entryPoint, sparkSubmitParameters: parameters },
    },
  };
  return workerNames.flatMap((worker) => {
    const asked = workerSpec(request, worker);
    return [...memory(job, worker, asked), ...disk(job, worker, asked), ...grow(job, worker, asked)];
  });
}

function memory(job: MergedJob, worker: Worker, asked: WorkerSpec): readonly JobFault[] {
  const totalGb = totalMemoryGb(parseMemory(asked.memory), asked.overhead);
  const tier = workerTiers.find(({ cores }) => cores === asked.cores);
  if (tier === undefined || isTaken({ cores: asked.cores, totalGb })) return [];
  const isWritten = valueAt(job.merged, [...spec, worker, 'memory']) !== undefined;
  const size = `${asked.memory}${isWritten ? '' : ', the default,'} and its overhead are ${rounded(totalGb)} GB`;
  return [
    {
      job,
      code: 'CP1003',
      path: written(job, [...spec, worker, 'memory'], [...spec, worker, 'cores']),
      ...(totalGb > largestOf(tier) ? tooMuch(size, asked, tier) : between(size, asked, tier)),
    },
  ];
}

type Words = Pick<JobFault, 'message' | 'hint'>;

function tooMuch(size: string, asked: WorkerSpec, tier: WorkerTier): Words {
  const totalGb = totalMemoryGb(parseMemory(asked.memory), asked.overhead);
  const larger = smallestWorker({ cores: asked.cores, totalGb });
  const least = larger ? `${larger.cores} cores for it, or ` : '';
  return {
    message: `${size}: a worker of ${tier.cores} cores has at most ${largestOf(tier)} GB`,
    hint: `take ${least}memory that fits with its overhead (a tenth unless you say otherwise)`,
  };
}

/** Such workers come in a few sizes, and the service rounds up by no more than some GB. */
function between(size: string, { overhead }: WorkerSpec, tier: WorkerTier): Words {
  const ranges = memoryRangesGb(tier, overhead).map(({ fromGb, toGb }) => `${fromGb}g to ${toGb}g`);
  return {
    message: `${size}: a worker of ${tier.cores} cores has ${oneOf(tier.memoryGb.map(String))} GB, and at most ${tier.unusedGbMax} of them may be left over`,
    hint: `take memory of ${oneOf(ranges)}, or fewer cores`,
  };
}

function largestOf({ memoryGb }: WorkerTier): number {
  return Math.max(...memoryGb);
}

function oneOf(texts: readonly string[]): string {
  return `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}

function disk(job: MergedJob, worker: Worker, asked: WorkerSpec): readonly JobFault[] {
  const max = diskGbMax(asked.diskType);
  const sizeGb = parseMemory(asked.disk);
  if (sizeGb >= diskGbMin && sizeGb <= max) return [];
  const message = `a disk of ${asked.disk} is out of range`;
  const hint = `allowed: ${diskGbMin}g to ${max}g`;
  return [{ job, code: 'CP1003', path: [...spec, worker, 'disk'], message, hint }];
}

/** A limit below what the job starts with: the class would ask for more memory and never get any. */
function grow(job: MergedJob, worker: Worker, asked: WorkerSpec): readonly JobFault[] {
  const classes = valueAt(job.merged, ['restart', 'classes']);
  return Object.keys(isPlain(classes) ? classes : {}).flatMap((name): readonly JobFault[] => {
    const path = ['restart', 'classes', name, 'grow', worker, 'max'];
    const max = valueAt(job.merged, path);
    if (!isSize(max) || parseMemory(max) >= parseMemory(asked.memory)) return [];
    const message = `${max} is less than the ${asked.memory} that the ${worker} starts with`;
    const hint = 'no step up would be possible: write more than that, or delete grow for the usual limit';
    return [{ job, code: 'CP1003', path, message, hint }];
  });
}

function written(job: MergedJob, ...paths: readonly (readonly string[])[]): readonly string[] {
  return paths.find((path) => valueAt(job.merged, path) !== undefined) ?? [...spec];
}

function rounded(sizeGb: number): number {
  return Math.round(sizeGb * 10) / 10;
}

function isSize(value: unknown): value is string {
  return sparkSize.safeParse(value).success;
}
