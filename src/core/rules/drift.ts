import type { Concern } from '../decision.ts';
import { differences } from '../differences.ts';
import type { SafetyRule } from '../rule.ts';

/** Where the run differs from what the policy says of it. Told in the record, never a reason to touch the run. */
export const drift: SafetyRule = {
  name: 'drift',
  look({ job, observation, memory }) {
    if (observation.run.kind !== 'seen') return { concerns: [] };
    const { request, mode, jobRunId } = observation.run.run;
    const concerns: Concern[] = [];
    if (mode !== undefined && mode !== 'STREAMING') {
      concerns.push({
        rule: 'drift',
        reason: 'not-streaming',
        text: `run ${jobRunId} is in mode ${mode}; start it with mode STREAMING`,
      });
    }
    const attempts = request.retryPolicy?.maxFailedAttemptsPerHour;
    if (mode === 'STREAMING' && attempts !== undefined && attempts !== job.restart.nativeRetries) {
      const text = `run ${jobRunId} has maxFailedAttemptsPerHour ${attempts}, the policy says ${job.restart.nativeRetries}`;
      concerns.push({ rule: 'drift', reason: 'native-retries-differ', text });
    }
    const others = differences(job, memory, observation.run.run);
    if (others.length > 0) {
      const text = `run ${jobRunId} has ${others.join('; ')}`;
      concerns.push({ rule: 'drift', reason: 'run-differs', text });
    }
    return { concerns };
  },
};
