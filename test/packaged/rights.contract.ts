import { readFileSync } from 'node:fs';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cloudwatchClient } from '../../src/aws/clients.ts';
import { wishItem } from '../../src/control/writes.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import { deployFunctions } from '../../src/local/functions.ts';
import type { Fault, LocalCall } from '../../src/local/http-server.ts';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { aWish } from '../support/build.ts';
import { creatorsOf } from '../support/bundles.ts';
import { evaluated, listed } from '../support/cloudformation.ts';
import { hourMs, minuteMs, startMs, testJob, testPolicy } from '../support/fleet.ts';
import { isAllowed, rightsNeeded, rolesIn } from '../support/iam.ts';
import type { Packaged } from '../support/package.ts';

const applicationId = '00test0000000001';
const slack = { channel: 'C0123PAYM', secretId: 'checkpilot/slack' };
/** What whoever deploys would say for the jobs below, and no more than that. */
const parameters = {
  AuditStreamArns: ['clicks', 'silence']
    .map((name) => `arn:aws:kinesis:us-east-1:111122223333:stream/${name}`)
    .join(','),
  Act: 'restart',
  ApplicationArns: `arn:aws:emr-serverless:us-east-1:111122223333:/applications/${applicationId}`,
  LaunchRoleArns: 'arn:aws:iam::111122223333:role/job',
  CheckpointBucketArns: 'arn:aws:s3:::acme-checkpoints',
  LogBucketArns: 'arn:aws:s3:::acme-logs',
  SlackSecretArns: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:checkpilot/slack-AbCdEf',
};
/** What Lambda does in the name of a function: write its log, take from its queue, keep what failed. */
const ofLambda = /^logs:/;
const ofMapping = /^sqs:(?:ReceiveMessage|DeleteMessage|GetQueueAttributes)$/;

/** The packaged functions, each held to the rights that its role in the packaged template has for these parameters. */
async function deployed(
  pack: Packaged,
  given: Readonly<Record<string, string>>,
  fault: (call: LocalCall, nowMs: number) => Fault | undefined = () => undefined,
) {
  const roles = rolesIn(evaluated(pack.template, given));
  const used = new Set<string>();
  const denied: string[] = [];
  const judge = (call: LocalCall): Fault | undefined => {
    const statements = roles.get(call.caller ?? '');
    // The test itself, which made the table and publishes the policy.
    if (!statements) return undefined;
    for (const right of rightsNeeded(call)) {
      const what = `${call.caller} ${right.action}`;
      used.add(what);
      if (isAllowed(statements, right)) continue;
      denied.push(`${what} on ${right.resource}`);
      return { kind: 'denied', why: `${right.action} on ${right.resource}` };
    }
    return undefined;
  };
  let nowMs = () => startMs;
  const stack = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints', 'acme-logs'],
    slackChannels: [slack.channel],
    logs: 'none',
    fault: (call) => judge(call) ?? fault(call, nowMs()),
  });
  nowMs = () => stack.time.now();
  onTestFinished(() => stack.close());
  stack.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
  const host = deployFunctions(stack, await creatorsOf(pack, [...roles.keys()]));
  return { stack, host, roles, used, denied };
}

/** A job that writes its logs and reads a stream, so that every sensor has something to ask for. */
function whole(name: string): Partial<ResolvedJob> {
  const { launch } = testJob(name, applicationId);
  return {
    source: { kinesis: { stream: 'clicks' } },
    // With it the stream is asked how long it keeps its records.
    retention: { warnAt: 0.5 },
    launch: {
      ...(launch ?? expect.fail('no launch')),
      configurationOverrides: {
        monitoringConfiguration: { s3MonitoringConfiguration: { logUri: 's3://acme-logs/' } },
      },
    },
  };
}

// Two simulated hours over real protocols.
const timeout = 300_000;

