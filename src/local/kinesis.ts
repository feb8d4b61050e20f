import { z } from 'zod';
import { ServiceError } from '../world/emr-types.ts';
import type { Kinesis } from '../world/kinesis.ts';
import { type LocalRequest, type RunningServer, type ServerHooks, startServer } from './http-server.ts';
import { jsonProtocol, readInput, WireError } from './json-protocol.ts';

const streamName = z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/);
const describeStreamSummary = z.strictObject({ StreamName: streamName });
const increaseRetention = z.strictObject({ StreamName: streamName, RetentionPeriodHours: z.int() });

/** DescribeStreamSummary and IncreaseStreamRetentionPeriod on loopback, over HTTP/1.1. */
export async function startKinesis(options: ServerHooks & { kinesis: Kinesis }): Promise<RunningServer> {
  const { clock, hold, fault, kinesis } = options;
  const protocol = jsonProtocol({
    target: 'Kinesis_20131202',
    namespace: 'com.amazonaws.kinesis.v20131202',
    version: '1.1',
    operations: {
      DescribeStreamSummary: (raw, request) => {
        const { StreamName } = readInput(describeStreamSummary, raw, refuse);
        const summary = answering(() => kinesis.describeStreamSummary(StreamName, callerOf(request)));
        const { StreamCreationTimestamp } = summary;
        return {
          StreamDescriptionSummary: {
            ...summary,
            StreamCreationTimestamp: StreamCreationTimestamp / 1000,
            EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
          },
        };
      },
      IncreaseStreamRetentionPeriod: (raw, request) => {
        const { StreamName, RetentionPeriodHours } = readInput(increaseRetention, raw, refuse);
        answering(() =>
          kinesis.increaseStreamRetentionPeriod(StreamName, RetentionPeriodHours, callerOf(request)),
        );
        return {};
      },
    },
    errors: {
      throttle: new WireError('LimitExceededException', 'Rate exceeded for account'),
      'internal-error': new WireError('InternalFailure', 'Internal failure', { status: 500 }),
      'request-too-large': new WireError('RequestEntityTooLarge', 'The request is too large.', {
        status: 413,
      }),
    },
  });
  return startServer({ clock, hold, fault, name: 'kinesis', ...protocol });
}

function answering<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new WireError(error.name, error.message, { status: error.status });
  }
}

/** `x-amz-date` looks like 20261122T201352Z; a request without it counts as signed now. */
function callerOf({ headers }: LocalRequest): { arn: string; signedAtMs?: number } {
  const arn = 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile';
  const [, year, month, day, hour, minute, second] =
    headers['x-amz-date']?.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  if (year === undefined) return { arn };
  return { arn, signedAtMs: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}

function refuse(message: string): WireError {
  return new WireError('InvalidArgumentException', message);
}
