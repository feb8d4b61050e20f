import { dynamodbClient, eventBridgeClient, s3Client, secretsManagerClient } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { EventBridgeBus } from '../aws/event-bridge-bus.ts';
import { S3Policies } from '../aws/s3-policies.ts';
import { SecretsManagerTokens } from '../aws/secrets.ts';
import type { NotifyPorts } from '../control/ports.ts';
import { SlackWebApi } from '../slack/client.ts';
import { SlackReceiver } from '../slack/receiver.ts';
import { onlyAtHome } from './home.ts';
import type { Runtime } from './runtime.ts';
import { logPort } from './telemetry.ts';

/** What the notify function needs: no runs, no checkpoints, no queue. */
export function wireNotify(runtime: Runtime): NotifyPorts {
  const { settings, clock } = runtime;
  const options = { region: settings.region, clock, ...runtime.aws };
  const log = logPort(runtime.logger);
  const store = new DynamoDbJobStore({ client: dynamodbClient(options), table: settings.table, clock });
  const tokens = new SecretsManagerTokens({ client: secretsManagerClient(options), clock });
  const slackOf = (secretId: string) =>
    new SlackWebApi(
      () => tokens.token(secretId),
      runtime.slackApiUrl ? { slackApiUrl: runtime.slackApiUrl } : {},
    );
  return {
    clock,
    log,
    store,
    policies: onlyAtHome(
      new S3Policies({ client: s3Client(options), bucket: settings.controlBucket, store, log }),
      settings,
    ),
    events: new EventBridgeBus({ client: eventBridgeClient(options), bus: settings.eventBus }),
    receivers: (policy) => {
      if (runtime.receiver) return [runtime.receiver];
      if (!policy) return [];
      return (policy.receivers ?? []).map(({ name, slack: { channel, secretId } }) => {
        const slack = slackOf(secretId);
        return new SlackReceiver({ name, channel, policy, slack, store, clock });
      });
    },
  };
}
