import { sqsClient } from '../aws/clients.ts';
import { SqsDeadLetters } from '../aws/sqs-dead-letters.ts';
import { SqsWakeQueue } from '../aws/sqs-wake-queue.ts';
import type { WakeQueue } from '../control/ports.ts';
import type { DeadLetters } from './redrive.ts';
import type { Runtime } from './runtime.ts';

/** The dead letters of the wake queue, in stacks that say where they are. */
export function wireDeadLetters(runtime: Runtime): DeadLetters | undefined {
  const { region, deadLettersUrl } = runtime.settings;
  if (deadLettersUrl === undefined) return undefined;
  const client = sqsClient({ region, clock: runtime.clock, ...runtime.aws });
  return new SqsDeadLetters({ client, queueUrl: deadLettersUrl });
}

/** What a door needs: the wake queue and nothing else, so that its bundle stays small. */
export function wireDoor(runtime: Runtime): { readonly wakes: WakeQueue } {
  const { region, wakeQueueUrl, releaseQueueUrl, notifyQueueUrl } = runtime.settings;
  const client = sqsClient({ region, clock: runtime.clock, ...runtime.aws });
  return { wakes: new SqsWakeQueue({ client, wakeQueueUrl, releaseQueueUrl, notifyQueueUrl }) };
}
