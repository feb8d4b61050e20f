import type { StoredObject } from '../world/object-store.ts';
import type { LocalResponse } from './http-server.ts';
import { S3Error } from './s3-error.ts';

/** GetObject and HeadObject alike: the HTTP server leaves out the body of an answer to HEAD. */
export function objectResponse(object: StoredObject, rangeHeader: string | undefined): LocalResponse {
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'content-type': object.contentType,
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
  };
  const range = parseRange(rangeHeader, object.sizeBytes);
  if (range === undefined) return { status: 200, headers, body: object.body };
  headers['content-range'] = `bytes ${range.first}-${range.last}/${object.sizeBytes}`;
  return { status: 206, headers, body: object.body.subarray(range.first, range.last + 1) };
}

// A header that cannot be read is ignored, as in S3; one that lies beyond the object is an error.
function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { first: number; last: number } | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (first <= last) return { first, last };
  throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416, {
    RangeRequested: header ?? '',
    ActualObjectSize: String(sizeBytes),
  });
}
