import { neededBy } from '../capacity.ts';
import { isGoneByOrder } from '../memory.ts';
import type { Rule } from '../rule.ts';
import { obey, staysParked } from './obey.ts';
import { proceed } from './proceed.ts';
import { stoppedOnPurpose } from './stop.ts';

/** Desired running and never started: start it from the policy's own request. */
export const launch: Rule = {
  name: 'launch',
  judge(input) {
    const { job, observation, memory } = input;
    if (observation.run.kind !== 'none' && !isGoneByOrder(observation.run, memory)) return undefined;
    if (memory.desired === 'stopped') return stoppedOnPurpose(memory);
    const obeyed = job.launch || memory.generation > 0 ? obey(input, undefined) : undefined;
    if (obeyed) return obeyed;
    if (memory.parked) return staysParked(input, memory.parked);
    if (memory.wish && memory.wish.afterRunId === undefined) return proceed(input, memory.wish);
    if (!job.launch) return { kind: 'nothing', reason: 'no-request-to-start', forget: ['wish', 'grant'] };
    const needed = neededBy(job.launch);
    return {
      kind: 'start',
      reason: 'never-started',
      wish: {
        cause: 'launch',
        reason: 'never-started',
        notBeforeMs: observation.nowMs,
        tier: job.tier,
        plan: { base: 'spec', spendsBudget: false },
        ...(needed ? { needed } : {}),
      },
    };
  },
};
