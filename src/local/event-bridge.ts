import { z } from 'zod';
import { type RunningServer, type ServerHooks, startServer } from './http-server.ts';
import { jsonProtocol, readInput, WireError } from './json-protocol.ts';

/** An event as it was put on a bus. */
export interface PutEvent {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

// The API reference of PutEvents: ten entries, 256 KB together.
const entriesMax = 10;
const entriesBytesMax = 256 * 1024;

const putEvents = z.strictObject({
  Entries: z
    .array(
      z.strictObject({
        EventBusName: z.string().optional(),
        Source: z.string(),
        DetailType: z.string(),
        Detail: z.string(),
        Time: z.number().optional(),
        Resources: z.array(z.string()).optional(),
      }),
    )
    .min(1)
    .max(entriesMax),
});

/** PutEvents on loopback. As in AWS, a source that begins with `aws.` is not for customers, and a detail is an object. */
export async function startEventBridge(
  options: ServerHooks & { onEvent: (event: PutEvent) => void },
): Promise<RunningServer> {
  let ids = 0;
  const protocol = jsonProtocol({
    target: 'AWSEvents',
    namespace: 'com.amazonaws.eventbridge',
    version: '1.1',
    operations: {
      PutEvents: (raw) => {
        const { Entries } = readInput(putEvents, raw, refuse);
        const bytes = Entries.reduce((sum, entry) => sum + Buffer.byteLength(JSON.stringify(entry)), 0);
        if (bytes > entriesBytesMax)
          throw refuse('Total size of the entries in the request is over the limit.');
        const answers = Entries.map((entry) => {
          const read = readEntry(entry);
          if ('ErrorCode' in read) return read;
          options.onEvent(read);
          ids += 1;
          return { EventId: `event-${ids}` };
        });
        return {
          FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length,
          Entries: answers,
        };
      },
    },
    errors: {
      throttle: new WireError('ThrottlingException', 'Rate exceeded'),
      'internal-error': new WireError(
        'InternalException',
        'This exception occurs due to unexpected causes.',
        {
          status: 500,
        },
      ),
      'request-too-large': new WireError('RequestEntityTooLarge', 'The request is too large.', {
        status: 413,
      }),
    },
  });
  const { clock, hold, fault } = options;
  return startServer({ clock, hold, fault, name: 'events', ...protocol });
}

function readEntry(entry: z.output<typeof putEvents>['Entries'][number]) {
  const { EventBusName: bus = 'default', Source: source, DetailType: detailType, Detail } = entry;
  if (source.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  const detail = parseDetail(Detail);
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return { bus, source, detailType, detail };
}

function parseDetail(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refuse(message: string): WireError {
  return new WireError('ValidationException', message);
}
