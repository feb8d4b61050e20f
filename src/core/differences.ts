import type { ResolvedJob } from './job.ts';
import type { JobRun } from './job-run.ts';
import type { LaunchRequest } from './launch-request.ts';
import { learnedSizes } from './learned-sizes.ts';
import type { JobMemory } from './memory.ts';
import { submitValues } from './spark-settings.ts';
import { parseDisk, readSizeMb } from './worker-size.ts';
import { atLeast, namedSizes, type Worker, workerNames, workerSpec } from './workers.ts';

/** Bounds of dynamic allocation, which are fixed at a start. */
const bounds = ['minExecutors', 'maxExecutors', 'initialExecutors'] as const;

/**
 * Where a run differs from what Checkpilot would start in its place: usually because a person started it so. A job that
 * copies its last run would start the same again, less the sizes that a failure taught.
 */
export function differences(
  job: Pick<ResolvedJob, 'launch' | 'restart'>,
  memory: Pick<JobMemory, 'leastWorkers' | 'workers'>,
  { request }: Pick<JobRun, 'request'>,
): readonly string[] {
  const spec = job.restart.launchFrom === 'spec' ? job.launch : undefined;
  const base = spec ?? request;
  const ours = atLeast(base, learnedSizes(job, memory), undefined);
  if (ours === request) return [];
  return [...workerDifferences(request, ours), ...(spec ? specDifferences(request, spec) : [])];
}

function workerDifferences(theirs: LaunchRequest, ours: LaunchRequest): readonly string[] {
  return workerNames.flatMap((worker) => {
    const parts = (['cores', 'memory', 'disk'] as const).filter(
      (part) => sizeOf(theirs, worker, part) !== sizeOf(ours, worker, part),
    );
    const [is, would] = [namedSizes(theirs, worker), namedSizes(ours, worker)];
    return parts.map(
      (part) => `${worker} ${part} ${is[part] ?? 'not set'} instead of ${would[part] ?? 'not set'}`,
    );
  });
}

/** As an amount, the service's default where none is named: `16g` and `16384m` are one size. */
function sizeOf(request: LaunchRequest, worker: Worker, part: 'cores' | 'memory' | 'disk'): string | number {
  const spec = workerSpec(request, worker);
  if (part === 'cores') return spec.cores;
  return (part === 'disk' ? parseDisk(spec.disk) : readSizeMb(spec.memory, 'm')) ?? spec[part];
}

function specDifferences(theirs: LaunchRequest, spec: LaunchRequest): readonly string[] {
  const [is, would] = [theirs.jobDriver.sparkSubmit, spec.jobDriver.sparkSubmit];
  const [isBounds, wouldBounds] = [boundsOf(theirs), boundsOf(spec)];
  const hasSameArguments =
    JSON.stringify(is.entryPointArguments ?? []) === JSON.stringify(would.entryPointArguments ?? []);
  return [
    ...(theirs.name === spec.name ? [] : [`name ${theirs.name} instead of ${spec.name}`]),
    ...(is.entryPoint === would.entryPoint
      ? []
      : [`program ${is.entryPoint} instead of ${would.entryPoint}`]),
    ...(hasSameArguments ? [] : ['other arguments']),
    ...bounds.flatMap((bound, index) => {
      const [has, wants] = [isBounds[index] ?? 'not set', wouldBounds[index] ?? 'not set'];
      return has === wants ? [] : [`${bound} ${has} instead of ${wants}`];
    }),
  ];
}

function boundsOf(request: LaunchRequest): readonly (string | undefined)[] {
  const parameters = request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
  const settings = bounds.map((bound) => `spark.dynamicAllocation.${bound}`);
  return submitValues(parameters, { flags: [], settings });
}
