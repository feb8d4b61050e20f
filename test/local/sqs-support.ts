import { ReceiveMessageCommand, SendMessageCommand, type SendMessageCommandInput } from '@aws-sdk/client-sqs';
import type { Fault } from '../../src/local/http-server.ts';
import { startSqs } from '../../src/local/sqs.ts';
import { Queue } from '../../src/local/sqs-queue.ts';
import { ManualClock, sqsClient, started } from './clients.ts';

/** A server over a standard queue with dead letters (two receives) and a FIFO queue; `faults.next` hits every request. */
export async function startQueues(faults: { next?: Fault } = {}) {
  const clock = new ManualClock();
  const dead = new Queue({ name: 'wake-dead', clock });
  const wake = new Queue({ name: 'wake', clock, redrive: { receivesMax: 2, deadLetters: dead } });
  const release = new Queue({ name: 'release.fifo', clock, isFifo: true });
  const { url } = await started(startSqs({ clock, queues: [wake, dead, release], fault: () => faults.next }));
  const client = sqsClient(url);
  const send = (QueueName: string, input: Partial<SendMessageCommandInput>) =>
    client.send(
      new SendMessageCommand({ QueueUrl: `${url}/111122223333/${QueueName}`, MessageBody: 'm', ...input }),
    );
  const receive = async (QueueName: string, MaxNumberOfMessages = 10) => {
    const QueueUrl = `${url}/111122223333/${QueueName}`;
    const names = { MessageSystemAttributeNames: ['All' as const] };
    return (
      (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, ...names }))).Messages ??
      []
    );
  };
  return { clock, url, client, wake, dead, release, send, receive, wakeUrl: `${url}/111122223333/wake` };
}

/** A FIFO message whose body is its deduplication id. */
export const inGroup = (MessageGroupId: string, MessageDeduplicationId: string) => ({
  MessageGroupId,
  MessageDeduplicationId,
  MessageBody: MessageDeduplicationId,
});
