import type { Command } from 'commander';
import { awsClients } from '../aws/clients.ts';
import { DynamoDbJobStore } from '../aws/dynamodb-job-store.ts';
import { noPolicy, S3Policies } from '../aws/s3-policies.ts';
import { SqsWakeQueue } from '../aws/sqs-wake-queue.ts';
import { systemClock } from '../aws/system-clock.ts';
import type { OrderPorts } from '../control/orders.ts';
import type { Log, Ports, WakeQueue } from '../control/ports.ts';
import { jobNamed, type ResolvedJob, type ResolvedPolicy } from '../core/job.ts';
import { suggest } from '../policy/suggest.ts';
import { ulids } from '../runtime/ids.ts';
import { readHint } from './advice.ts';
import { type ExitCode, exitCodes, type Host } from './host.ts';
import { fail } from './problems.ts';
import { readTarget, strangerHere, type Target, type TargetOptions, whichDeployment } from './target.ts';

/** A running Checkpilot as a person's command sees it: its table, its policy, its wake queue. */
export interface Deployment {
  readonly ports: OrderPorts & Pick<Ports, 'policies'>;
  readonly policy: ResolvedPolicy;
}

export type DeploymentOptions = TargetOptions & { readonly queue?: string };

/** The flags that name a deployment, the same for every verb that talks to one. */
export function withDeploymentFlags(command: Command): Command {
  return command
    .option('--table <name>', 'table of Checkpilot (CHECKPILOT_TABLE)')
    .option('--bucket <name>', 'control bucket (CHECKPILOT_CONTROL_BUCKET)')
    .option('--region <region>', 'Region of the deployment (AWS_REGION)')
    .option('--account <id>', 'account of the deployment (CHECKPILOT_ACCOUNT); any other policy is refused')
    .option(
      '--queue <url>',
      'wake queue (CHECKPILOT_WAKE_QUEUE_URL); without it an order is seen within a minute',
    )
    .option('--endpoint-url <url>', 'another endpoint for all services, such as the local stack');
}

/** Connects, reads the policy in force, hands both to `work`, and closes the connections whatever happens. */
export async function withDeployment(
  options: DeploymentOptions,
  host: Host,
  work: (deployment: Deployment) => Promise<ExitCode>,
): Promise<ExitCode> {
  const target = readTarget(options, host);
  const queueFault = faultOfQueue(options, host);
  if ('faults' in target || queueFault !== undefined) {
    const faults = 'faults' in target ? target.faults : [];
    return whichDeployment([...faults, ...(queueFault === undefined ? [] : [queueFault])], host);
  }
  return connected(target, options, host, async (ports) => {
    const current = await ports.policies.current();
    if (!current.ok) {
      const { code } = current;
      const message = `the policy in force cannot be read (table ${target.table}, bucket ${target.bucket}): ${current.message}`;
      const hint = current.message === noPolicy ? 'Run checkpilot apply first.' : readHint(current);
      return fail(host, exitCodes.failed, { code, message, hint });
    }
    const stranger = strangerHere(current.value.policy, target);
    if (stranger !== undefined) {
      return fail(host, exitCodes.refused, { code: 'refused', message: stranger });
    }
    return work({ ports, policy: current.value.policy });
  });
}

/** A queue that cannot be one: the order would be written, and then wait for the sweep without a word. */
function faultOfQueue({ queue }: DeploymentOptions, { env }: Host): string | undefined {
  const url = queue ?? (env.CHECKPILOT_WAKE_QUEUE_URL || undefined);
  // Host, account, name: what AWS and its stand-ins answer with.
  if (url === undefined || (/^https?:\/\/[^/]+\/[^/]/i.test(url) && URL.canParse(url))) return undefined;
  const setting = queue === undefined ? 'CHECKPILOT_WAKE_QUEUE_URL' : '--queue';
  return `${setting} "${url}" is no URL of a queue; it is written like https://sqs.us-east-1.amazonaws.com/111122223333/NAME, and may be left out`;
}

/** Only the table: for what must work when policy, bucket or queue are broken. */
export async function withTable(
  options: DeploymentOptions,
  host: Host,
  work: (ports: Deployment['ports']) => Promise<ExitCode>,
): Promise<ExitCode> {
  const target = readTarget(options, host, false);
  if ('faults' in target) return whichDeployment(target.faults, host);
  return connected(target, options, host, work);
}

async function connected(
  target: Target,
  options: DeploymentOptions,
  host: Host,
  work: (ports: Deployment['ports']) => Promise<ExitCode>,
): Promise<ExitCode> {
  const clock = host.clock ?? systemClock;
  const clients = awsClients({
    region: target.region,
    clock,
    endpoints: target.endpoints,
    ...host.aws,
  });
  try {
    const store = new DynamoDbJobStore({ client: clients.dynamodb, table: target.table, clock });
    const wakeQueueUrl = options.queue ?? host.env.CHECKPILOT_WAKE_QUEUE_URL;
    return await work({
      clock,
      store,
      ids: ulids(clock, Math.random),
      wakes: wakeQueueUrl
        ? new SqsWakeQueue({ client: clients.sqs, wakeQueueUrl, releaseQueueUrl: '', notifyQueueUrl: '' })
        : noQueue,
      policies: new S3Policies({ client: clients.s3, bucket: target.bucket, store, log: silent }),
      // The rights of the functions are the stack's; what a person orders is judged again there.
      act: 'all',
    });
  } finally {
    clients.destroy();
  }
}

/** The job of that name, or a sentence with the nearest one. */
export function findJob({ policy }: Deployment, name: string, host: Host): ResolvedJob | undefined {
  const job = jobNamed(policy, name);
  if (job) return job;
  const names = Object.keys(policy.jobs);
  const meant = suggest(name, names);
  const message = `the policy in force has no job "${name}". ${meant ? `Did you mean "${meant}"?` : `It has: ${names.join(', ')}.`}`;
  fail(host, exitCodes.usage, { code: 'no-such-job', message });
  return undefined;
}

/** Without a queue nothing is lost: the order makes its job due, and the sweep finds it within a minute. */
const noQueue: WakeQueue = {
  send: async () => ({ ok: true, value: undefined }),
  release: async () => ({ ok: true, value: undefined }),
  notify: async () => ({ ok: true, value: undefined }),
};

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
