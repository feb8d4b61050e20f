import type { ObjectHead, ObjectStore } from '../world/object-store.ts';
import { S3Error } from './s3-error.ts';
import type { XmlContent } from './xml.ts';

// The S3 API reference, ListObjectsV2: a page has at most 1,000 entries.
const pageKeysMax = 1000;
// Sorts behind every key that starts with what stands before it.
const lastCharacter = '\u{10ffff}';

/** The content of a ListBucketResult. Keys and common prefixes both count towards `max-keys`. */
export function listObjects(store: ObjectStore, bucket: string, query: URLSearchParams): XmlContent {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const keysMax = parseMax(query.get('max-keys'));
  const page = takePage(store, {
    root: `${bucket}/`,
    prefix,
    delimiter,
    after: token === null ? startAfter : decodeToken(token),
    keysMax,
  });
  return {
    Name: bucket,
    Prefix: prefix,
    ...(delimiter === '' ? {} : { Delimiter: delimiter }),
    ...(startAfter === null ? {} : { StartAfter: startAfter }),
    ...(token === null ? {} : { ContinuationToken: token }),
    MaxKeys: keysMax,
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    ...(page.next === undefined ? {} : { NextContinuationToken: encodeToken(page.next) }),
    Contents: page.objects.map((object) => ({
      Key: object.key.slice(bucket.length + 1),
      LastModified: new Date(object.lastModifiedMs).toISOString(),
      ETag: `"${object.etag}"`,
      Size: object.sizeBytes,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: common })),
  };
}

interface PageRequest {
  root: string;
  prefix: string;
  delimiter: string;
  after: string | null;
  keysMax: number;
}

interface Page {
  objects: ObjectHead[];
  prefixes: string[];
  /** Where the next page starts, when there is one. */
  next: string | undefined;
}

function takePage(store: ObjectStore, request: PageRequest): Page {
  const page: Page = { objects: [], prefixes: [], next: undefined };
  let after = request.after ?? undefined;
  const peek = () => {
    const startAfter = after === undefined ? undefined : request.root + after;
    return store.list(request.root + request.prefix, { startAfter, max: 1 })[0];
  };
  let object = peek();
  while (object !== undefined && page.objects.length + page.prefixes.length < request.keysMax) {
    const key = object.key.slice(request.root.length);
    const common = commonPrefix(key, request);
    if (common === undefined) page.objects.push(object);
    else page.prefixes.push(common);
    after = common === undefined ? key : common + lastCharacter;
    object = peek();
  }
  // S3 says that a page of no keys is complete.
  if (object !== undefined && request.keysMax > 0) page.next = after;
  return page;
}

function commonPrefix(key: string, request: PageRequest): string | undefined {
  if (request.delimiter === '') return undefined;
  const position = key.indexOf(request.delimiter, request.prefix.length);
  return position === -1 ? undefined : key.slice(0, position + request.delimiter.length);
}

function parseMax(text: string | null): number {
  if (text === null) return pageKeysMax;
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text), pageKeysMax);
  throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range', 400, {
    ArgumentName: 'max-keys',
    ArgumentValue: text,
  });
}

function encodeToken(after: string): string {
  return Buffer.from(after).toString('base64url');
}

function decodeToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString('utf8');
  if (after !== '' && encodeToken(after) === token) return after;
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', 400);
}
