import type { VirtualTime } from '../world/virtual-time.ts';
import type { DeployedQueue } from './deployment.ts';
import { Queue } from './sqs-queue.ts';

/** The queues of the deployment template, by logical id. */
export type Queues = ReadonlyMap<string, Queue>;

export function makeQueues(clock: VirtualTime, deployed: readonly DeployedQueue[]): Queues {
  const queues = new Map<string, Queue>();
  const make = ({ id, name, isFifo, visibilityMs, redrive }: DeployedQueue): Queue => {
    const known = queues.get(id);
    if (known) return known;
    const target = redrive && deployed.find((one) => one.id === redrive.deadLetters);
    const queue = new Queue({
      name,
      clock,
      isFifo,
      visibilityTimeoutMs: visibilityMs,
      ...(redrive && target
        ? { redrive: { receivesMax: redrive.receivesMax, deadLetters: make(target) } }
        : {}),
    });
    queues.set(id, queue);
    return queue;
  };
  for (const one of deployed) make(one);
  return queues;
}

export function queueIn(queues: Queues, id: string): Queue {
  const queue = queues.get(id);
  if (!queue) throw new Error(`deploy/queues.yml has no queue ${id}`);
  return queue;
}
