import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Answer } from '../control/ports.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** API reference of ReceiveMessage: at most ten messages a call. */
const receiveMax = 10;
/** Two sweeps: what stays behind is looked at again by the one after next. */
const visibilitySeconds = 120;

/** The dead-letter queue of the wakes. */
export class SqsDeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(options: { readonly client: SQSClient; readonly queueUrl: string }) {
    this.#client = options.client;
    this.#queueUrl = options.queueUrl;
  }

  async receive(): Promise<Answer<readonly { readonly body: string; readonly receipt: string }[]>> {
    try {
      const { Messages = [] } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#queueUrl,
          MaxNumberOfMessages: receiveMax,
          VisibilityTimeout: visibilitySeconds,
        }),
      );
      const letters = Messages.flatMap(({ Body, ReceiptHandle }) =>
        Body === undefined || ReceiptHandle === undefined ? [] : [{ body: Body, receipt: ReceiptHandle }],
      );
      return { ok: true, value: letters };
    } catch (error) {
      return toFailure(error);
    }
  }

  async delete({ receipt }: { readonly receipt: string }): Promise<Answer<void>> {
    try {
      await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle: receipt }));
      return { ok: true, value: undefined };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const deadLetterPermissions: Permissions = {
  title: 'take dead wakes',
  actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
};
