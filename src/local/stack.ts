import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { awsClients } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { publishPolicy } from '../aws/publish-policy.ts';
import { tableDefinition } from '../aws/table.ts';
import type { JobStore, Notice } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Settings } from '../runtime/settings.ts';
import { powertoolsLogger } from '../runtime/telemetry.ts';
import { listener } from '../world/listener.ts';
import { ObjectStore } from '../world/object-store.ts';
import type { WorldParameters } from '../world/parameters.ts';
import { VirtualTime } from '../world/virtual-time.ts';
import { World } from '../world/world.ts';
import { type LocalAlarm, type Metrics, startCloudWatch } from './cloudwatch.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { startDynamoDb } from './dynamodb/server.ts';
import { startEmrServerless } from './emr-serverless.ts';
import { type PutEvent, startEventBridge } from './event-bridge.ts';
import type { Fault, LocalCall, RunningServer, ServerHooks } from './http-server.ts';
import { startKinesis } from './kinesis.ts';
import { makeQueues, type Queues, queueIn } from './queues.ts';
import { startS3 } from './s3.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { type SlackPost, startSlack } from './slack.ts';
import { startSqs } from './sqs.ts';
import type { Queue } from './sqs-queue.ts';

export interface LocalStackOptions {
  readonly seed: number | string;
  readonly startMs: number;
  readonly buckets: readonly string[];
  readonly parameters?: Partial<WorldParameters>;
  /** Asked for every API call, before any effect. */
  readonly fault?: (call: LocalCall) => Fault | undefined;
  /** Hears every notice in place of the receivers of the policy. */
  readonly onNotice?: (notice: Notice) => void;
  /** Channels of the local Slack workspace; the token of `checkpilot/slack` may write to them. */
  readonly slackChannels?: readonly string[];
  readonly slackScopes?: readonly string[];
  /** Errors of the functions go to stderr unless a test expects them. */
  readonly logs?: 'errors' | 'none';
}

export interface LocalStack {
  readonly time: VirtualTime;
  readonly world: World;
  readonly objects: ObjectStore;
  /** The queues of the deployment template, by their logical ids in it. */
  readonly queue: (id: string) => Queue;
  /** Event sources and queues as serverless.yml has them. */
  readonly deployment: Deployment;
  /** What was put on the event bus, in order. */
  readonly events: readonly PutEvent[];
  /** Hears what is put on the bus from now on, in the shape in which rules see it. */
  onPutEvent(listener: (event: unknown) => void): void;
  /** The local workspace: every message as it reads now. */
  readonly slackPosts: readonly SlackPost[];
  /** CloudWatch's alarms by name. */
  readonly alarms: ReadonlyMap<string, LocalAlarm>;
  /** API calls that reached a server, `service.Operation` → count. */
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly store: JobStore;
  /** Looks at the table for people, without counting as a call of the functions. */
  uncounted<T>(work: () => Promise<T>): Promise<T>;
  runtime(functionName: string): Runtime;
  /** What a command line needs to be told of this deployment, as environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** What `apply` will do: the compiled policy into the control bucket, and the pointer moved to it. */
  publish(policy: ResolvedPolicy): Promise<void>;
  close(): Promise<void>;
}

const account = '111122223333';
const region = 'us-east-1';
const controlBucket = 'checkpilot-control';
/** The roles that may start runs, as serverless.yml tells them. */
const startRoles = ['checkpilot-reconcile', 'checkpilot-sweep'];
/** What a policy names under `tokenFrom`, and the token that is kept there. */
const slackSecret = 'checkpilot/slack';
const slackToken = 'local-bot-token';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The world behind real wire protocols on loopback: the unchanged SDK and adapters talk to it. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const time = new VirtualTime(options.startMs);
  const objects = new ObjectStore({ clock: time, buckets: [controlBucket, ...options.buckets] });
  const world = new World({
    seed: options.seed,
    time,
    objects: sinkOf(objects),
    ...(options.parameters ? { parameters: options.parameters } : {}),
  });
  const { apiCalls, fault, uncounted } = callCounter(options.fault);
  const events: PutEvent[] = [];
  const eventListeners: ((event: unknown) => void)[] = [];
  const alarms = new Map<string, LocalAlarm>();
  const deployment = readDeployment();
  const queues = makeQueues(time, deployment.queues);
  const { urls, slack, close } = await startServers({
    hooks: { clock: time, hold: () => time.hold(), fault },
    world,
    objects,
    queues,
    alarms,
    onEvent: (event) => {
      events.push(event);
      for (const listener of eventListeners) listener(envelopeOf(event, time.now()));
    },
    slack: { channels: options.slackChannels ?? [], scopes: options.slackScopes ?? ['channels:history'] },
  });
  const settings = settingsAt(urls.sqs, queues);
  // Retries would wait in real time, of which the world knows nothing; a later pass is the retry here.
  const aws = { endpoints: urls, credentials, retries: 'none' as const };
  const random = world.random.fork('checkpilot');
  const clients = awsClients({ region, clock: time, ...aws });
  const store = new DynamoDbJobStore({ client: clients.dynamodb, table: settings.table, clock: time });
  await clients.dynamodb.send(new CreateTableCommand(tableDefinition(settings.table)));
  return {
    time,
    world,
    objects,
    queue: (id) => queueIn(queues, id),
    deployment,
    events,
    onPutEvent: (listener) => eventListeners.push(listener),
    slackPosts: slack.posts,
    alarms,
    apiCalls,
    store,
    uncounted,
    runtime: (functionName) => ({
      functionName,
      settings,
      clock: time,
      random: () => random.next(),
      // Errors only, on stderr: a pass that fails must not pass for a quiet one.
      logger: powertoolsLogger(functionName, options.logs === 'none' ? 'SILENT' : 'ERROR'),
      emitsMetrics: false,
      ...(options.onNotice ? { receiver: listener(options.onNotice) } : {}),
      slackApiUrl: `${slack.server.url}/api/`,
      // Each function signs with a key of its own, by which a test can hold it to the rights of its role.
      aws: { ...aws, credentials: { ...credentials, accessKeyId: functionName } },
    }),
    environment: environmentOf(urls, settings),
    publish: async (policy) => {
      const answer = await publishPolicy(policy, { client: clients.s3, bucket: controlBucket, store });
      if (answer.kind === 'failed')
        throw new Error(`the policy was not published: ${answer.failure.message}`);
    },
    close: async () => {
      clients.destroy();
      await close();
    },
  };
}

