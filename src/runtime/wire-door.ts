import { sqsClient } from '../aws/clients.ts';
import { SqsWakeQueue } from '../aws/sqs-wake-queue.ts';
import type { WakeQueue } from '../control/ports.ts';
import type { Runtime } from './runtime.ts';

/** What a door needs: the wake queue and nothing else, so that its bundle stays small. */
export function wireDoor(runtime: Runtime): { readonly wakes: WakeQueue } {
  const { region, wakeQueueUrl, releaseQueueUrl, notifyQueueUrl } = runtime.settings;
  const client = sqsClient({ region, clock: runtime.clock, ...runtime.aws });
  return { wakes: new SqsWakeQueue({ client, wakeQueueUrl, releaseQueueUrl, notifyQueueUrl }) };
}
