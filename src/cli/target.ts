import { type AwsClients, awsClients } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { systemClock } from '../aws/system-clock.ts';
import type { JobStore } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import type { ExitCode, Host } from './host.ts';
import { misused } from './problems.ts';

/** Flags that name a deployment; what is left out comes from the environment, as in the functions. */
export interface TargetOptions {
  readonly table?: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly account?: string;
  readonly endpointUrl?: string;
}

/** One deployment of Checkpilot: its table and its control bucket. */
export interface Target {
  readonly table: string;
  readonly bucket: string;
  readonly region: string;
  /** Known only where somebody says it; a policy for another account is refused then. */
  readonly account?: string;
  readonly endpoints: {
    readonly dynamodb?: string | undefined;
    readonly s3?: string | undefined;
    readonly sqs?: string | undefined;
    readonly cloudwatch?: string | undefined;
  };
}

/** The target, or every setting that it lacks. */
export function readTarget(
  options: TargetOptions,
  { env }: Host,
  /** Orders to the whole fleet read no policy: they have to work when it is broken. */
  needsBucket = true,
): Target | { readonly faults: readonly string[] } {
  const faults: string[] = [];
  const need = (flag: string, given: string | undefined, ...names: readonly string[]): string => {
    const value = given ?? names.map((name) => env[name]).find((each) => each !== undefined && each !== '');
    if (value === undefined) faults.push(`${flag} is not given, and ${names.join(' and ')} not set`);
    return value ?? '';
  };
  const account = options.account ?? env.CHECKPILOT_ACCOUNT;
  const shared = options.endpointUrl ?? env.AWS_ENDPOINT_URL;
  const endpointOf = (service: string) => {
    const url = (options.endpointUrl ?? env[`AWS_ENDPOINT_URL_${service}`] ?? shared) || undefined;
    const name = env[`AWS_ENDPOINT_URL_${service}`] ? `AWS_ENDPOINT_URL_${service}` : 'AWS_ENDPOINT_URL';
    const fault = endpointFault(options.endpointUrl === undefined ? name : '--endpoint-url', url);
    if (fault !== undefined && !faults.includes(fault)) faults.push(fault);
    return url;
  };
  const target: Target = {
    table: need('--table', options.table, 'CHECKPILOT_TABLE'),
    bucket: needsBucket ? need('--bucket', options.bucket, 'CHECKPILOT_CONTROL_BUCKET') : '',
    region: need('--region', options.region, 'AWS_REGION', 'AWS_DEFAULT_REGION'),
    ...(account ? { account } : {}),
    endpoints: {
      dynamodb: endpointOf('DYNAMODB'),
      sqs: endpointOf('SQS'),
      s3: endpointOf('S3'),
      cloudwatch: endpointOf('CLOUDWATCH'),
    },
  };
  return faults.length > 0 ? { faults } : target;
}

/** Wrong usage: says what is missing, and where a newcomer finds it. */
export function whichDeployment(faults: readonly string[], host: Host): ExitCode {
  const isMissing = faults.some((fault) => fault.includes('is not given'));
  return misused(host, faults.join('\n'), isMissing ? outputsOf : undefined);
}

const outputsOf =
  "Table and bucket are outputs of the stack: aws cloudformation describe-stacks --stack-name checkpilot --query 'Stacks[0].Outputs'";

/** What is wrong with the address of a service, which `setting` gives. */
export function endpointFault(setting: string, url: string | undefined): string | undefined {
  if (url === undefined || (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url))) return undefined;
  return `${setting} "${url}" is no URL; it is written like http://127.0.0.1:4566`;
}

/** Why this policy must not be applied here; undefined if it may. */
export function strangerHere(
  { name, accountId, region }: ResolvedPolicy,
  target: Target,
): string | undefined {
  if (region !== target.region) {
    return `policy ${name} is for Region ${region}, and this is ${target.region}; apply it there, or mend metadata.region`;
  }
  if (target.account !== undefined && accountId !== target.account) {
    return `policy ${name} is for account ${accountId}, and this is ${target.account}; apply it there, or mend metadata.accountId`;
  }
  return undefined;
}

export interface Connection {
  readonly clients: AwsClients;
  readonly store: JobStore;
}

/** The caller destroys the clients when it is done. */
export function connect({ region, table, endpoints }: Target): Connection {
  const clients = awsClients({ region, clock: systemClock, endpoints });
  return { clients, store: new DynamoDbJobStore({ client: clients.dynamodb, table, clock: systemClock }) };
}
