import type { Fault } from '../../src/local/http-server.ts';
import { startS3 } from '../../src/local/s3.ts';
import { ObjectStore } from '../../src/world/object-store.ts';
import { ManualClock, s3Client, started } from './clients.ts';

export const Bucket = 'data-bucket';

/** A server over a store with one empty bucket; `fault` hits every request. */
export async function startBucket(fault?: Fault) {
  const clock = new ManualClock();
  const store = new ObjectStore({ clock, buckets: [Bucket] });
  const { url } = await started(startS3({ clock, store, fault: () => fault }));
  return { clock, store, url, client: s3Client(url) };
}
