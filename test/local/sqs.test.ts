import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { failureOf } from './clients.ts';
import { inGroup, startQueues } from './sqs-support.ts';

describe('a standard queue over the wire', () => {
  it('is found by its name', async () => {
    const { client, wakeUrl } = await startQueues();

    expect((await client.send(new GetQueueUrlCommand({ QueueName: 'wake' }))).QueueUrl).toBe(wakeUrl);
  });

  it('delivers a message with the right MD5, hides it, and forgets it when it is deleted', async () => {
    const { client, send, receive, wakeUrl, clock } = await startQueues();

    const sent = await send('wake', { MessageBody: 'héllo 😀' });
    const [message] = await receive('wake');

    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'héllo 😀',
      MD5OfBody: sent.MD5OfMessageBody,
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(clock.now()) },
    });
    expect(await receive('wake')).toEqual([]);
    await client.send(new DeleteMessageCommand({ QueueUrl: wakeUrl, ReceiptHandle: message?.ReceiptHandle }));
    clock.advance(60_000);
    expect(await receive('wake')).toEqual([]);
  });

  it('shows a message again after its visibility timeout, and then the old receipt deletes nothing', async () => {
    const { client, send, receive, wakeUrl, clock, wake } = await startQueues();
    await send('wake', {});
    const [first] = await receive('wake');

    clock.advance(29_999);
    expect(await receive('wake')).toEqual([]);
    clock.advance(1);
    const [second] = await receive('wake');

    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2');
    await client.send(new DeleteMessageCommand({ QueueUrl: wakeUrl, ReceiptHandle: first?.ReceiptHandle }));
    expect(wake.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });

  it('keeps a delayed message back until its time', async () => {
    const { send, receive, clock } = await startQueues();
    await send('wake', { DelaySeconds: 900 });

    clock.advance(899_999);
    expect(await receive('wake')).toEqual([]);
    clock.advance(1);
    expect(await receive('wake')).toHaveLength(1);
  });

  it('counts what is visible, in flight and delayed', async () => {
    const { client, send, receive, wakeUrl } = await startQueues();
    for (const DelaySeconds of [0, 0, 0, 5]) await send('wake', { DelaySeconds });
    await receive('wake', 1);

    const counted = new GetQueueAttributesCommand({ QueueUrl: wakeUrl, AttributeNames: ['All'] });
    const { Attributes } = await client.send(counted);

    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '2',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      QueueArn: 'arn:aws:sqs:us-east-1:111122223333:wake',
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: 'arn:aws:sqs:us-east-1:111122223333:wake-dead',
        maxReceiveCount: 2,
      }),
    });
  });
});

describe('redrive', () => {
  it('moves a message to the dead letters instead of receiving it a third time', async () => {
    const { send, receive, clock } = await startQueues();
    const sent = await send('wake', { MessageBody: 'poison' });
    for (let receives = 0; receives < 2; receives += 1) {
      expect(await receive('wake')).toHaveLength(1);
      clock.advance(30_000);
    }

    expect(await receive('wake')).toEqual([]);

    expect(await receive('wake-dead')).toMatchObject([{ MessageId: sent.MessageId, Body: 'poison' }]);
  });
});

describe('batches', () => {
  it('sends the good entries and names the bad ones', async () => {
    const { client, wakeUrl, receive } = await startQueues();

    const result = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: wakeUrl,
        Entries: [
          { Id: 'good', MessageBody: 'a' },
          { Id: 'bad', MessageBody: 'b', DelaySeconds: 901 },
        ],
      }),
    );

    expect(result.Successful).toMatchObject([{ Id: 'good' }]);
    expect(result.Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameterValue', SenderFault: true }]);
    expect(await receive('wake')).toMatchObject([{ Body: 'a' }]);
  });

  it.each([
    { case: 'no entries', ids: [], name: 'EmptyBatchRequest' },
    { case: 'eleven entries', ids: [...'abcdefghijk'], name: 'TooManyEntriesInBatchRequest' },
    { case: 'the same id twice', ids: ['a', 'a'], name: 'BatchEntryIdsNotDistinct' },
  ])('with $case are refused', async ({ ids, name }) => {
    const { client, wakeUrl, wake } = await startQueues();
    const Entries = ids.map((Id) => ({ Id, MessageBody: 'm' }));

    const failure = await failureOf(client.send(new SendMessageBatchCommand({ QueueUrl: wakeUrl, Entries })));

    expect(failure.constructor.name).toBe(name);
    expect(wake.nextVisibleAtMs()).toBeUndefined();
  });
});

describe('a FIFO queue over the wire', () => {
  it('receives nothing more of a group that has a message in flight', async () => {
    const { client, send, receive, url } = await startQueues();
    for (const id of ['a1', 'a2', 'b1']) await send('release.fifo', inGroup(id.slice(0, 1), id));

    const [first] = await receive('release.fifo', 1);
    const others = await receive('release.fifo');
    await client.send(
      new DeleteMessageCommand({ QueueUrl: `${url}/1/release.fifo`, ReceiptHandle: first?.ReceiptHandle }),
    );
    const last = await receive('release.fifo');

    expect(first).toMatchObject({
      Body: 'a1',
      Attributes: { MessageGroupId: 'a', MessageDeduplicationId: 'a1' },
    });
    expect(others.map((message) => message.Body)).toEqual(['b1']);
    expect(last.map((message) => message.Body)).toEqual(['a2']);
  });

  it('receives several of a group in one go, in order', async () => {
    const { send, receive } = await startQueues();
    for (const id of ['a1', 'a2', 'a3']) await send('release.fifo', inGroup('a', id));

    expect((await receive('release.fifo', 2)).map((message) => message.Body)).toEqual(['a1', 'a2']);
    expect(await receive('release.fifo')).toEqual([]);
  });

  it('drops a duplicate for five minutes, also after the first was deleted', async () => {
    const { send, receive, clock, release } = await startQueues();
    const first = await send('release.fifo', inGroup('a', 'same'));
    const [message] = await receive('release.fifo');
    release.delete(message?.ReceiptHandle ?? '');

    clock.advance(5 * 60_000 - 1);
    const second = await send('release.fifo', inGroup('a', 'same'));
    expect(await receive('release.fifo')).toEqual([]);
    clock.advance(1);
    const third = await send('release.fifo', inGroup('a', 'same'));

    expect(second).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    expect(third.MessageId).not.toBe(first.MessageId);
    expect(await receive('release.fifo')).toHaveLength(1);
  });
});
