import { z } from 'zod';
import { WireError } from './json-protocol.ts';
import type { NewMessage, Queue } from './sqs-queue.ts';

// The SQS developer guide, "Message quotas".
const messageBytesMax = 1024 * 1024;
const batchEntriesMax = 10;
const delaySecondsMax = 900;
const idLengthMax = 128;

export const messageFields = {
  MessageBody: z.string().optional(),
  DelaySeconds: z.int().optional(),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
};

export interface MessageInput {
  MessageBody?: string | undefined;
  DelaySeconds?: number | undefined;
  MessageGroupId?: string | undefined;
  MessageDeduplicationId?: string | undefined;
}

type CheckedInput = MessageInput & { MessageBody: string };

/** Throws what SQS would answer to a message that this queue cannot take. */
export function checkMessage(queue: Queue, input: MessageInput): asserts input is CheckedInput {
  const { MessageBody: body, DelaySeconds: delaySeconds = 0 } = input;
  if (!body) throw missing('MessageBody');
  if (Buffer.byteLength(body) > messageBytesMax) {
    throw invalid(
      `One or more parameters are invalid. Reason: Message must be shorter than ${messageBytesMax} bytes.`,
    );
  }
  if (!isAllowed(body)) {
    throw new WireError(
      'InvalidMessageContents',
      'The message contains characters outside the allowed set.',
      {
        queryCode: 'InvalidMessageContents',
      },
    );
  }
  if (queue.isFifo) checkFifo(input, delaySeconds);
  else if (input.MessageDeduplicationId !== undefined) throw notForThisType('MessageDeduplicationId');
  if (delaySeconds < 0 || delaySeconds > delaySecondsMax) {
    throw invalid(
      `Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${delaySecondsMax}.`,
    );
  }
  for (const name of ['MessageGroupId', 'MessageDeduplicationId'] as const) checkId(name, input[name]);
}

/** Throws what SQS would answer to the batch as a whole. */
export function checkBatch(entries: readonly (MessageInput & { Id: string })[]): void {
  if (entries.length === 0)
    throw batchError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > batchEntriesMax) {
    throw batchError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${batchEntriesMax}. You have sent ${entries.length}.`,
    );
  }
  if (new Set(entries.map((entry) => entry.Id)).size !== entries.length) {
    throw batchError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  const sizeBytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.MessageBody ?? ''), 0);
  if (sizeBytes > messageBytesMax) {
    throw batchError('BatchRequestTooLong', `Batch requests cannot be longer than ${messageBytesMax} bytes.`);
  }
}

export function toNewMessage(input: CheckedInput): NewMessage {
  const message: NewMessage = { body: input.MessageBody, delayMs: (input.DelaySeconds ?? 0) * 1000 };
  if (input.MessageGroupId !== undefined) message.groupId = input.MessageGroupId;
  if (input.MessageDeduplicationId !== undefined) message.deduplicationId = input.MessageDeduplicationId;
  return message;
}

// A delay of 0 is let through: only a delay that would have to be kept is refused by SQS.
function checkFifo(input: MessageInput, delaySeconds: number): void {
  if (!input.MessageGroupId) throw missing('MessageGroupId');
  if (!input.MessageDeduplicationId) {
    throw invalid(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  if (delaySeconds !== 0) throw notForThisType('DelaySeconds', delaySeconds);
}

function checkId(name: string, id: string | undefined): void {
  if (id === undefined || (id.length > 0 && id.length <= idLengthMax && /^[!-~]*$/.test(id))) return;
  throw invalid(
    `Value ${id} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to ${idLengthMax} in length.`,
  );
}

// SQS takes the characters that XML 1.0 takes, for the sake of its older protocol.
function isAllowed(body: string): boolean {
  return /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(body);
}

function missing(name: string): WireError {
  return new WireError('MissingParameter', `The request must contain the parameter ${name}.`);
}

function invalid(message: string): WireError {
  return new WireError('InvalidParameterValue', message);
}

function notForThisType(name: string, value?: number): WireError {
  const subject =
    value === undefined ? `The value for parameter ${name}` : `Value ${value} for parameter ${name}`;
  return invalid(
    `${subject} is invalid. Reason: The request include parameter that is not valid for this queue type.`,
  );
}

function batchError(type: string, message: string): WireError {
  return new WireError(type, message, { queryCode: `AWS.SimpleQueueService.${type}` });
}
