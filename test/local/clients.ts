import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';

/** A clock that moves only when told. */
export class ManualClock {
  #nowMs = Date.parse('2026-01-01T00:00:00Z');

  now(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export function dynamoDbClient(endpoint: string): DynamoDBClient {
  return closedAfterTest(new DynamoDBClient(settings(endpoint)));
}

export function sqsClient(endpoint: string): SQSClient {
  return closedAfterTest(new SQSClient(settings(endpoint)));
}

export function s3Client(endpoint: string): S3Client {
  return closedAfterTest(new S3Client({ ...settings(endpoint), forcePathStyle: true }));
}

/** Ends a server with the test that started it. */
export async function started<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.close());
  return server;
}

/** The error of a call that has to fail; a call that succeeds fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome as Error & Record<string, unknown>;
  throw new Error('the call succeeded, though it had to fail');
}

function settings(endpoint: string) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // One attempt, so that each fault is seen as it is.
    maxAttempts: 1,
  };
}

function closedAfterTest<T extends { destroy(): void }>(client: T): T {
  onTestFinished(() => client.destroy());
  return client;
}
