import * as z from 'zod';
import type { JobRun } from '../core/job-run.ts';

/** Where logs are sent, as the request of a run or its application says it; what is not known is left alone. */
const monitoringSchema = z.object({
  s3MonitoringConfiguration: z.object({ logUri: z.string() }).optional().catch(undefined),
  cloudWatchLoggingConfiguration: z
    .object({
      enabled: z.boolean(),
      logGroupName: z.string().optional(),
      logStreamNamePrefix: z.string().optional(),
    })
    .optional()
    .catch(undefined),
});

export type Monitoring = z.output<typeof monitoringSchema>;

/** The service's own name for the group when a request names none. */
const logGroupDefault = '/aws/emr-serverless';

/** Where the run's own request sends its logs. */
export function monitoringOf({ request }: JobRun): Monitoring {
  const overrides = request.configurationOverrides as { monitoringConfiguration?: unknown } | undefined;
  return parseMonitoring(overrides?.monitoringConfiguration);
}

export function parseMonitoring(value: unknown): Monitoring {
  const read = monitoringSchema.safeParse(value ?? {});
  return read.success ? read.data : {};
}

/** Bucket and prefix, which is empty or ends with `/`. */
export function s3PlaceOf(run: JobRun): { readonly bucket: string; readonly prefix: string } | undefined {
  const { logUri = '' } = monitoringOf(run).s3MonitoringConfiguration ?? {};
  const [, bucket, path = ''] = /^s3[an]?:\/\/([^/]+)\/?(.*)$/i.exec(logUri) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: asFolder(path) };
}

/** Log group and prefix of the names of its streams, which is empty or ends with `/`. */
export function cloudWatchOf(run: JobRun): { readonly group: string; readonly prefix: string } | undefined {
  const {
    enabled = false,
    logGroupName = logGroupDefault,
    logStreamNamePrefix = '',
  } = monitoringOf(run).cloudWatchLoggingConfiguration ?? {};
  return enabled ? { group: logGroupName, prefix: asFolder(logStreamNamePrefix) } : undefined;
}

/** A file or stream as people know it: from the attempt on where its name has one, else from the worker on. */
export function logNameOf(key: string): string {
  return key.slice(Math.max(0, key.search(/(?:attempts?\/\d{1,9}\/)?SPARK_(?:DRIVER|EXECUTOR)\//i)));
}

function asFolder(path: string): string {
  const folder = path.replace(/\/+$/, '');
  return folder === '' ? '' : `${folder}/`;
}
