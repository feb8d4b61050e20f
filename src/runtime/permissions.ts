import { alarmTagPermissions } from '../aws/cloudwatch-alarm-tags.ts';
import { cloudWatchLogPermissions } from '../aws/cloudwatch-driver-logs.ts';
import { logSearchPermissions } from '../aws/cloudwatch-log-search.ts';
import { streamMetricPermissions } from '../aws/cloudwatch-streams.ts';
import { applicationPermissions } from '../aws/driver-logs.ts';
import { jobListPermissions, jobStorePermissions } from '../aws/dynamodb-job-store.ts';
import { shardEndPermissions } from '../aws/dynamodb-shard-ends.ts';
import { capacityPermissions } from '../aws/emr-serverless-applications.ts';
import { jobRunPermissions } from '../aws/emr-serverless-job-runs.ts';
import { eventBusPermissions } from '../aws/event-bridge-bus.ts';
import { retentionPermissions } from '../aws/kinesis-retentions.ts';
import { shardPermissions } from '../aws/kinesis-shards.ts';
import type { Permissions } from '../aws/permissions.ts';
import { checkpointPermissions } from '../aws/s3-checkpoint-files.ts';
import { driverLogPermissions } from '../aws/s3-log-files.ts';
import { policyPermissions } from '../aws/s3-policies.ts';
import { tokenPermissions } from '../aws/secrets.ts';
import { deadLetterPermissions } from '../aws/sqs-dead-letters.ts';
import { wakeQueuePermissions } from '../aws/sqs-wake-queue.ts';

/** What Lambda itself does in the name of every function. */
const runs: Permissions = { title: 'write its log', actions: ['logs:CreateLogStream', 'logs:PutLogEvents'] };
/** What the event source mapping of a queue does in the name of its function. */
const consumes: Permissions = {
  title: 'take messages from its queue',
  actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
};

/** What a pass over one job looks at and does, whoever makes it. */
const passPermissions: readonly Permissions[] = [
  jobRunPermissions,
  capacityPermissions,
  checkpointPermissions,
  driverLogPermissions,
  cloudWatchLogPermissions,
  logSearchPermissions,
  applicationPermissions,
  streamMetricPermissions,
  retentionPermissions,
  shardPermissions,
  shardEndPermissions,
];

/** Which adapters each function is wired with, and so what its role may do; the rest is refused by IAM. */
export const functionPermissions: Readonly<Record<string, readonly Permissions[]>> = {
  'job-event': [runs, wakeQueuePermissions],
  alarm: [runs, wakeQueuePermissions, alarmTagPermissions],
  reconcile: [
    runs,
    consumes,
    wakeQueuePermissions,
    jobStorePermissions,
    policyPermissions,
    eventBusPermissions,
    ...passPermissions,
  ],
  release: [runs, consumes, wakeQueuePermissions, jobStorePermissions, jobListPermissions, policyPermissions],
  notify: [
    runs,
    consumes,
    jobStorePermissions,
    jobListPermissions,
    policyPermissions,
    eventBusPermissions,
    tokenPermissions,
  ],
  sweep: [
    runs,
    wakeQueuePermissions,
    deadLetterPermissions,
    jobStorePermissions,
    jobListPermissions,
    policyPermissions,
    eventBusPermissions,
    // While the wake queue is down the sweep makes the passes itself.
    ...passPermissions,
  ],
};
