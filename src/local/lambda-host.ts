import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Random } from '../world/random.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import { type EventPattern, matchesPattern } from './event-pattern.ts';
import type { Message, Queue } from './sqs-queue.ts';

/** A function's handler as Lambda calls it. */
export type Handler = (event: never, context: Context) => Promise<unknown>;

export interface LambdaHostOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** What becomes of an asynchronous call that fails. */
export interface AsyncCalls {
  readonly retriesMax: number;
  readonly onFailure?: Queue;
}

/** From the event to the handler's first line, warm or cold. */
const dispatchMs = { median: 60, p95: 600 };
/** Lambda tries an asynchronous invocation up to twice more, after one and after two minutes. */
const asyncRetriesMs = [60_000, 120_000];
const asyncDefault: AsyncCalls = { retriesMax: asyncRetriesMs.length };

export interface FailedInvocation {
  readonly function: string;
  readonly event: unknown;
  readonly message: string;
}

/**
 * Lambda on one machine: invokes the unchanged handlers in process, as the service does – asynchronously with
 * retries, from queues in batches with partial failures, on a schedule. World time stands still while one runs.
 */
export class LambdaHost {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #handlers: LambdaHostOptions['handlers'];
  readonly #rules: { readonly pattern: EventPattern; readonly name: string }[] = [];
  readonly #asyncCalls = new Map<string, AsyncCalls>();
  #requests = 0;
  /** Events that no try could handle. */
  readonly failed: FailedInvocation[] = [];
  /** Called after each invocation that ended well. */
  onInvoked: (name: string) => void | Promise<void> = () => {};

  constructor({ time, random, handlers }: LambdaHostOptions) {
    this.#time = time;
    this.#random = random;
    this.#handlers = handlers;
  }

  /** How asynchronous calls of the function are tried again; left out, as Lambda does by itself. */
  onAsyncFailure(name: string, calls: AsyncCalls): void {
    this.#asyncCalls.set(name, calls);
  }

  /** An asynchronous invocation: accepted at once, tried again, then kept. */
  invokeAsync(name: string, event: unknown, tried = 0): void {
    this.#time.after(this.#dispatch(), async () => {
      try {
        await this.#invoke(name, event);
      } catch (error) {
        const { retriesMax, onFailure } = this.#asyncCalls.get(name) ?? asyncDefault;
        const retryMs = tried < retriesMax ? asyncRetriesMs[tried] : undefined;
        if (retryMs !== undefined) this.#time.after(retryMs, () => this.invokeAsync(name, event, tried + 1));
        else {
          const failure = { function: name, event, message: String(error) };
          this.failed.push(failure);
          onFailure?.send({ body: destinationRecord(failure, tried + 1, this.#time.now()) });
        }
      }
    });
  }

  /** Invokes the function every `everyMs`, the first time after `firstMs`. */
  schedule(name: string, { everyMs, firstMs }: { everyMs: number; firstMs: number }): void {
    this.#time.after(firstMs, () => {
      this.invokeAsync(name, { source: 'aws.scheduler' });
      this.schedule(name, { everyMs, firstMs: everyMs });
    });
  }

  /** A rule of the event bus: events that match go to the function. */
  route(pattern: EventPattern, name: string): void {
    this.#rules.push({ pattern, name });
  }

  /** An event on the default bus. One that no rule matches is gone, as in AWS. */
  putEvent(event: unknown): void {
    for (const { pattern, name } of this.#rules)
      if (matchesPattern(pattern, event)) this.invokeAsync(name, event);
  }

  /** An event source mapping: whatever becomes visible in the queue goes to the function, in batches, side by side. */
  consume(
    queue: Queue,
    name: string,
    { batchMax, concurrencyMax }: { batchMax: number; concurrencyMax: number },
  ): void {
    let running = 0;
    let cancelTimer = () => {};
    const poll = () => {
      cancelTimer();
      const atMs = queue.nextVisibleAtMs();
      if (atMs === undefined || running >= (queue.isFifo ? 1 : concurrencyMax)) return;
      cancelTimer = this.#time.at(Math.max(atMs, this.#time.now() + this.#dispatch()), async () => {
        const messages = queue.receive(batchMax);
        if (messages.length === 0) return poll();
        running += 1;
        poll();
        await this.#handOver(queue, name, messages).finally(() => {
          running -= 1;
          poll();
        });
      });
    };
    queue.onChange(poll);
    poll();
  }

  async #handOver(queue: Queue, name: string, messages: readonly Message[]): Promise<void> {
    let failed: ReadonlySet<string>;
    try {
      const answer = (await this.#invoke(name, sqsEvent(queue, messages))) as SQSBatchResponse | undefined;
      failed = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    } catch {
      // The whole batch comes back after its visibility time-out.
      failed = new Set(messages.map(({ messageId }) => messageId));
    }
    for (const { messageId, receiptHandle } of messages)
      if (!failed.has(messageId)) queue.delete(receiptHandle);
  }

  async #invoke(name: string, event: unknown): Promise<unknown> {
    const handler = this.#handlers[name];
    if (!handler) throw new Error(`there is no function ${name}`);
    this.#requests += 1;
    const context = contextOf(name, `request-${this.#requests}`);
    const answer = await this.#time.holding(() => handler(event as never, context));
    await this.onInvoked(name);
    return answer;
  }

  #dispatch(): number {
    return Math.round(this.#random.logNormal(dispatchMs));
  }
}

/** What Lambda sends to a failure destination (developer guide, asynchronous invocation records). */
function destinationRecord(
  { function: name, event, message }: FailedInvocation,
  tries: number,
  nowMs: number,
) {
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      functionArn: `arn:aws:lambda:us-east-1:111122223333:function:${name}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: tries,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: 'Error', errorMessage: message },
  });
}

function sqsEvent(queue: Queue, messages: readonly Message[]): SQSEvent {
  return {
    Records: messages.map((message) => ({
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receiveCount),
        SentTimestamp: String(message.sentAtMs),
        SenderId: 'local',
        ApproximateFirstReceiveTimestamp: String(message.sentAtMs),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:us-east-1:111122223333:${queue.name}`,
      awsRegion: 'us-east-1',
    })),
  };
}

function contextOf(name: string, awsRequestId: string): Context {
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${name}`,
    memoryLimitInMB: '512',
    awsRequestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => 60_000,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
