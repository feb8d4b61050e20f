import { dynamodbClient, eventBridgeClient, s3Client } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { EventBridgeBus } from '../aws/event-bridge-bus.ts';
import { S3Policies } from '../aws/s3-policies.ts';
import type { NotifyPorts } from '../control/ports.ts';
import { onlyAtHome } from './home.ts';
import type { Runtime } from './runtime.ts';
import { logPort } from './telemetry.ts';

/** What the notify function needs: no runs, no checkpoints, no queue. */
export function wireNotify(runtime: Runtime): NotifyPorts {
  const { settings, clock } = runtime;
  const options = { region: settings.region, clock, ...runtime.aws };
  const log = logPort(runtime.logger);
  const store = new DynamoDbJobStore({ client: dynamodbClient(options), table: settings.table, clock });
  const { receiver } = runtime;
  return {
    clock,
    log,
    store,
    policies: onlyAtHome(
      new S3Policies({ client: s3Client(options), bucket: settings.controlBucket, store, log }),
      settings,
    ),
    events: new EventBridgeBus({ client: eventBridgeClient(options), bus: settings.eventBus }),
    receivers: () => (receiver ? [receiver] : []),
  };
}
