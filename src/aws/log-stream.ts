import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A gzip that breaks off, or is none, ends the text and not the reading. */
export function unzipped(body: Readable): Readable {
  const gunzip = createGunzip();
  body.on('error', () => gunzip.end());
  return body.pipe(gunzip);
}

/** Reads to the end, to what may be read, or to where it breaks off; whether there may be more than what may be read. */
export async function drain(
  stream: Readable,
  into: { push(chunk: Buffer): void },
  { bytesMax, abortSignal }: { bytesMax: number; abortSignal: AbortSignal },
): Promise<boolean> {
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      abortSignal.throwIfAborted();
      into.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= bytesMax) return true;
    }
  } catch (error) {
    if (abortSignal.aborted) throw error;
  } finally {
    stream.destroy();
  }
  return false;
}
