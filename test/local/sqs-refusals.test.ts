import { CreateQueueCommand, DeleteMessageCommand, QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { failureOf } from './clients.ts';
import { inGroup, startQueues } from './sqs-support.ts';

describe('what SQS refuses', () => {
  it.each([
    {
      case: 'a delay on a FIFO message',
      queue: 'release.fifo',
      input: { ...inGroup('a', '1'), DelaySeconds: 5 },
      message: /not valid for this queue type/,
    },
    {
      case: 'a FIFO message without a group',
      queue: 'release.fifo',
      input: { MessageDeduplicationId: '1' },
      message: /must contain the parameter MessageGroupId/,
    },
    {
      case: 'a FIFO message without a deduplication id',
      queue: 'release.fifo',
      input: { MessageGroupId: 'a' },
      message: /MessageDeduplicationId provided explicitly/,
    },
    {
      case: 'a deduplication id on a standard queue',
      queue: 'wake',
      input: { MessageDeduplicationId: '1' },
      message: /not valid for this queue type/,
    },
    {
      case: 'a delay of more than 15 minutes',
      queue: 'wake',
      input: { DelaySeconds: 901 },
      message: /DelaySeconds must be >= 0 and <= 900/,
    },
    {
      case: 'an empty body',
      queue: 'wake',
      input: { MessageBody: '' },
      message: /must contain the parameter MessageBody/,
    },
    {
      case: 'a body of more than 1 MiB',
      queue: 'wake',
      input: { MessageBody: 'x'.repeat(1024 * 1024 + 1) },
      message: /must be shorter than 1048576/,
    },
    {
      case: 'a control character',
      queue: 'wake',
      input: { MessageBody: '\u0000' },
      message: /outside the allowed set/,
    },
    {
      case: 'message attributes',
      queue: 'wake',
      input: { MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } },
      message: /does not support the parameter MessageAttributes/,
    },
  ])('$case', async ({ queue, input, message }) => {
    const { send, wake, release } = await startQueues();

    const failure = await failureOf(send(queue, input));

    expect(failure.message).toMatch(message);
    expect([wake.nextVisibleAtMs(), release.nextVisibleAtMs()]).toEqual([undefined, undefined]);
  });

  it('a queue that is not there, a receipt that never was, and an operation it does not know', async () => {
    const { client, wakeUrl, send } = await startQueues();

    const noQueue = await failureOf(send('none', {}));
    const noReceipt = await failureOf(
      client.send(new DeleteMessageCommand({ QueueUrl: wakeUrl, ReceiptHandle: 'made-up' })),
    );
    const noOperation = await failureOf(client.send(new CreateQueueCommand({ QueueName: 'new' })));

    expect(noQueue).toBeInstanceOf(QueueDoesNotExist);
    expect(noReceipt.constructor.name).toBe('ReceiptHandleIsInvalid');
    expect(noOperation.message).toMatch(/does not support CreateQueue; it knows GetQueueUrl/);
  });

  it('a body that is not JSON', async () => {
    const { url } = await startQueues();
    const headers = { 'x-amz-target': 'AmazonSQS.SendMessage' };

    const response = await fetch(url, { method: 'POST', headers, body: '{' });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'com.amazonaws.sqs#SerializationException' });
  });
});

describe('faults of SQS', () => {
  it.each([
    { kind: 'throttle', name: 'RequestThrottled', sent: 0 },
    { kind: 'internal-error', name: 'SQSServiceException', sent: 0 },
    { kind: 'reset-before', name: 'Error', sent: 0 },
    { kind: 'reset-after', name: 'Error', sent: 1 },
  ] as const)('on $kind the caller sees $name and $sent messages are sent', async ({ kind, name, sent }) => {
    const { send, wake } = await startQueues({ next: { kind } });

    const failure = await failureOf(send('wake', {}));

    expect(failure.constructor.name).toBe(name);
    expect(wake.counts().visible).toBe(sent);
  });
});
