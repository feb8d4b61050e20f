import { isLive } from '../job-run.ts';
import type { Rule } from '../rule.ts';

/** A person said stop, and the run is live: cancel it with its grace, so that the batch in flight is committed. */
export const stop: Rule = {
  name: 'stop',
  judge({ memory, observation }) {
    const { run } = observation;
    if (memory.desired !== 'stopped' || run.kind !== 'seen' || !isLive(run.run)) return undefined;
    if (run.run.state === 'CANCELLING') return undefined;
    return { kind: 'cancel', run: run.run, reason: 'stop-ordered', forget: ['wish', 'grant', 'order'] };
  },
};
