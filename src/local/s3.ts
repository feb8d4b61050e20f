import type { ObjectStore } from '../world/object-store.ts';
import {
  type LocalRequest,
  type LocalResponse,
  type RunningServer,
  type ServerHooks,
  startServer,
} from './http-server.ts';
import { readBody } from './s3-body.ts';
import { S3Error, s3ErrorResponse } from './s3-error.ts';
import { listObjects } from './s3-list.ts';
import { objectResponse } from './s3-object.ts';
import { xmlDocument } from './xml.ts';

/**
 * S3 on loopback over an object store, path-style, unsigned and unversioned: GetObject with Range, HeadObject,
 * PutObject (also in aws-chunked bodies, and `If-None-Match: *`), DeleteObject and ListObjectsV2. Everything
 * else, unknown parameters included, is answered NotImplemented by name. Writes are logged as `api`.
 */
export async function startS3(options: ServerHooks & { store: ObjectStore }): Promise<RunningServer> {
  return startServer({
    clock: options.clock,
    hold: options.hold,
    fault: options.fault,
    name: 's3',
    operationOf,
    errorResponse: (kind, message) => {
      if (kind === 'throttle')
        return s3ErrorResponse(new S3Error('SlowDown', 'Please reduce your request rate.', 503));
      if (kind === 'request-too-large') {
        return s3ErrorResponse(new S3Error('EntityTooLarge', 'Your proposed upload is too large.', 400));
      }
      if (kind === 'denied')
        return s3ErrorResponse(new S3Error('AccessDenied', message ?? 'Access Denied', 403));
      const words = message ?? 'We encountered an internal error. Please try again.';
      return s3ErrorResponse(new S3Error('InternalError', words, 500));
    },
    handle: async (request) => {
      try {
        return answer(options.store, request);
      } catch (error) {
        if (error instanceof S3Error) return s3ErrorResponse(error);
        throw error;
      }
    },
  });
}

function answer(store: ObjectStore, request: LocalRequest): LocalResponse {
  const { bucket, key } = locate(request.path);
  const operation = operationOf(request);
  checkSupported(operation, request);
  if (!store.hasBucket(bucket)) {
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: bucket });
  }
  const fullKey = `${bucket}/${key}`;
  switch (operation) {
    case 'ListObjectsV2':
      return xml(listObjects(store, bucket, request.query));
    case 'GetObject':
    case 'HeadObject': {
      const object = store.get(fullKey);
      if (object) return objectResponse(object, request.headers.range);
      throw new S3Error('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
    }
    case 'PutObject':
      return put(store, fullKey, request);
    default:
      store.delete(fullKey, 'api');
      return { status: 204 };
  }
}

function put(store: ObjectStore, key: string, request: LocalRequest): LocalResponse {
  const contentType = request.headers['content-type'];
  const result = store.put(key, readBody(request), 'api', {
    onlyIfAbsent: request.headers['if-none-match'] === '*',
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (result.ok) return { status: 200, headers: { etag: `"${result.object.etag}"` } };
  throw new S3Error(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
    { Condition: 'If-None-Match' },
  );
}

// The SDK names every operation in `x-id` too, but other clients need not.
function operationOf(request: LocalRequest): string {
  const isObject = /^\/[^/]+\/./.test(request.path);
  if (isObject) return objectOperations[request.method] ?? `${request.method} of an object`;
  if (request.method === 'GET' && request.query.get('list-type') === '2') return 'ListObjectsV2';
  return `${request.method} of a bucket`;
}

const objectOperations: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
};

const listParameters = ['list-type', 'prefix', 'delimiter', 'start-after', 'max-keys', 'continuation-token'];
const parametersOf: Readonly<Record<string, readonly string[]>> = {
  ListObjectsV2: listParameters,
  GetObject: [],
  HeadObject: [],
  PutObject: [],
  DeleteObject: [],
};
const unsupportedHeaders = ['if-match', 'if-modified-since', 'if-unmodified-since', 'x-amz-copy-source'];

// A condition or a sub-resource that we ignored would look as if it had been met.
function checkSupported(operation: string, request: LocalRequest): void {
  const parameters = parametersOf[operation];
  if (parameters === undefined) throw notImplemented(operation);
  for (const name of request.query.keys()) {
    if (name !== 'x-id' && !parameters.includes(name))
      throw notImplemented(`${operation} with the parameter ${name}`);
  }
  for (const name of unsupportedHeaders) {
    if (request.headers[name] !== undefined) throw notImplemented(`${operation} with the header ${name}`);
  }
  const condition = request.headers['if-none-match'];
  if (condition !== undefined && !(operation === 'PutObject' && condition === '*')) {
    throw notImplemented(`${operation} with the header if-none-match: ${condition}`);
  }
}

function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `the local server does not support ${what}`, 501);
}

function locate(path: string): { bucket: string; key: string } {
  try {
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", 400);
  }
}

function xml(content: Parameters<typeof xmlDocument>[1]): LocalResponse {
  const body = xmlDocument('ListBucketResult', content, 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"');
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
