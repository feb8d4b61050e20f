import {
  cloudwatchClient,
  cloudwatchLogsClient,
  dynamodbClient,
  emrServerlessClient,
  eventBridgeClient,
  kinesisClient,
  s3Client,
} from '../aws/clients.ts';
import { CloudWatchDriverLogs } from '../aws/cloudwatch-driver-logs.ts';
import { CloudWatchStreams } from '../aws/cloudwatch-streams.ts';
import { PlacedDriverLogs } from '../aws/driver-logs.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { DynamoDbShardEnds } from '../aws/dynamodb-shard-ends.ts';
import { EmrServerlessApplications } from '../aws/emr-serverless-applications.ts';
import { EmrServerlessJobRuns } from '../aws/emr-serverless-job-runs.ts';
import { EventBridgeBus } from '../aws/event-bridge-bus.ts';
import { KinesisRetentions } from '../aws/kinesis-retentions.ts';
import { KinesisShards } from '../aws/kinesis-shards.ts';
import { S3Checkpoints } from '../aws/s3-checkpoints.ts';
import { S3DriverLogs } from '../aws/s3-driver-logs.ts';
import { S3Policies } from '../aws/s3-policies.ts';
import type { Ports } from '../control/ports.ts';
import { onlyAtHome } from './home.ts';
import { ulids } from './ids.ts';
import { withLaunchLimits } from './launch-limits.ts';
import type { Runtime } from './runtime.ts';
import { logPort } from './telemetry.ts';
import { wireDoor } from './wire-door.ts';

/** Every port of the control functions: the only place where adapters and control code meet. */
export function wireControl(runtime: Runtime): Ports {
  const { settings, clock, random } = runtime;
  const options = { region: settings.region, clock, ...runtime.aws };
  const log = logPort(runtime.logger);
  const s3 = s3Client(options);
  const emrServerless = emrServerlessClient(options);
  const kinesis = kinesisClient(options);
  const dynamodb = dynamodbClient(options);
  const store = new DynamoDbJobStore({ client: dynamodb, table: settings.table, clock });
  return {
    clock,
    random,
    ids: ulids(clock, random),
    log,
    runs: withLaunchLimits(new EmrServerlessJobRuns(emrServerless), settings.launchPrefixes ?? []),
    applications: new EmrServerlessApplications(emrServerless),
    store,
    wakes: wireDoor(runtime).wakes,
    checkpoints: new S3Checkpoints(s3, {
      shards: new KinesisShards(kinesis),
      tableOf: (name) => new DynamoDbShardEnds(dynamodb, name),
    }),
    logs: new PlacedDriverLogs({
      clock,
      emrServerless,
      places: [new S3DriverLogs(s3), new CloudWatchDriverLogs(cloudwatchLogsClient(options))],
    }),
    streams: new CloudWatchStreams(cloudwatchClient(options)),
    retentions: new KinesisRetentions(kinesis, clock),
    policies: onlyAtHome(
      new S3Policies({ client: s3, bucket: settings.controlBucket, store, log }),
      settings,
    ),
    events: new EventBridgeBus({ client: eventBridgeClient(options), bus: settings.eventBus }),
    act: settings.act,
    ...(settings.startRoles ? { startRoles: settings.startRoles } : {}),
  };
}
