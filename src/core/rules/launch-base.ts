import type { LaunchRequest } from '../launch-request.ts';
import type { StartPlan } from '../memory.ts';
import type { DecideInput } from '../rule.ts';

export function launchBase({ job, memory }: Pick<DecideInput, 'job' | 'memory'>): StartPlan['base'] {
  const useSpec = job.launch !== undefined && (job.restart.launchFrom === 'spec' || memory.generation === 0);
  return useSpec ? 'spec' : { generation: memory.generation };
}

/** The request that a plan starts from, as far as this pass knows it. */
export function requestOf(
  { job, observation: { run } }: Pick<DecideInput, 'job' | 'observation'>,
  base: StartPlan['base'],
): LaunchRequest | undefined {
  return base !== 'spec' && run.kind === 'seen' ? run.run.request : job.launch;
}
