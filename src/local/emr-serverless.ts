import type { EmrServerless } from '../world/emr-serverless.ts';
import {
  type Caller,
  type JobRunMode,
  type JobRunState,
  ServiceError,
  type StartJobRunRequest,
} from '../world/emr-types.ts';
import type { Operation } from '../world/quotas.ts';
import {
  accessKeyOf,
  type ErrorKind,
  type LocalRequest,
  type LocalResponse,
  type RunningServer,
  type ServerHooks,
  startServer,
} from './http-server.ts';

export interface EmrServerlessServerOptions extends ServerHooks {
  emr: EmrServerless;
  /** Who the service takes a caller for, by the access key; people call the world in process instead. */
  callerArn: (accessKey: string) => string;
}

/** EMR Serverless over REST-JSON on loopback, for the operations that the world has. */
export function startEmrServerless({
  emr,
  callerArn,
  ...hooks
}: EmrServerlessServerOptions): Promise<RunningServer> {
  return startServer({
    ...hooks,
    name: 'emr-serverless',
    operationOf: (request) => routeOf(request)?.operation ?? 'Unknown',
    errorResponse: (kind, message) => errorResponse(serverError(kind, message)),
    handle: async (request) => {
      try {
        const route = routeOf(request);
        if (route === undefined)
          throw new ServiceError('UnknownOperationException', 404, 'No such operation');
        const answer = operations[route.operation](emr, {
          request,
          ...route.ids,
          caller: callerOf(request, callerArn),
        });
        return { status: 200, headers: JSON_TYPE, body: JSON.stringify(answer, epochSeconds) };
      } catch (error) {
        if (error instanceof ServiceError) return errorResponse(error);
        throw error;
      }
    },
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

interface Ids {
  applicationId: string;
  jobRunId: string;
}

interface Call extends Ids {
  request: LocalRequest;
  caller: Caller;
}

const routes: readonly { method: string; pattern: RegExp; operation: Operation }[] = [
  { method: 'GET', pattern: /^\/applications\/?$/, operation: 'ListApplications' },
  { method: 'GET', pattern: /^\/applications\/([^/]+)$/, operation: 'GetApplication' },
  { method: 'POST', pattern: /^\/applications\/([^/]+)\/jobruns$/, operation: 'StartJobRun' },
  { method: 'GET', pattern: /^\/applications\/([^/]+)\/jobruns$/, operation: 'ListJobRuns' },
  { method: 'GET', pattern: /^\/applications\/([^/]+)\/jobruns\/([^/]+)$/, operation: 'GetJobRun' },
  { method: 'DELETE', pattern: /^\/applications\/([^/]+)\/jobruns\/([^/]+)$/, operation: 'CancelJobRun' },
  {
    method: 'GET',
    pattern: /^\/applications\/([^/]+)\/jobruns\/([^/]+)\/attempts$/,
    operation: 'ListJobRunAttempts',
  },
];

const operations: Record<Operation, (emr: EmrServerless, call: Call) => unknown> = {
  StartJobRun: (emr, { request, applicationId, caller }) =>
    emr.startJobRun({ ...bodyOf(request), applicationId }, caller),
  CancelJobRun: (emr, { request, applicationId, jobRunId, caller }) => {
    emr.cancelJobRun(applicationId, jobRunId, caller, numberOf(request, 'shutdownGracePeriodInSeconds'));
    return { applicationId, jobRunId };
  },
  GetJobRun: (emr, { request, applicationId, jobRunId, caller }) => ({
    jobRun: emr.getJobRun(applicationId, jobRunId, caller, numberOf(request, 'attempt')),
  }),
  ListJobRuns: (emr, { request, applicationId, caller }) =>
    emr.listJobRuns(applicationId, listQueryOf(request), caller),
  ListJobRunAttempts: (emr, { applicationId, jobRunId, caller }) =>
    emr.listJobRunAttempts(applicationId, jobRunId, caller),
  GetApplication: (emr, { applicationId, caller }) => ({
    application: emr.getApplication(applicationId, caller),
  }),
  // The summaries of the API say `id` where the application itself says `applicationId`.
  ListApplications: (emr, { caller }) => ({
    applications: emr.listApplications(caller).map(({ applicationId, ...application }) => ({
      id: applicationId,
      ...application,
    })),
  }),
};

function routeOf({ method, path }: LocalRequest): { operation: Operation; ids: Ids } | undefined {
  for (const route of routes) {
    const [matched, applicationId = '', jobRunId = ''] = path.match(route.pattern) ?? [];
    if (route.method === method && matched !== undefined) {
      return { operation: route.operation, ids: { applicationId, jobRunId } };
    }
  }
  return undefined;
}

function bodyOf({ body }: LocalRequest): StartJobRunRequest {
  try {
    // The world checks the request itself; what it does not know it keeps and ignores, as the service does.
    return JSON.parse(body.toString('utf8')) as StartJobRunRequest;
  } catch {
    throw new ServiceError('SerializationException', 400, 'The body is not JSON');
  }
}

function listQueryOf(request: LocalRequest): Parameters<EmrServerless['listJobRuns']>[1] {
  const { query } = request;
  const [after, before] = [timeOf(query.get('createdAtAfter')), timeOf(query.get('createdAtBefore'))];
  const maxResults = numberOf(request, 'maxResults');
  const nextToken = query.get('nextToken');
  const mode = query.get('mode');
  return {
    states: query.getAll('states') as JobRunState[],
    ...(after === undefined ? {} : { createdAtAfter: after }),
    ...(before === undefined ? {} : { createdAtBefore: before }),
    ...(mode === null ? {} : { mode: mode as JobRunMode }),
    ...(maxResults === undefined ? {} : { maxResults }),
    ...(nextToken === null ? {} : { nextToken }),
  };
}

/** Query strings carry ISO-8601. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) throw new ServiceError('ValidationException', 400, `Not a timestamp: ${text}`);
  return timeMs;
}

function numberOf({ query }: LocalRequest, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value))
    throw new ServiceError('ValidationException', 400, `${name} must be a whole number`);
  return value;
}

/** `x-amz-date` looks like 20261122T201352Z; a request without it counts as signed now. */
function callerOf({ headers }: LocalRequest, arnOf: (accessKey: string) => string): Caller {
  const arn = arnOf(accessKeyOf(headers) ?? '');
  const [, year, month, day, hour, minute, second] =
    headers['x-amz-date']?.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  if (year === undefined) return { arn };
  return { arn, signedAtMs: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}

const TIME_FIELDS = new Set([
  'createdAt',
  'updatedAt',
  'attemptCreatedAt',
  'attemptUpdatedAt',
  'jobCreatedAt',
  'startedAt',
  'endedAt',
]);

/** REST-JSON writes timestamps as epoch seconds with a fraction. */
function epochSeconds(field: string, value: unknown): unknown {
  return TIME_FIELDS.has(field) && typeof value === 'number' ? value / 1000 : value;
}

function serverError(kind: ErrorKind, message?: string): ServiceError {
  switch (kind) {
    case 'throttle':
      return new ServiceError('ThrottlingException', 400, 'Rate exceeded');
    case 'internal-error':
      return new ServiceError('InternalServerException', 500, message ?? 'Internal error');
    case 'denied':
      return new ServiceError(
        'AccessDeniedException',
        403,
        message ?? 'not authorized to perform this action',
      );
    case 'request-too-large':
      return new ServiceError('ValidationException', 413, 'The request is too large');
  }
}

function errorResponse({ name, status, message }: ServiceError): LocalResponse {
  return {
    status,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': name },
    body: JSON.stringify({ message }),
  };
}
