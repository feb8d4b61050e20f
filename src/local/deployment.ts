import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';
import type { EventPattern } from './event-pattern.ts';

/** What serverless.yml says of a function, as far as it decides when and how the function is called. */
export interface DeployedFunction {
  readonly name: string;
  readonly rules: readonly EventPattern[];
  readonly queues: readonly {
    readonly queue: string;
    readonly batchMax: number;
    readonly concurrencyMax: number;
  }[];
  readonly schedules: readonly { readonly everyMs: number }[];
  /** What Lambda does with an asynchronous call that fails: how often it tries again, and who gets what stays. */
  readonly retriesMax: number;
  readonly onFailure?: string;
}

/** What the template says of a queue. `deadLetters` is the logical id of another one. */
export interface DeployedQueue {
  readonly id: string;
  readonly name: string;
  readonly isFifo: boolean;
  readonly visibilityMs: number;
  readonly redrive?: { readonly deadLetters: string; readonly receivesMax: number };
}

export interface Deployment {
  readonly functions: readonly DeployedFunction[];
  readonly queues: readonly DeployedQueue[];
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Lambda's own default for the messages of a batch and, unless the mapping says otherwise, many at once. */
const batchDefault = 10;
const concurrencyDefault = 100;
/** Lambda's own default for asynchronous calls. */
const retriesDefault = 2;
/** SQS's own default. */
const visibilitySecondsDefault = 30;

const arnOf = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });
const eventSource = z.union([
  z.strictObject({ eventBridge: z.looseObject({ pattern: z.record(z.string(), z.unknown()) }) }),
  z.strictObject({
    sqs: z.looseObject({
      arn: arnOf,
      batchSize: z.number().optional(),
      maximumConcurrency: z.number().optional(),
      functionResponseType: z.literal('ReportBatchItemFailures'),
    }),
  }),
  z.strictObject({ schedule: z.looseObject({ rate: z.array(z.string()) }) }),
]);
const functionEntry = z.looseObject({
  events: z.array(eventSource).default([]),
  maximumRetryAttempts: z.number().default(retriesDefault),
  destinations: z
    .strictObject({ onFailure: z.strictObject({ arn: arnOf, type: z.literal('sqs') }) })
    .optional(),
});
const serverless = z.looseObject({
  functions: z.record(z.string(), functionEntry),
  resources: z.array(z.string()),
});
const queueResource = z.object({
  Type: z.literal('AWS::SQS::Queue'),
  Properties: z.object({
    QueueName: z.string(),
    FifoQueue: z.boolean().default(false),
    VisibilityTimeout: z.number().default(visibilitySecondsDefault),
    RedrivePolicy: z.object({ deadLetterTargetArn: arnOf, maxReceiveCount: z.number() }).optional(),
  }),
});

/**
 * The event sources and queues of serverless.yml, so that what is not wired in AWS is not wired here either. Throws if
 * it holds a kind of event source that the local host does not have.
 */
export function readDeployment(folder = root): Deployment {
  const read = (file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));
  const { functions, resources } = serverless.parse(read('serverless.yml'));
  const files = resources.map((text) => /^\$\{file\(([^)]+)\)\}$/.exec(text)?.[1] ?? fail(text));
  return {
    functions: Object.entries(functions).map(([name, entry]) => functionOf(name, entry)),
    queues: files.flatMap((file) => queuesIn(read(file))),
  };
}

function functionOf(
  name: string,
  { events, maximumRetryAttempts, destinations }: z.output<typeof functionEntry>,
): DeployedFunction {
  return {
    name,
    retriesMax: maximumRetryAttempts,
    ...(destinations ? { onFailure: destinations.onFailure.arn['Fn::GetAtt'][0] } : {}),
    rules: events.flatMap((event) =>
      'eventBridge' in event ? [event.eventBridge.pattern as EventPattern] : [],
    ),
    queues: events.flatMap((event) => {
      if (!('sqs' in event)) return [];
      const { arn, batchSize = batchDefault, maximumConcurrency = concurrencyDefault } = event.sqs;
      return [{ queue: arn['Fn::GetAtt'][0], batchMax: batchSize, concurrencyMax: maximumConcurrency }];
    }),
    schedules: events.flatMap((event) => ('schedule' in event ? event.schedule.rate.map(rateOf) : [])),
  };
}

function rateOf(text: string): { everyMs: number } {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text) ?? [];
  const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[unit ?? ''];
  if (unitMs === undefined)
    throw new Error(`the local host knows no schedule "${text}": rate(1 minute) it does`);
  return { everyMs: Number(count) * unitMs };
}

function queuesIn(file: unknown): DeployedQueue[] {
  const { Resources = {} } = file as { Resources?: Record<string, { Type: string }> };
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::SQS::Queue')
    .map(([id, resource]) => {
      const { QueueName, FifoQueue, VisibilityTimeout, RedrivePolicy } =
        queueResource.parse(resource).Properties;
      return {
        id,
        name: QueueName,
        isFifo: FifoQueue,
        visibilityMs: VisibilityTimeout * 1_000,
        ...(RedrivePolicy
          ? {
              redrive: {
                deadLetters: RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0],
                receivesMax: RedrivePolicy.maxReceiveCount,
              },
            }
          : {}),
      };
    });
}

function fail(text: string): never {
  throw new Error(`resources of serverless.yml are files, as \${file(deploy/queues.yml)}; this is "${text}"`);
}
