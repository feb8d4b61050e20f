import type { Verdict } from '../decision.ts';
import { isLive } from '../job-run.ts';
import type { JobMemory } from '../memory.ts';
import type { Rule } from '../rule.ts';

/** A person said stop, and the run is live: cancel it with its grace, so that the batch in flight is committed. */
export const stop: Rule = {
  name: 'stop',
  judge({ memory, observation }) {
    const { run } = observation;
    if (memory.desired !== 'stopped' || run.kind !== 'seen' || !isLive(run.run)) return undefined;
    if (run.run.state === 'CANCELLING') return undefined;
    return {
      kind: 'cancel',
      run: run.run,
      reason: 'stop-ordered',
      forget: ['wish', 'grant', 'order'],
      ...orderedStop(memory),
    };
  },
};

/** The job is down, and meant to be. */
export function stoppedOnPurpose(memory: JobMemory): Verdict {
  return {
    kind: 'nothing',
    reason: 'stopped-on-purpose',
    forget: ['wish', 'grant'],
    ...orderedStop(memory),
  };
}

function orderedStop({ stopped }: JobMemory): Pick<Verdict, 'orderedBy'> {
  return stopped ? { orderedBy: { by: stopped.by, reason: stopped.reason } } : {};
}