export function describeRights(pack: () => Packaged): void {
  describe('under the rights of its own role, and no others,', { timeout }, () => {
    it('each packaged function does all its work, and needs every right that it has', async () => {
      // Here the sweep has to make the passes itself, with the rights to act.
      const queueDown = { fromMs: startMs + 70 * minuteMs, toMs: startMs + 95 * minuteMs };
      const { stack, host, roles, used, denied } = await deployed(pack(), parameters, ({ service }, nowMs) =>
        service === 'sqs' && nowMs >= queueDown.fromMs && nowMs < queueDown.toMs
          ? { kind: 'internal-error' }
          : undefined,
      );
      const { world, time } = stack;
      const stalls = { cause: 'stall' as const, times: 1 };
      world.script('orders', {
        stream: 'clicks',
        dieAt: [
          { cause: 'worker-lost', atMs: startMs + 10 * minuteMs },
          { ...stalls, atMs: startMs + 35 * minuteMs },
          { cause: 'worker-lost', atMs: queueDown.fromMs + minuteMs },
        ],
      });
      world.script('clicks', {
        stream: 'clicks',
        dieAt: [{ ...stalls, atMs: queueDown.fromMs - 10 * minuteMs }],
      });
      // A job whose stream brings nothing: its metrics are asked before it is called stalled.
      world.createStream({ name: 'silence', recordsPerSecond: 0 });
      world.script('quiet', { stream: 'silence' });
      const quiet = { ...whole('quiet'), source: { kinesis: { stream: 'silence' } } };
      const jobs = { orders: whole('orders'), clicks: whole('clicks'), quiet };
      await stack.publish({ ...testPolicy(jobs), receivers: [{ name: 'platform', slack }] });
      await time.run({ untilMs: startMs + 25 * minuteMs });
      await tagAlarm(stack, 'orders-lag', 'orders');
      host.putEvent(alarmEvent());
      await leaveWishOfNobody(stack);
      stack
        .queue('WakeDeadLetters')
        .send({ body: JSON.stringify({ kind: 'job', job: 'orders', cause: 't' }) });
      await time.run({ untilMs: startMs + 2 * hourMs });

      expect(denied).toEqual([]);
      // Doors that could not hand on while the queue was down: Lambda keeps these events, the sweep sees to the jobs.
      expect(host.failed.filter(({ message }) => !message.includes('the wake queue did not take'))).toEqual(
        [],
      );
      const restarts = world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
      expect(restarts.length).toBeGreaterThanOrEqual(3);
      expect(world.journal.ofKind('cancel-accepted').length).toBeGreaterThanOrEqual(2);
      expect(stack.slackPosts.length).toBeGreaterThan(0);
      const unused = [...roles].flatMap(([name, statements]) =>
        statements
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap(({ Action }) => listed(Action))
          .filter((action) => !ofLambda.test(action) && (name === 'sweep' || !ofMapping.test(action)))
          .map((action) => `${name} ${action}`)
          .filter((what) => !used.has(what)),
      );
      // Records are read where a shard was closed and its end is not in the checkpoint. No stream of the local world has its
      // shards changed yet, so these calls are made in test/aws alone.
      const ofClosedShards = ['kinesis:GetShardIterator', 'kinesis:GetRecords'];
      expect(unused).toEqual([
        ...ofClosedShards.map((action) => `reconcile ${action}`),
        // Reading an object that is not there is answered "denied", not "no such key", to those who may not list.
        'release s3:ListBucket',
        'notify s3:ListBucket',
        // A stream is asked once a day how long it keeps its records, and here reconcile has asked before the queue was down.
        'sweep kinesis:DescribeStreamSummary',
        ...ofClosedShards.map((action) => `sweep ${action}`),
      ]);
    });

    it('none can start or cancel a run with Act: none, whatever its settings and the policy say', async () => {
      // The environment of the local stack says `all`: here the roles alone stand between a wish and a run.
      const { stack, denied } = await deployed(pack(), { ...parameters, Act: 'none' });
      const { world, time } = stack;
      world.script('orders', { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] });
      const policy = testPolicy({ orders: whole('orders') });
      const { launch } = policy.jobs.orders ?? expect.fail('no job');
      const request = { ...structuredClone(launch), clientToken: 'ana-1' };
      world.emr.startJobRun(request as never, { arn: 'arn:aws:iam::111122223333:user/ana' });
      await stack.publish(policy);
      await time.run({ untilMs: startMs + hourMs });
      expect(world.journal.ofKind('start-accepted')).toHaveLength(1);
      expect(new Set(denied)).toEqual(
        new Set([`reconcile emr-serverless:StartJobRun on ${parameters.ApplicationArns}`]),
      );
    });
  });
}

/** A wish whose job has no record any more: the index of wishes is cleared of it. */
async function leaveWishOfNobody({ store }: LocalStack): Promise<void> {
  const gone = testJob('gone', applicationId);
  const wish = aWish({ createdAtMs: startMs, notBeforeMs: startMs });
  await store.commit([{ put: wishItem(gone, wish), seenRev: 'absent' }]);
}

async function tagAlarm(stack: LocalStack, alarm: string, job: string): Promise<void> {
  const { aws } = stack.runtime('test');
  const client = cloudwatchClient({ region: 'us-east-1', clock: stack.time, ...aws });
  onTestFinished(() => client.destroy());
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: alarm,
      Namespace: 'Shop',
      MetricName: 'Complaints',
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      Threshold: 1,
      Tags: [{ Key: 'checkpilot:job', Value: job }],
    }),
  );
}

function alarmEvent(): unknown {
  const text = readFileSync(new URL('../fixtures/alarms/metric.json', import.meta.url), 'utf8');
  return JSON.parse(text.replaceAll('123456789012', '111122223333'));
}
