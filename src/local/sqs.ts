import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type LocalRequest, type RunningServer, type ServerHooks, startServer } from './http-server.ts';
import { jsonProtocol, readInput, WireError } from './json-protocol.ts';
import { type Message, parseReceipt, type Queue } from './sqs-queue.ts';
import { checkBatch, checkMessage, type MessageInput, messageFields, toNewMessage } from './sqs-send.ts';

const accountId = '111122223333';
// The SQS API reference: at most 10 messages a receive, hidden for at most 12 hours.
const receiveMax = 10;
const visibilitySecondsMax = 12 * 60 * 60;

const queueUrl = { QueueUrl: z.string() };
const schemas = {
  getQueueUrl: z.strictObject({ QueueName: z.string() }),
  sendMessage: z.strictObject({ ...queueUrl, ...messageFields }),
  sendMessageBatch: z.strictObject({
    ...queueUrl,
    Entries: z.array(z.strictObject({ Id: z.string(), ...messageFields })),
  }),
  receiveMessage: z.strictObject({
    ...queueUrl,
    MaxNumberOfMessages: z.int().min(1).max(receiveMax).optional(),
    VisibilityTimeout: z.int().min(0).max(visibilitySecondsMax).optional(),
    WaitTimeSeconds: z.int().min(0).max(20).optional(),
    AttributeNames: z.array(z.string()).optional(),
    MessageSystemAttributeNames: z.array(z.string()).optional(),
  }),
  deleteMessage: z.strictObject({ ...queueUrl, ReceiptHandle: z.string() }),
  getQueueAttributes: z.strictObject({ ...queueUrl, AttributeNames: z.array(z.string()).optional() }),
};

/**
 * SQS on loopback over the queues it is given; the same Queue objects serve a caller in process. A receive
 * never waits (WaitTimeSeconds is accepted and not acted on), because time may be virtual. Operations and
 * parameters that are not modelled, message attributes among them, are refused by name.
 */
export async function startSqs(options: ServerHooks & { queues: readonly Queue[] }): Promise<RunningServer> {
  const queues = new Map(options.queues.map((queue) => [queue.name, queue]));
  const protocol = jsonProtocol({
    target: 'AmazonSQS',
    namespace: 'com.amazonaws.sqs',
    operations: operationsOf((name) => findQueue(queues, name)),
    errors: {
      throttle: new WireError('RequestThrottled', 'The request was denied due to request throttling.', {
        status: 403,
        queryCode: 'RequestThrottled',
      }),
      'internal-error': new WireError('InternalFailure', 'The request processing has failed.', {
        status: 500,
      }),
      'request-too-large': new WireError('RequestEntityTooLarge', 'The request is too large.', {
        status: 413,
      }),
    },
  });
  return startServer({
    clock: options.clock,
    hold: options.hold,
    fault: options.fault,
    name: 'sqs',
    ...protocol,
  });
}

function operationsOf(queueNamed: (name: string) => Queue) {
  const byUrl = (url: string) => queueNamed(url.slice(url.lastIndexOf('/') + 1));
  return {
    GetQueueUrl: takes(schemas.getQueueUrl, (input, request) => ({
      QueueUrl: `http://${request.headers.host}/${accountId}/${queueNamed(input.QueueName).name}`,
    })),
    SendMessage: takes(schemas.sendMessage, (input) => send(byUrl(input.QueueUrl), input)),
    SendMessageBatch: takes(schemas.sendMessageBatch, (input) =>
      sendBatch(byUrl(input.QueueUrl), input.Entries),
    ),
    ReceiveMessage: takes(schemas.receiveMessage, (input) => receive(byUrl(input.QueueUrl), input)),
    DeleteMessage: takes(schemas.deleteMessage, (input) =>
      remove(byUrl(input.QueueUrl), input.ReceiptHandle),
    ),
    GetQueueAttributes: takes(schemas.getQueueAttributes, (input) => ({
      Attributes: selectAttributes(queueAttributes(byUrl(input.QueueUrl)), input.AttributeNames ?? []),
    })),
  };
}

