import { readFileSync } from 'node:fs';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cloudwatchClient } from '../../src/aws/clients.ts';
import { as, keys } from '../../src/control/items.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import { deployFunctions } from '../../src/local/functions.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { startLocalStack } from '../../src/local/stack.ts';
import { minuteMs, startMs, testPolicy } from '../support/fleet.ts';

const account = '111122223333';
const applicationId = '00test0000000001';
const quietAtMs = startMs + 10.5 * minuteMs;

type Payload = { [key: string]: Payload };

/** The event of a fixture with its alarm under another name. */
function event(name: string, alarm = 'orders-lag'): Payload {
  const text = readFileSync(new URL(`../fixtures/alarms/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text.replaceAll('orders-lag', alarm).replaceAll('123456789012', account));
}

async function start(
  jobs: Readonly<Record<string, Partial<ResolvedJob>>>,
  fault?: () => Fault | undefined,
  isQueueDown = () => false,
) {
  const stack = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints'],
    logs: 'none',
    fault: ({ service }) => {
      if (service === 'sqs' && isQueueDown()) return { kind: 'internal-error' };
      return service === 'cloudwatch' ? fault?.() : undefined;
    },
  });
  onTestFinished(() => stack.close());
  stack.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
  for (const job of Object.keys(jobs)) stack.world.script(job, {});
  await stack.publish(testPolicy(jobs));
  const host = deployFunctions(stack);
  /** Hands the payload to the door and answers with the jobs that were looked at from then on. */
  const woken = async (payload: unknown, withinMs = 5_000) => {
    await stack.time.run({ untilMs: quietAtMs });
    host.invokeAsync('alarm', payload);
    await stack.time.run({ untilMs: quietAtMs + withinMs });
    const names = Object.keys(jobs);
    const read = await stack.store.read(names.map((job) => keys.record(job)));
    const records = read.ok ? read.value.items : expect.fail(read.message);
    return names.filter((_, index) => {
      const lastAtMs = as('record', records[index])?.last?.lastAtMs ?? expect.fail('no decision yet');
      return lastAtMs >= quietAtMs;
    });
  };
  const { aws } = stack.runtime('test');
  const client = cloudwatchClient({ region: 'us-east-1', clock: stack.time, ...aws });
  onTestFinished(() => client.destroy());
  /** An alarm as a person makes it, tagged for a job. */
  const tag = (alarm: string, job: string) =>
    client.send(
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
  return { stack, host, woken, tag };
}

const two = { orders: {}, clicks: {} };

describe('an alarm', () => {
  it('wakes the job that its tag names, and no other', async () => {
    const { woken, tag, host } = await start(two);
    await tag('complaints', 'clicks');
    expect(await woken(event('metric', 'complaints'))).toEqual(['clicks']);
    expect(host.failed).toEqual([]);
  });

  it('wakes the job whose run its metrics name', async () => {
    const { woken } = await start(two);
    const payload = JSON.stringify(event('metric-math')).replaceAll('00f1cbsc6anuij25', applicationId);
    expect(await woken(JSON.parse(payload))).toEqual(['orders']);
  });

  it('wakes the job of the run whose id its metrics name, where the name says nothing', async () => {
    const { stack, woken } = await start(two);
    await stack.time.run({ untilMs: quietAtMs });
    const run = stack.world.journal.ofKind('start-accepted').find(({ job }) => job === 'clicks');
    const payload = JSON.stringify(event('metric-math'))
      .replaceAll('00f1cbsc6anuij25', applicationId)
      .replaceAll('00f1djsc6anuij25', run?.jobRunId ?? expect.fail('no run'))
      .replaceAll('"JobName":"orders"', '"JobName":"[Unspecified]"');
    expect(await woken(JSON.parse(payload))).toEqual(['clicks']);
  });

  it('wakes every job whose policy names it, by a Lambda action as well', async () => {
    const alarms = { names: ['orders-*'], managed: false };
    const { woken } = await start({ orders: { alarms }, clicks: { alarms }, ledger: {} });
    expect(await woken(event('lambda-action'))).toEqual(['orders', 'clicks']);
  });

  it('of a stream wakes its readers, also when its data ran out', async () => {
    const { woken } = await start({ ...two, clicks: { source: { kinesis: { stream: 'orders' } } } });
    expect(await woken(event('insufficient-data'))).toEqual(['clicks']);
  });

  it.each(['ok', 'muted', 'suppressed'])('wakes nobody when it is %s', async (name) => {
    const { woken, tag, stack, host } = await start(two);
    await tag('orders-lag', 'orders');
    await tag('orders-slow-and-old', 'orders');
    expect(await woken(event(name))).toEqual([]);
    expect(host.failed).toEqual([]);
    expect(stack.apiCalls['cloudwatch.ListTagsForResource']).toBeUndefined();
  });

  it('of nobody is no error', async () => {
    const { woken, host, stack } = await start(two);
    expect(await woken(event('composite'))).toEqual([]);
    expect(host.failed).toEqual([]);
    expect(stack.queue('WakeQueue').counts().inFlight).toBe(0);
  });

  it.each<Fault['kind']>(['throttle', 'internal-error', 'reset-before', 'reset-after'])(
    'wakes by its name when its tags cannot be read (%s)',
    async (kind) => {
      const alarms = { names: ['orders-lag'], managed: false };
      const { woken, host, stack } = await start({ ...two, orders: { alarms } }, () => ({ kind }));
      expect(await woken(event('metric'))).toEqual(['orders']);
      expect(stack.apiCalls['cloudwatch.ListTagsForResource']).toBe(1);
      expect(host.failed).toEqual([]);
    },
  );

  it('that cannot be read ends with the failure destination', async () => {
    const { woken, host, stack } = await start(two);
    expect(await woken({ source: 'aws.cloudwatch' })).toEqual([]);
    await stack.time.run({ untilMs: quietAtMs + 10 * minuteMs });
    expect(host.failed[0]).toMatchObject({ function: 'alarm' });
    expect(host.failed[0]?.message).toContain('detail');
  });

  it('whose wake the queue did not take is tried again by Lambda', async () => {
    let isDown = false;
    const { stack, woken, host } = await start(two, undefined, () => isDown);
    await stack.time.run({ untilMs: quietAtMs });
    isDown = true;
    stack.time.after(30_000, () => {
      isDown = false;
    });
    const payload = JSON.stringify(event('metric-math')).replaceAll('00f1cbsc6anuij25', applicationId);
    expect(await woken(JSON.parse(payload), 90_000)).toEqual(['orders']);
    expect(host.failed).toEqual([]);
  });
});
