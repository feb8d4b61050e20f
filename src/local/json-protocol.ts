import type { z } from 'zod';
import type { ErrorKind, LocalRequest, LocalResponse, ServerOptions } from './http-server.ts';

/** An error that goes over the wire as it is. */
export class WireError extends Error {
  /** AWS's name of the error, without a namespace. */
  readonly type: string;
  readonly status: number;
  /** Further members of the body. */
  readonly fields: Record<string, unknown>;
  /** The code of the older query protocol, for services that still send it (SQS). */
  readonly queryCode: string | undefined;

  constructor(type: string, message: string, details: WireErrorDetails = {}) {
    super(message);
    this.name = 'WireError';
    this.type = type;
    this.status = details.status ?? 400;
    this.fields = details.fields ?? {};
    this.queryCode = details.queryCode;
  }
}

export interface WireErrorDetails {
  status?: number;
  fields?: Record<string, unknown>;
  queryCode?: string;
}

export interface JsonService {
  /** What stands before the dot in `x-amz-target`. */
  target: string;
  /** What stands before the `#` in an error's `__type`. */
  namespace: string;
  /** Version of the AWS JSON protocol; 1.0 when left out. */
  version?: '1.0' | '1.1';
  /** Takes the parsed body; throws WireError. */
  operations: Readonly<Record<string, (input: unknown, request: LocalRequest) => unknown>>;
  errors: Readonly<Record<Exclude<ErrorKind, 'denied'>, WireError>>;
}

/** The wire half of a service that speaks AWS JSON 1.0. */
export function jsonProtocol(
  service: JsonService,
): Pick<ServerOptions, 'handle' | 'operationOf' | 'errorResponse'> {
  const operationOf = (request: LocalRequest) => {
    const [target, operation] = (request.headers['x-amz-target'] ?? '').split('.');
    return target === service.target && operation ? operation : 'Unknown';
  };
  return {
    operationOf,
    errorResponse: (kind, message) => {
      const error = kind === 'denied' ? denial : service.errors[kind];
      return errorResponse(service, error, message);
    },
    handle: async (request) => {
      try {
        const run = findOperation(service, operationOf(request), request);
        return success(service, run(parseJson(request.body), request));
      } catch (error) {
        if (error instanceof WireError) return errorResponse(service, error);
        throw error;
      }
    },
  };
}

/**
 * Reads the input of one operation. Schemas are strict, so that a parameter we do not act on is refused by
 * name and never silently ignored; `refuse` words the refusal.
 */
export function readInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  refuse: (message: string) => WireError,
): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw refuse(result.error.issues.map(wordIssue).join('; '));
}

function wordIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const where = issue.path.length > 0 ? ` in ${issue.path.join('.')}` : '';
    return `the local server does not support the parameter ${issue.keys.join(', ')}${where}`;
  }
  return `${issue.path.join('.') || 'the request'}: ${issue.message}`;
}

function findOperation(service: JsonService, operation: string, request: LocalRequest) {
  const run = Object.hasOwn(service.operations, operation) ? service.operations[operation] : undefined;
  if (run) return run;
  const asked =
    operation === 'Unknown' ? (request.headers['x-amz-target'] ?? 'a request without a target') : operation;
  throw new WireError(
    'UnknownOperationException',
    `the local server does not support ${asked}; it knows ${Object.keys(service.operations).join(', ')}`,
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8') || '{}');
  } catch {
    throw new WireError('SerializationException', 'the body is not JSON');
  }
}

function success(service: JsonService, output: unknown): LocalResponse {
  return { status: 200, headers: { 'content-type': typeOf(service) }, body: JSON.stringify(output ?? {}) };
}

function errorResponse(service: JsonService, error: WireError, message = error.message): LocalResponse {
  const headers: Record<string, string> = { 'content-type': typeOf(service) };
  if (error.queryCode)
    headers['x-amzn-query-error'] = `${error.queryCode};${error.status < 500 ? 'Sender' : 'Receiver'}`;
  const body = { __type: `${service.namespace}#${error.type}`, message, ...error.fields };
  return { status: error.status, headers, body: JSON.stringify(body) };
}

/** IAM answers for every service, in the words of the one that was called. */
const denial = new WireError('AccessDeniedException', 'not authorized to perform this action');

const typeOf = ({ version = '1.0' }: JsonService) => `application/x-amz-json-${version}`;
