import { PutMetricAlarmCommand, TagResourceCommand } from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cloudwatchClient } from '../../src/aws/clients.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { AlarmsDone } from '../../src/cli/apply-alarms.ts';
import { as, keys } from '../../src/control/items.ts';
import { deployFunctions } from '../../src/local/functions.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { startLocalStack } from '../../src/local/stack.ts';
import { failing, scripted } from '../aws/scripted-server.ts';
import { cli, folderWith, policyText } from './support.ts';

const applicationId = '00test0000000001';
const minuteMs = 60_000;

/** The real command against the local stack; `calls` counts what reached CloudWatch. */
async function bench(fault?: (operation: string) => Fault | undefined) {
  const stack = await startLocalStack({
    seed: 1,
    startMs: Date.now(),
    buckets: ['bucket'],
    fault: ({ service, operation }) => (service === 'cloudwatch' ? fault?.(operation) : undefined),
  });
  onTestFinished(() => stack.close());
  const { endpoints } = stack.runtime('apply').aws ?? expect.fail('no endpoints');
  const env: Record<string, string | undefined> = {
    CHECKPILOT_TABLE: 'checkpilot',
    CHECKPILOT_CONTROL_BUCKET: 'checkpilot-control',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints?.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints?.s3,
    AWS_ENDPOINT_URL_CLOUDWATCH: endpoints?.cloudwatch,
  };
  const apply = (policy: string | undefined, args: readonly string[] = ['--yes']) => {
    const cwd = folderWith(policy === undefined ? {} : { 'policy.yaml': policy });
    const files = policy === undefined ? [] : ['policy.yaml'];
    const clock = { now: systemClock.now, sleep: async () => {} };
    return cli(['apply', ...files, ...args], { cwd, env, clock });
  };
  const applied = async (policy: string, expectedCode = 0) => {
    const { code, out } = await apply(policy, ['--yes', '--json']);
    expect(code).toBe(expectedCode);
    return JSON.parse(out) as { ok: boolean; kind: string; alarms?: AlarmsDone };
  };
  const client = cloudwatchClient({ region: 'us-east-1', clock: systemClock, endpoints: { ...endpoints } });
  onTestFinished(() => client.destroy());
  /** An alarm that somebody else made, whatever its name. */
  const somebodyMakes = (name: string, tags: Readonly<Record<string, string>> = {}) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName: name,
        Namespace: 'Shop',
        MetricName: 'Complaints',
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        Threshold: 1,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
  const calls = () =>
    Object.fromEntries(Object.entries(stack.apiCalls).filter(([name]) => name.startsWith('cloudwatch.')));
  return { stack, env, apply, applied, client, somebodyMakes, calls };
}

const managed = 'alarms: { managed: true }';
const plain = policyText({ orders: '' });
const watched = policyText({ orders: `source: { kinesis: { stream: sales } }, ${managed}` });
const both = ['checkpilot-orders-no-worker', 'checkpilot-orders-iterator-age'];

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  return () => vi.unstubAllEnvs();
});

