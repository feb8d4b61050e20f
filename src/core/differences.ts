import type { ResolvedJob } from './job.ts';
import type { JobRun } from './job-run.ts';
import {
  type LaunchRequest,
  submitValues,
  type WorkerSpec,
  withWorkers,
  workerSpec,
} from './launch-request.ts';
import type { JobMemory } from './memory.ts';
import { parseMemory } from './worker-size.ts';

/** Bounds of dynamic allocation, which are fixed at a start. */
const bounds = ['minExecutors', 'maxExecutors', 'initialExecutors'] as const;

/**
 * Where a run differs from what Checkpilot would start in its place: usually because a person started it so. A job that
 * copies its last run would start the same again, less the sizes that a failure taught.
 */
export function differences(
  job: Pick<ResolvedJob, 'launch' | 'restart'>,
  memory: Pick<JobMemory, 'workers'>,
  { request }: Pick<JobRun, 'request'>,
): readonly string[] {
  const spec = job.restart.launchFrom === 'spec' ? job.launch : undefined;
  const base = spec ?? request;
  const ours = memory.workers ? withWorkers(base, memory.workers) : base;
  if (ours === request) return [];
  return [...workerDifferences(request, ours), ...(spec ? specDifferences(request, spec) : [])];
}

function workerDifferences(theirs: LaunchRequest, ours: LaunchRequest): readonly string[] {
  return (['driver', 'executor'] as const).flatMap((worker) => {
    const [is, would] = [workerSpec(theirs, worker), workerSpec(ours, worker)];
    return isSame(is, would) ? [] : [`${worker} ${sizeText(is)} instead of ${sizeText(would)}`];
  });
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

function isSame(a: WorkerSpec, b: WorkerSpec): boolean {
  return a.cores === b.cores && isSameSize(a.memory, b.memory) && isSameSize(a.disk, b.disk);
}

/** `16g` and `16384m` are one size; what cannot be read is compared as it stands. */
function isSameSize(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return parseMemory(a) === parseMemory(b);
  } catch {
    return false;
  }
}

function sizeText({ cores, memory, disk }: WorkerSpec): string {
  return `${cores} cores, ${memory}, disk ${disk}`;
}
