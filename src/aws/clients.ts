import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '../control/ports.ts';
import { systemClock } from './system-clock.ts';

export interface AwsClientOptions {
  readonly region: string;
  /** Any clock but `systemClock` is virtual: requests are then signed with its time, and never corrected. */
  readonly clock: Clock;
  /** Left out, the SDK's own rules hold: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, then AWS. */
  readonly endpoints?: {
    readonly emrServerless?: string | undefined;
    readonly cloudwatch?: string | undefined;
    readonly cloudwatchLogs?: string | undefined;
    readonly eventBridge?: string | undefined;
    readonly kinesis?: string | undefined;
    readonly secretsManager?: string | undefined;
    readonly dynamodb?: string | undefined;
    readonly sqs?: string | undefined;
    readonly s3?: string | undefined;
  };
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** `standard` (the default) is three attempts by the SDK's rules; `none` is one. */
  readonly retries?: 'none' | 'standard';
  readonly timeouts?: { readonly connectMs: number; readonly requestMs: number };
}

export interface AwsClients {
  readonly emrServerless: EMRServerlessClient;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly cloudwatch: CloudWatchClient;
  /** Closes the kept-alive connections; the clients must not be used after it. */
  destroy(): void;
}

// A request that AWS has not answered in 5 s is as good as lost: calls here take well under a second, and the
// functions have other jobs to look after. Two time-outs fit into the 10 s that a start may take.
const defaultTimeouts = { connectMs: 2_000, requestMs: 5_000 };

/** All clients at once. A function that needs only some calls their own makers, so that its bundle stays small. */
export function awsClients(options: AwsClientOptions): AwsClients {
  const emrServerless = emrServerlessClient(options);
  const dynamodb = dynamodbClient(options);
  const sqs = sqsClient(options);
  const s3 = s3Client(options);
  const cloudwatch = cloudwatchClient(options);
  return {
    emrServerless,
    dynamodb,
    sqs,
    s3,
    cloudwatch,
    destroy: () => {
      for (const client of [emrServerless, dynamodb, sqs, s3, cloudwatch]) client.destroy();
    },
  };
}

export function emrServerlessClient(options: AwsClientOptions): EMRServerlessClient {
  const client = new EMRServerlessClient({ ...common(options), ...at(options.endpoints?.emrServerless) });
  signWithClock(client, options.clock);
  return client;
}

/** Speaks plain values; absent optional fields (`undefined`) are left out of items. */
export function dynamodbClient(options: AwsClientOptions): DynamoDBDocumentClient {
  const client = new DynamoDBClient({ ...common(options), ...at(options.endpoints?.dynamodb) });
  signWithClock(client, options.clock);
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

export function sqsClient(options: AwsClientOptions): SQSClient {
  const client = new SQSClient({ ...common(options), ...at(options.endpoints?.sqs) });
  signWithClock(client, options.clock);
  return client;
}

export function cloudwatchClient(options: AwsClientOptions): CloudWatchClient {
  const client = new CloudWatchClient({ ...common(options), ...at(options.endpoints?.cloudwatch) });
  signWithClock(client, options.clock);
  return client;
}

/** The SDK speaks HTTP/2 with Kinesis, with time-outs of other names; two rare calls need none of it. */
export function kinesisClient(options: AwsClientOptions): KinesisClient {
  const { requestHandler, ...rest } = common(options);
  const client = new KinesisClient({
    ...rest,
    requestHandler: new NodeHttpHandler(requestHandler),
    ...at(options.endpoints?.kinesis),
  });
  signWithClock(client, options.clock);
  return client;
}

export function cloudwatchLogsClient(options: AwsClientOptions): CloudWatchLogsClient {
  const client = new CloudWatchLogsClient({ ...common(options), ...at(options.endpoints?.cloudwatchLogs) });
  signWithClock(client, options.clock);
  return client;
}

export function eventBridgeClient(options: AwsClientOptions): EventBridgeClient {
  const client = new EventBridgeClient({ ...common(options), ...at(options.endpoints?.eventBridge) });
  signWithClock(client, options.clock);
  return client;
}

export function secretsManagerClient(options: AwsClientOptions): SecretsManagerClient {
  const client = new SecretsManagerClient({ ...common(options), ...at(options.endpoints?.secretsManager) });
  signWithClock(client, options.clock);
  return client;
}

/** Path style with an endpoint of its own, because `bucket.127.0.0.1` is no host. */
export function s3Client(options: AwsClientOptions): S3Client {
  const endpoint = options.endpoints?.s3 ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    ...common(options),
    ...at(options.endpoints?.s3),
    forcePathStyle: endpoint !== undefined,
  });
  signWithClock(client, options.clock);
  return client;
}

function common(options: AwsClientOptions) {
  const { connectMs, requestMs } = options.timeouts ?? defaultTimeouts;
  return {
    region: options.region,
    maxAttempts: options.retries === 'none' ? 1 : 3,
    retryMode: 'standard',
    // Without throwOnRequestTimeout the SDK only warns and keeps waiting. Connections are kept alive by default.
    // requestTimeout ends with the headers of an answer; a body in which nothing moves any more is socketTimeout's.
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: requestMs,
      socketTimeout: requestMs,
      throwOnRequestTimeout: true,
    },
    // In virtual time the SDK would see a skew of years in every answer, and retry any error because of it.
    disableClockSkewCorrection: options.clock !== systemClock,
    ...(options.credentials ? { credentials: options.credentials } : {}),
  } as const;
}

function at(endpoint: string | undefined): { endpoint?: string } {
  return endpoint === undefined ? {} : { endpoint };
}

interface SigningClient {
  readonly config: Pick<EMRServerlessClient['config'], 'signer'>;
}

/** Signs each attempt with the time of `clock` at that moment. The SDK asks `config.signer` once per attempt. */
function signWithClock(client: SigningClient, clock: Clock): void {
  if (clock === systemClock) return;
  const signerOf = client.config.signer;
  client.config.signer = async (authScheme) => {
    const signer = await signerOf(authScheme);
    return {
      sign: (request, options) => signer.sign(request, { ...options, signingDate: new Date(clock.now()) }),
    };
  };
}
