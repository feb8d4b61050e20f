import { crc32 } from 'node:zlib';
import type { LocalRequest } from './http-server.ts';
import { S3Error } from './s3-error.ts';

/** The object in a PutObject: unpacked when it is aws-chunked, and checked against its CRC32 when it has one. */
export function readBody(request: LocalRequest): Buffer {
  const isChunked = request.headers['content-encoding']?.includes('aws-chunked') ?? false;
  const { body, trailers } = isChunked ? unpack(request.body) : { body: request.body, trailers: {} };
  const sizeBytes = request.headers['x-amz-decoded-content-length'];
  if (isChunked && sizeBytes !== undefined && Number(sizeBytes) !== body.length) throw incompleteBody();
  checkSum(body, request.headers[checksumHeader] ?? trailers[checksumHeader]);
  return body;
}

const checksumHeader = 'x-amz-checksum-crc32';

interface Unpacked {
  body: Buffer;
  trailers: Record<string, string>;
}

// Each chunk is `SIZE-IN-HEX[;chunk-signature=…]\r\nDATA\r\n`; the last has size 0 and is followed by trailers.
function unpack(bytes: Buffer): Unpacked {
  const chunks: Buffer[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    if (lineEnd === -1) throw incompleteBody();
    const [size = ''] = bytes.toString('latin1', position, lineEnd).split(';');
    if (!/^[0-9a-fA-F]+$/.test(size)) throw incompleteBody();
    const start = lineEnd + 2;
    const end = start + Number.parseInt(size, 16);
    if (end === start)
      return { body: Buffer.concat(chunks), trailers: parseTrailers(bytes.toString('latin1', start)) };
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw incompleteBody();
    chunks.push(bytes.subarray(start, end));
    position = end + 2;
  }
}

function parseTrailers(text: string): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return trailers;
}

function checkSum(body: Buffer, expected: string | undefined): void {
  if (expected === undefined) return;
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  if (actual.toString('base64') === expected) return;
  throw new S3Error('BadDigest', 'The CRC32 you specified did not match the calculated checksum.', 400);
}

function incompleteBody(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly', 400);
}