function takes<S extends z.ZodType>(schema: S, run: (input: z.output<S>, request: LocalRequest) => unknown) {
  const refuse = (message: string) => new WireError('InvalidParameterValue', message);
  return (input: unknown, request: LocalRequest) => run(readInput(schema, input, refuse), request);
}

function findQueue(queues: ReadonlyMap<string, Queue>, name: string): Queue {
  const queue = queues.get(name);
  if (queue) return queue;
  throw new WireError('QueueDoesNotExist', 'The specified queue does not exist.', {
    queryCode: 'AWS.SimpleQueueService.NonExistentQueue',
  });
}

function send(queue: Queue, input: MessageInput) {
  checkMessage(queue, input);
  const sent = queue.send(toNewMessage(input));
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: md5(input.MessageBody),
    ...(queue.isFifo ? { SequenceNumber: sent.sequenceNumber } : {}),
  };
}

// One bad entry fails alone; the others are sent.
function sendBatch(queue: Queue, entries: (MessageInput & { Id: string })[]) {
  checkBatch(entries);
  const successful: object[] = [];
  const failed: object[] = [];
  for (const entry of entries) {
    try {
      successful.push({ Id: entry.Id, ...send(queue, entry) });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      failed.push({ Id: entry.Id, Code: error.type, Message: error.message, SenderFault: true });
    }
  }
  return { Successful: successful, Failed: failed };
}

function receive(queue: Queue, input: z.output<typeof schemas.receiveMessage>) {
  const seconds = input.VisibilityTimeout;
  const visibilityTimeoutMs = seconds === undefined ? queue.visibilityTimeoutMs : seconds * 1000;
  const names = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const messages = queue.receive(input.MaxNumberOfMessages ?? 1, visibilityTimeoutMs);
  if (messages.length === 0) return {};
  return {
    Messages: messages.map((message) => ({
      MessageId: message.messageId,
      ReceiptHandle: message.receiptHandle,
      Body: message.body,
      MD5OfBody: md5(message.body),
      ...(names.length > 0 ? { Attributes: selectAttributes(messageAttributes(queue, message), names) } : {}),
    })),
  };
}

// A stale receipt is no error, as in SQS: somebody else is working on that message, or it is gone.
function remove(queue: Queue, receiptHandle: string) {
  if (parseReceipt(receiptHandle) === undefined) {
    throw new WireError(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${receiptHandle}" is not valid.`,
      {
        status: 404,
        queryCode: 'ReceiptHandleIsInvalid',
      },
    );
  }
  queue.delete(receiptHandle);
  return {};
}

function messageAttributes(queue: Queue, message: Message): Record<string, string> {
  const attributes: Record<string, string> = {
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
  };
  if (message.groupId !== undefined) attributes.MessageGroupId = message.groupId;
  if (message.deduplicationId !== undefined) attributes.MessageDeduplicationId = message.deduplicationId;
  if (queue.isFifo) attributes.SequenceNumber = message.sequenceNumber;
  return attributes;
}

function queueAttributes(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const attributes: Record<string, string> = {
    QueueArn: arnOf(queue),
    VisibilityTimeout: String(queue.visibilityTimeoutMs / 1000),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  };
  if (queue.isFifo) attributes.FifoQueue = 'true';
  if (queue.redrive) {
    attributes.RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: arnOf(queue.redrive.deadLetters),
      maxReceiveCount: queue.redrive.receivesMax,
    });
  }
  return attributes;
}

// Names that the subject does not have, though others do, are left out, as in SQS.
function selectAttributes(
  attributes: Record<string, string>,
  names: readonly string[],
): Record<string, string> {
  const unknown = names.find((name) => name !== 'All' && !attributeNames.has(name));
  if (unknown !== undefined) throw new WireError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  if (names.includes('All')) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));
}

const attributeNames: ReadonlySet<string> = new Set([
  'SentTimestamp',
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'MessageGroupId',
  'MessageDeduplicationId',
  'SequenceNumber',
  'QueueArn',
  'VisibilityTimeout',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'FifoQueue',
  'RedrivePolicy',
]);

function arnOf(queue: Queue): string {
  return `arn:aws:sqs:us-east-1:${accountId}:${queue.name}`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