describe('apply with managed alarms', () => {
  it('makes them, tagged for their job, and says what they cost', async () => {
    const { stack, apply } = await bench();
    const { code, out, err } = await apply(watched);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(
      '  + alarm checkpilot-orders-no-worker\n  + alarm checkpilot-orders-iterator-age\n',
    );
    expect(out).toContain(`Alarms: made ${both.join(', ')}.\n`);
    expect(out).toContain('about $0.30 a month');
    expect([...stack.alarms.keys()]).toEqual(both);
    const [workers, age] = [...stack.alarms.values()];
    expect(Object.fromEntries(workers?.tags ?? [])).toEqual({
      'checkpilot:job': 'orders',
      'checkpilot:managed': 'true',
      'checkpilot:table': 'checkpilot',
    });
    expect(workers).toMatchObject({ TreatMissingData: 'breaching', ComparisonOperator: 'LessThanThreshold' });
    expect(workers?.Metrics?.[0]?.Expression).toBe(
      `SELECT COUNT(WorkerMemoryUsed) FROM "AWS/EMRServerless" WHERE JobName = 'orders' AND ApplicationId = '00f1cbsc6anuij25'`,
    );
    expect(age).toMatchObject({
      TreatMissingData: 'notBreaching',
      Dimensions: [{ Name: 'StreamName', Value: 'sales' }],
    });
  });

  it('leaves them alone when they are right, and writes nothing', async () => {
    const { applied, calls } = await bench();
    await applied(watched);
    const before = calls();
    expect(await applied(watched)).toMatchObject({
      ok: true,
      kind: 'unchanged',
      alarms: { kept: 2, made: [] },
    });
    expect(calls()).toEqual({
      ...before,
      'cloudwatch.DescribeAlarms': (before['cloudwatch.DescribeAlarms'] ?? 0) + 1,
    });
  });

  it('shows on a dry run what it would do, and makes none', async () => {
    const { stack, apply, calls } = await bench();
    const { code, out } = await apply(watched, ['--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/\+ alarm checkpilot-orders-no-worker\n.*\n.*a month.*\nNothing was written\.\n$/);
    const json = JSON.parse((await apply(watched, ['--dry-run', '--json'])).out);
    expect(json).toMatchObject({ kind: 'dry-run', alarms: { made: both, monthlyUsd: 0.3 } });
    expect(stack.alarms.size).toBe(0);
    expect(calls()).toEqual({ 'cloudwatch.DescribeAlarms': 2 });
  });

  it('sets right what somebody changed, and keeps the actions that people hung on', async () => {
    const { stack, applied, client } = await bench();
    await applied(watched);
    const [name = ''] = both;
    const { tags: _, AlarmArn: __, ...alarm } = stack.alarms.get(name) ?? expect.fail('no alarm');
    const AlarmActions = ['arn:aws:sns:us-east-1:111122223333:oncall'];
    await client.send(new PutMetricAlarmCommand({ ...alarm, AlarmActions }));
    expect(await applied(watched)).toMatchObject({ alarms: { changed: [], kept: 2 } });
    await client.send(new PutMetricAlarmCommand({ ...alarm, EvaluationPeriods: 60, AlarmActions }));
    expect(await applied(watched)).toMatchObject({ kind: 'unchanged', alarms: { changed: [name], kept: 1 } });
    expect(stack.alarms.get(name)).toMatchObject({ EvaluationPeriods: 5, AlarmActions });
    expect(stack.alarms.get(name)?.tags.get('checkpilot:job')).toBe('orders');
  });

  it('deletes those of a job that asks for them no longer, and makes them again on the way back', async () => {
    const { stack, applied, apply } = await bench();
    await applied(watched);
    expect(await applied(plain)).toMatchObject({ alarms: { deleted: [...both].sort(), monthlyUsd: 0 } });
    expect(stack.alarms.size).toBe(0);
    expect(await apply(undefined, ['--rollback', '--yes'])).toMatchObject({ code: 0 });
    expect([...stack.alarms.keys()]).toEqual(both);
  });

  it('deletes nothing of anybody else, however it is called', async () => {
    const { stack, applied, somebodyMakes } = await bench();
    await somebodyMakes('checkpilot-is-great');
    await somebodyMakes('checkpilot-old-no-worker', { 'checkpilot:managed': 'true' });
    await somebodyMakes('checkpilot-twin-no-worker', {
      'checkpilot:managed': 'true',
      'checkpilot:table': 'checkpilot-twin',
    });
    await somebodyMakes('checkpilot-gone-no-worker', {
      'checkpilot:managed': 'true',
      'checkpilot:table': 'checkpilot',
    });
    expect(await applied(watched)).toMatchObject({ alarms: { deleted: ['checkpilot-gone-no-worker'] } });
    expect([...stack.alarms.keys()].sort()).toEqual(
      ['checkpilot-is-great', 'checkpilot-old-no-worker', 'checkpilot-twin-no-worker', ...both].sort(),
    );
  });

  it('does not take over an alarm of somebody else, and says so', async () => {
    const { stack, applied, apply, somebodyMakes, client } = await bench();
    await somebodyMakes('checkpilot-orders-no-worker');
    const first = await applied(watched, 1);
    expect(first).toMatchObject({ ok: false, kind: 'applied', alarms: { made: [both[1]] } });
    expect(stack.alarms.get('checkpilot-orders-no-worker')).toMatchObject({ MetricName: 'Complaints' });
    expect(await apply(watched)).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^alarm checkpilot-orders-no-worker: .* did not make.*\nRename or delete it/,
      ),
    });
    const ResourceARN = stack.alarms.get('checkpilot-orders-no-worker')?.AlarmArn;
    const Tags = Object.entries({ 'checkpilot:managed': 'true', 'checkpilot:table': 'checkpilot' });
    await client.send(
      new TagResourceCommand({ ResourceARN, Tags: Tags.map(([Key, Value]) => ({ Key, Value })) }),
    );
    expect(await applied(watched)).toMatchObject({ alarms: { changed: ['checkpilot-orders-no-worker'] } });
  });

  it('asks CloudWatch nothing for a policy without such alarms', async () => {
    const { applied, calls } = await bench();
    expect((await applied(plain)).alarms).toBeUndefined();
    await applied(policyText({ orders: 'alarms: { names: ["orders-*"] }' }));
    expect(calls()).toEqual({});
  });

  it('asks before it touches alarms under a policy that is in force already', async () => {
    const { stack, applied, apply, client } = await bench();
    await applied(watched);
    const [name = ''] = both;
    const { tags: _, AlarmArn: __, ...alarm } = stack.alarms.get(name) ?? expect.fail('no alarm');
    await client.send(new PutMetricAlarmCommand({ ...alarm, Threshold: 7 }));
    expect(await apply(watched, [])).toMatchObject({
      code: 5,
      out: expect.stringContaining(`  ~ alarm ${name}\n`),
    });
    expect(stack.alarms.get(name)?.Threshold).toBe(7);
  });

  it('lists more alarms than fit on a page', async () => {
    const { applied, stack } = await bench();
    const jobs = Array.from({ length: 120 }, (_, index) => [`job-${index}`, managed] as const);
    await applied(policyText(Object.fromEntries(jobs)));
    expect(stack.alarms.size).toBe(120);
    expect(await applied(policyText(Object.fromEntries(jobs)))).toMatchObject({ alarms: { kept: 120 } });
  });
});

