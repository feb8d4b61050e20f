import { onTestFinished } from 'vitest';
import type { AwsClients } from '../../src/aws/clients.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { startS3 } from '../../src/local/s3.ts';
import { ObjectStore } from '../../src/world/object-store.ts';
import { clientsOf } from './scripted-server.ts';

/** Our own S3 server with the buckets `data` and `control`. */
export async function localS3(): Promise<{ objects: ObjectStore; s3: AwsClients['s3'] }> {
  const objects = new ObjectStore({ clock: systemClock, buckets: ['data', 'control'] });
  const server = await startS3({ clock: systemClock, store: objects });
  onTestFinished(() => server.close());
  return { objects, s3: clientsOf(server, { retries: 'none' }).s3 };
}
