import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Answer, Failure, Wake, WakeQueue } from '../control/ports.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

// Limits of SQS (API reference of SendMessageBatch and SendMessage).
const batchEntriesMax = 10;
const delaySecondsMax = 900;

type DelayedWake = Parameters<WakeQueue['send']>[0][number];

/**
 * Wakes over SQS: each is the JSON of a `Wake` on the standard wake queue. The release and notify queues are FIFO
 * with one group each, so that one release and one notify run at a time. A failure says how many wakes were not taken; sending all of them
 * again is harmless, because a wake is only a hint.
 */
export class SqsWakeQueue implements WakeQueue {
  readonly #client: SQSClient;
  readonly #wakeQueueUrl: string;
  readonly #releaseQueueUrl: string;
  readonly #notifyQueueUrl: string;

  constructor(options: {
    readonly client: SQSClient;
    readonly wakeQueueUrl: string;
    readonly releaseQueueUrl: string;
    readonly notifyQueueUrl: string;
  }) {
    this.#client = options.client;
    this.#wakeQueueUrl = options.wakeQueueUrl;
    this.#releaseQueueUrl = options.releaseQueueUrl;
    this.#notifyQueueUrl = options.notifyQueueUrl;
  }

  async send(wakes: readonly DelayedWake[]): Promise<Answer<void>> {
    let failure: Failure | undefined;
    // All batches are tried: what one failed to take says nothing of the next.
    for (let from = 0; from < wakes.length; from += batchEntriesMax) {
      const sent = await this.#sendBatch(wakes.slice(from, from + batchEntriesMax));
      if (!sent.ok) failure ??= sent;
    }
    return failure ?? { ok: true, value: undefined };
  }

  release(): Promise<Answer<void>> {
    return this.#ask(this.#releaseQueueUrl, { kind: 'release' } satisfies Wake);
  }

  notify(): Promise<Answer<void>> {
    return this.#ask(this.#notifyQueueUrl, { kind: 'notify' });
  }

  /** Both queues are FIFO with one group: whatever asks, one function looks at a time. */
  async #ask(QueueUrl: string, message: { readonly kind: string }): Promise<Answer<void>> {
    try {
      await this.#client.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: JSON.stringify(message),
          MessageGroupId: message.kind,
          // Never a constant: what asks now may be newer than what the last look saw.
          MessageDeduplicationId: randomUUID(),
        }),
      );
      return { ok: true, value: undefined };
    } catch (error) {
      return toFailure(error);
    }
  }

  async #sendBatch(wakes: readonly DelayedWake[]): Promise<Answer<void>> {
    const Entries = wakes.map(({ wake, delaySeconds }, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(wake),
      DelaySeconds: Math.min(delaySecondsMax, Math.max(0, Math.ceil(delaySeconds))),
    }));
    try {
      const { Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: this.#wakeQueueUrl, Entries }),
      );
      const [first] = Failed;
      if (first === undefined) return { ok: true, value: undefined };
      const message = `${Failed.length} of ${wakes.length} wakes not taken, first: ${first.Code} ${first.Message ?? ''}`;
      return { ok: false, code: 'unavailable', message: message.trim() };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const wakeQueuePermissions: Permissions = {
  title: 'send to the queues',
  actions: ['sqs:SendMessage'],
};
