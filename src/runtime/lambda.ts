import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { redact } from '../core/failure/redact.ts';
import type { Runtime } from './runtime.ts';

export interface Call {
  /** Counts in CloudWatch through the embedded metric format: no API call. */
  count(metric: string, value?: number): void;
  /** A duration, for percentiles. */
  measure(metric: string, ms: number): void;
}

/** One handler: context in every log line, metrics flushed at the end, an error logged before Lambda sees it. */
export function lambdaHandler<E, R>(runtime: Runtime, work: (event: E, call: Call) => Promise<R>) {
  const metrics = new Metrics({ namespace: 'Checkpilot', serviceName: runtime.functionName });
  const call: Call = {
    count: (metric, value = 1) => {
      if (runtime.emitsMetrics) metrics.addMetric(metric, MetricUnit.Count, value);
    },
    measure: (metric, ms) => {
      if (runtime.emitsMetrics) metrics.addMetric(metric, MetricUnit.Milliseconds, ms);
    },
  };
  const handler = middy<E, R>()
    .use(injectLambdaContext(runtime.logger))
    .onError(({ error }) => {
      if (error instanceof Error) hideSecrets(error);
      runtime.logger.error('the handler failed', error as Error);
    });
  if (runtime.emitsMetrics) handler.use(logMetrics(metrics));
  return handler.handler((event) => work(event, call));
}

/** Lambda prints what is thrown to it, past our logger. Some errors, such as an abort, cannot be written to. */
function hideSecrets(error: Error, depth = 0): void {
  const { message, stack, cause } = error;
  Reflect.defineProperty(error, 'message', { value: redact(message), configurable: true, writable: true });
  if (stack !== undefined)
    Reflect.defineProperty(error, 'stack', { value: redact(stack), configurable: true, writable: true });
  if (cause instanceof Error && depth < causesMax) hideSecrets(cause, depth + 1);
}

/** A cause may be the error itself. */
const causesMax = 10;

/**
 * Handles a batch of queue messages one after the other. A message that fails goes back alone, and ends in the
 * dead-letter queue with its body when it never succeeds; the others are not repeated because of it.
 */
export function queueHandler(
  runtime: Runtime,
  work: (records: readonly SQSRecord[], fail: (record: SQSRecord) => void, call: Call) => Promise<void>,
) {
  return lambdaHandler<SQSEvent, SQSBatchResponse>(runtime, async (event, call) => {
    const failed = new Set<string>();
    await work(event.Records, (record) => failed.add(record.messageId), call);
    const batchItemFailures: SQSBatchItemFailure[] = [...failed].map((itemIdentifier) => ({
      itemIdentifier,
    }));
    return { batchItemFailures };
  });
}