function environmentOf(
  urls: Readonly<Record<'cloudwatch' | 'dynamodb' | 's3' | 'sqs', string>>,
  settings: Settings,
): LocalStack['environment'] {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_CLOUDWATCH: urls.cloudwatch,
    AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodb,
    AWS_ENDPOINT_URL_S3: urls.s3,
    AWS_ENDPOINT_URL_SQS: urls.sqs,
    CHECKPILOT_TABLE: settings.table,
    CHECKPILOT_CONTROL_BUCKET: settings.controlBucket,
    CHECKPILOT_WAKE_QUEUE_URL: settings.wakeQueueUrl,
  };
}

async function startServers(site: {
  readonly hooks: ServerHooks;
  readonly world: World;
  readonly objects: ObjectStore;
  readonly queues: Queues;
  readonly alarms: Map<string, LocalAlarm>;
  readonly onEvent: (event: PutEvent) => void;
  readonly slack: { readonly channels: readonly string[]; readonly scopes: readonly string[] };
}) {
  const { hooks, queues } = site;
  // Functions sign with their own names, and their roles are named after them.
  const callerArn = (name: string) => `arn:aws:sts::${account}:assumed-role/checkpilot-${name}/${name}`;
  const slack = await startSlack({ ...hooks, ...site.slack, token: slackToken, journal: site.world.journal });
  const servers = {
    emrServerless: await startEmrServerless({ ...hooks, emr: site.world.emr, callerArn }),
    dynamodb: await startDynamoDb(hooks),
    sqs: await startSqs({ ...hooks, queues: [...queues.values()] }),
    s3: await startS3({ ...hooks, store: site.objects }),
    eventBridge: await startEventBridge({ ...hooks, onEvent: site.onEvent }),
    secretsManager: await startSecretsManager({ ...hooks, secrets: { [slackSecret]: slackToken } }),
    cloudwatch: await startCloudWatch({
      ...hooks,
      alarms: site.alarms,
      metrics: streamMetrics(site.world),
    }),
    kinesis: await startKinesis({ ...hooks, kinesis: site.world.kinesis }),
  };
  const urls = Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url])) as Record<
    keyof typeof servers,
    string
  >;
  const running: readonly RunningServer[] = [...Object.values(servers), slack.server];
  return { urls, slack, close: () => Promise.all(running.map((server) => server.close())) };
}

/** What the streams of the world report to CloudWatch. */
function streamMetrics(world: World): Metrics {
  return ({ namespace, name, stat, dimensions }, { fromMs, toMs }) => {
    const stream = namespace === 'AWS/Kinesis' ? world.stream(dimensions.StreamName ?? '') : undefined;
    if (name === 'IncomingRecords' && stat === 'Sum') return stream?.receivedBetween(fromMs, toMs);
    if (name === 'GetRecords.IteratorAgeMilliseconds' && stat === 'Maximum')
      return stream?.readAgeBetween(fromMs, toMs);
    return undefined;
  };
}

function settingsAt(sqsUrl: string, queues: Queues): Settings {
  const urlOf = (id: string) => `${sqsUrl}/${account}/${queueIn(queues, id).name}`;
  return {
    region,
    account,
    table: 'checkpilot',
    controlBucket,
    wakeQueueUrl: urlOf('WakeQueue'),
    releaseQueueUrl: urlOf('ReleaseQueue'),
    notifyQueueUrl: urlOf('NotifyQueue'),
    deadLettersUrl: urlOf('WakeDeadLetters'),
    eventBus: 'default',
    act: 'all',
    startRoles,
  };
}

/** What EventBridge makes of an entry. */
function envelopeOf({ source, detailType, detail }: PutEvent, nowMs: number): unknown {
  const time = new Date(nowMs).toISOString();
  return { version: '0', source, 'detail-type': detailType, account, region, time, resources: [], detail };
}

/** Counts what reaches the servers, and asks on the way whether it shall fail. */
function callCounter(injected: LocalStackOptions['fault']) {
  const apiCalls: Record<string, number> = {};
  let isCounting = true;
  return {
    apiCalls,
    fault: (call: LocalCall) => {
      const name = `${call.service}.${call.operation}`;
      if (isCounting) apiCalls[name] = (apiCalls[name] ?? 0) + 1;
      return injected?.(call);
    },
    uncounted: async <T>(work: () => Promise<T>): Promise<T> => {
      isCounting = false;
      return work().finally(() => {
        isCounting = true;
      });
    },
  };
}

function sinkOf(objects: ObjectStore) {
  return {
    put: (key: string, body: string | Buffer) => {
      objects.put(key, body, 'world');
    },
    delete: (key: string) => {
      objects.delete(key, 'world');
    },
  };
}