describe('without CloudWatch', () => {
  it('the policy is in force all the same, and the missing right is named', async () => {
    const { stack, env, apply, applied } = await bench();
    const server = await scripted(failing('AccessDenied', { status: 403 }));
    const real = env.AWS_ENDPOINT_URL_CLOUDWATCH;
    env.AWS_ENDPOINT_URL_CLOUDWATCH = server.url;
    const { code, out, err } = await apply(watched);
    expect(code).toBe(1);
    expect(out).toContain('In force: ');
    expect(err).toMatch(/^alarms: AccessDenied.*\n.*cloudwatch:DescribeAlarms.*apply again\.\n$/);
    const read = await stack.store.read([keys.policy]);
    expect(read.ok && as('policy', read.value.items[0])?.rev).toBe(1);

    env.AWS_ENDPOINT_URL_CLOUDWATCH = real;
    expect(await applied(watched)).toMatchObject({ kind: 'unchanged', alarms: { made: both } });
  });

  it('it says how to delete what the policy of before has left', async () => {
    const { env, applied, apply } = await bench();
    await applied(watched);
    const server = await scripted(failing('AccessDenied', { status: 403 }));
    env.AWS_ENDPOINT_URL_CLOUDWATCH = server.url;
    const { code, err } = await apply(plain);
    expect(code).toBe(1);
    expect(err).toContain(`aws cloudwatch delete-alarms --alarm-names ${both.join(' ')}`);
  });

  it('it says so as well when it lists them and deletes none', async () => {
    const { stack, applied, apply } = await bench((operation) =>
      operation === 'DeleteAlarms' ? { kind: 'internal-error' } : undefined,
    );
    await applied(watched);
    const { code, out, err } = await apply(plain);
    expect({ code, inForce: out.includes('In force: ') }).toEqual({ code: 1, inForce: true });
    expect(err).toContain('aws cloudwatch delete-alarms --alarm-names checkpilot-orders-no-worker.\n');
    expect(stack.alarms.size).toBe(2);
  });

  it('one alarm that cannot be made does not keep the others from it', async () => {
    let puts = 0;
    const { stack, applied } = await bench((operation) =>
      operation === 'PutMetricAlarm' && puts++ < 3 ? { kind: 'internal-error' } : undefined,
    );
    expect(await applied(watched, 1)).toMatchObject({
      alarms: { made: [both[1]], problems: [{ alarm: both[0] }] },
    });
    expect(await applied(watched)).toMatchObject({ alarms: { made: [both[0]], kept: 1 } });
    expect(stack.alarms.size).toBe(2);
  });

  it('a throttled put waits its turn', async () => {
    let puts = 0;
    const { applied } = await bench((operation) =>
      operation === 'PutMetricAlarm' && puts++ < 5 ? { kind: 'throttle' } : undefined,
    );
    expect(await applied(watched)).toMatchObject({ ok: true, alarms: { made: both } });
  });
});

describe('an alarm that apply made', () => {
  it('wakes its job, and no other', async () => {
    const { stack, applied } = await bench();
    stack.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
    const spec = `launch: { spec: { executionRoleArn: "arn:aws:iam::111122223333:role/x", entryPoint: s3://bucket/job.py } }`;
    const job = `mode: act, ${managed}, ${spec}`;
    await applied(policyText({ orders: job, clicks: job }).replace('00f1cbsc6anuij25', applicationId));
    const host = deployFunctions(stack);
    const quietAtMs = stack.time.now() + 10.5 * minuteMs;
    await stack.time.run({ untilMs: quietAtMs });
    const alarm = stack.alarms.get('checkpilot-clicks-no-worker') ?? expect.fail('no alarm');
    host.putEvent({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      resources: [alarm.AlarmArn],
      detail: {
        alarmName: alarm.AlarmName,
        configuration: { metrics: alarm.Metrics },
        state: { value: 'ALARM', timestamp: '2026-11-23T03:00:00.000+0000' },
      },
    });
    await stack.time.run({ untilMs: quietAtMs + 5_000 });
    const read = await stack.store.read([keys.record('orders'), keys.record('clicks')]);
    const looked = (read.ok ? read.value.items : []).map((item) => as('record', item)?.last?.lastAtMs ?? 0);
    expect(looked.map((atMs) => atMs >= quietAtMs)).toEqual([false, true]);
    expect(stack.apiCalls['cloudwatch.ListTagsForResource']).toBe(1);
  });
});
