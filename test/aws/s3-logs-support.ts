import { onTestFinished } from 'vitest';
import { S3DriverLogs } from '../../src/aws/s3-driver-logs.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { JobRun } from '../../src/core/job-run.ts';
import { startS3 } from '../../src/local/s3.ts';
import { ObjectStore } from '../../src/world/object-store.ts';
import { clientsOf } from './scripted-server.ts';

const base = 'emr/applications/00app/jobs/00run';
export const run = {
  applicationId: '00app',
  jobRunId: '00run',
  request: requestTo('s3://logs/emr/'),
} as JobRun;

export function requestTo(logUri: string | undefined) {
  const s3MonitoringConfiguration = logUri === undefined ? {} : { logUri };
  return {
    configurationOverrides: { monitoringConfiguration: { s3MonitoringConfiguration } },
  } as JobRun['request'];
}

/** The reader against the local S3, and a way to put files where the service would. */
export async function bucket(limits: ConstructorParameters<typeof S3DriverLogs>[1] = {}) {
  const calls: string[] = [];
  const store = new ObjectStore({ clock: systemClock, buckets: ['logs'] });
  const server = await startS3({
    clock: systemClock,
    store,
    fault: ({ operation }) => {
      calls.push(operation);
      return undefined;
    },
  });
  onTestFinished(() => server.close());
  const put = (path: string, body: string | Buffer) => store.put(`logs/${base}/${path}`, body, 'world');
  const timeouts = { connectMs: 5_000, requestMs: 5_000 };
  return { logs: new S3DriverLogs(clientsOf(server, { retries: 'none', timeouts }).s3, limits), put, calls };
}
