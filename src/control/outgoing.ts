import type { Decision } from '../core/decision.ts';
import { decisionEvent } from './own-events.ts';
import type { Ports, Write } from './ports.ts';

/** EventBridge takes ten events a call; a function that made more decisions than this drops the rest, and says so. */
const eventsMax = 200;

/**
 * The ports of one invocation, listening to what its commits wrote: at its end, when every command is out, `flush`
 * publishes the decisions and hints at the outbox once. Neither can hold up or undo a command.
 */
export function withOutgoing(ports: Ports): { readonly ports: Ports; flush(): Promise<void> } {
  let hasNotices = false;
  const decisions: Decision[] = [];
  const hear = (writes: readonly Write[]) => {
    for (const write of writes) {
      if (!('put' in write)) continue;
      if (write.put.kind === 'outbox') hasNotices = true;
      if (write.put.kind === 'decision') decisions.push(write.put.decision as Decision);
    }
  };
  const store: Ports['store'] = {
    read: (keys) => ports.store.read(keys),
    list: (pk, options) => ports.store.list(pk, options),
    due: (shard, options) => ports.store.due(shard, options),
    commit: async (writes) => {
      const outcome = await ports.store.commit(writes);
      // One that nothing is known of may have written notices too; a hint in vain costs one read.
      if (outcome.kind === 'committed') hear(writes);
      else if (outcome.kind === 'unavailable')
        hasNotices ||= writes.some((write) => 'put' in write && write.put.kind === 'outbox');
      return outcome;
    },
  };
  return {
    ports: { ...ports, store },
    async flush() {
      if (hasNotices) await ports.wakes.notify();
      await publishDecisions(ports, decisions);
      hasNotices = false;
      decisions.length = 0;
    },
  };
}

/** Best effort, as the service's own events are: the record of a decision is the table, not the bus. */
async function publishDecisions(ports: Ports, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  const answer = await ports.events.publish(decisions.slice(0, eventsMax).map(decisionEvent));
  const dropped = answer.ok ? Math.max(0, decisions.length - eventsMax) : decisions.length;
  if (dropped > 0)
    ports.log.warn('decisions not published', {
      count: dropped,
      ...(answer.ok ? {} : { why: answer.message }),
    });
}
