import type { Readable } from 'node:stream';
import { gunzipped, looksPacked } from './gunzip.ts';

/** The bytes of a log, unpacked where it is a gzip: by its first bytes, because names are not always true. */
export async function* unpacked(body: Readable): AsyncGenerator<Buffer> {
  let first = Buffer.alloc(0);
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  // Another read of an iterator goes on where the last one stopped.
  const rest = { [Symbol.asyncIterator]: () => chunks };
  try {
    while (first.length < 2) {
      const { value, done } = await chunks.next();
      if (done === true) break;
      first = Buffer.concat([first, value]);
    }
    yield* looksPacked(first) ? gunzipped(after(first, rest)) : after(first, rest);
  } finally {
    body.destroy();
  }
}

async function* after(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** Reads to the end, to what may be read, or to where it breaks off; whether there may be more than what may be read. */
export async function drain(
  body: Readable,
  into: { push(chunk: Buffer): void },
  { bytesMax, abortSignal }: { bytesMax: number; abortSignal: AbortSignal },
): Promise<boolean> {
  let bytes = 0;
  try {
    for await (const chunk of unpacked(body)) {
      abortSignal.throwIfAborted();
      into.push(chunk);
      bytes += chunk.length;
      if (bytes >= bytesMax) return true;
    }
  } catch (error) {
    if (abortSignal.aborted) throw error;
  }
  return false;
}
