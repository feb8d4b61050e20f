import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { awsClients } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { publishPolicy } from '../aws/publish-policy.ts';
import { tableDefinition } from '../aws/table.ts';
import type { JobStore, Receiver } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Settings } from '../runtime/settings.ts';
import { powertoolsLogger } from '../runtime/telemetry.ts';
import { ObjectStore } from '../world/object-store.ts';
import type { WorldParameters } from '../world/parameters.ts';
import { VirtualTime } from '../world/virtual-time.ts';
import { World } from '../world/world.ts';
import { startDynamoDb } from './dynamodb/server.ts';
import { startEmrServerless } from './emr-serverless.ts';
import type { Fault, RunningServer } from './http-server.ts';
import { startS3 } from './s3.ts';
import { startSqs } from './sqs.ts';
import { Queue } from './sqs-queue.ts';

export interface LocalStackOptions {
  readonly seed: number | string;
  readonly startMs: number;
  readonly buckets: readonly string[];
  readonly parameters?: Partial<WorldParameters>;
  /** Asked for every API call, before any effect. */
  readonly fault?: (call: { service: string; operation: string }) => Fault | undefined;
  readonly receiver: Receiver;
  /** Errors of the functions go to stderr unless a test expects them. */
  readonly logs?: 'errors' | 'none';
}

export interface LocalStack {
  readonly time: VirtualTime;
  readonly world: World;
  readonly objects: ObjectStore;
  readonly queues: { readonly wake: Queue; readonly deadLetters: Queue; readonly release: Queue };
  /** API calls that reached a server, `service.Operation` → count. */
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly store: JobStore;
  /** Looks at the table for people, without counting as a call of the functions. */
  uncounted<T>(work: () => Promise<T>): Promise<T>;
  runtime(functionName: string): Runtime;
  /** What `apply` will do: the compiled policy into the control bucket, and the pointer moved to it. */
  publish(policy: ResolvedPolicy): Promise<void>;
  close(): Promise<void>;
}

const account = '111122223333';
const region = 'us-east-1';
const controlBucket = 'checkpilot-control';
const startRole = 'checkpilot-reconcile';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
/** Receives before a message is dead: with the visibility time-out of the wake queue, six hours. */
const receivesMax = 12;
const wakeVisibilityMs = 30 * 60_000;

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
  const hooks = { clock: time, hold: () => time.hold(), fault };
  const deadLetters = new Queue({ name: 'wake-dead-letters', clock: time });
  const wake = new Queue({
    name: 'wake',
    clock: time,
    visibilityTimeoutMs: wakeVisibilityMs,
    redrive: { receivesMax, deadLetters },
  });
  const release = new Queue({ name: 'release.fifo', clock: time, isFifo: true });
  const callerArn = `arn:aws:sts::${account}:assumed-role/${startRole}/reconcile`;
  const emr = await startEmrServerless({ ...hooks, emr: world.emr, callerArn });
  const dynamodb = await startDynamoDb(hooks);
  const sqs = await startSqs({ ...hooks, queues: [wake, deadLetters, release] });
  const s3 = await startS3({ ...hooks, store: objects });
  const servers: readonly RunningServer[] = [emr, dynamodb, sqs, s3];

  const settings: Settings = {
    region,
    account,
    table: 'checkpilot',
    controlBucket,
    wakeQueueUrl: `${sqs.url}/${account}/${wake.name}`,
    releaseQueueUrl: `${sqs.url}/${account}/${release.name}`,
    act: 'all',
    startRole,
  };
  const endpoints = { emrServerless: emr.url, dynamodb: dynamodb.url, sqs: sqs.url, s3: s3.url };
  // Retries would wait in real time, of which the world knows nothing; a later pass is the retry here.
  const aws = { endpoints, credentials, retries: 'none' as const };
  const random = world.random.fork('checkpilot');
  const clients = awsClients({ region, clock: time, ...aws });
  const store = new DynamoDbJobStore({ client: clients.dynamodb, table: settings.table, clock: time });
  await clients.dynamodb.send(new CreateTableCommand(tableDefinition(settings.table)));
  return {
    time,
    world,
    objects,
    queues: { wake, deadLetters, release },
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
      receiver: options.receiver,
      aws,
    }),
    publish: async (policy) => {
      const answer = await publishPolicy(policy, { client: clients.s3, bucket: controlBucket, store });
      if (answer.kind === 'failed')
        throw new Error(`the policy was not published: ${answer.failure.message}`);
    },
    close: async () => {
      clients.destroy();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** Counts what reaches the servers, and asks on the way whether it shall fail. */
function callCounter(injected: LocalStackOptions['fault']) {
  const apiCalls: Record<string, number> = {};
  let isCounting = true;
  return {
    apiCalls,
    fault: (call: { service: string; operation: string }) => {
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
