import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cloudwatchClient } from '../../src/aws/clients.ts';
import { CloudWatchStreams } from '../../src/aws/cloudwatch-streams.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { type LocalAlarm, type Metrics, startCloudWatch } from '../../src/local/cloudwatch.ts';

async function cloudwatch() {
  const alarms = new Map<string, LocalAlarm>();
  const server = await startCloudWatch({ clock: systemClock, alarms });
  onTestFinished(() => server.close());
  const client = cloudwatchClient({
    region: 'us-east-1',
    clock: systemClock,
    endpoints: { cloudwatch: server.url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    retries: 'none',
  });
  onTestFinished(() => client.destroy());
  const put = (changes: Partial<PutMetricAlarmCommandInput> = {}) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName: 'lag',
        Namespace: 'AWS/Kinesis',
        MetricName: 'GetRecords.IteratorAgeMilliseconds',
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        Threshold: 1,
        ...changes,
      }),
    );
  return { alarms, client, put };
}

const ResourceARN = 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:lag';

describe('the local CloudWatch', () => {
  it('keeps the tags of an alarm when it is put again, and replaces the rest', async () => {
    const { client, put } = await cloudwatch();
    await put({ AlarmDescription: 'first', Tags: [{ Key: 'a', Value: '1' }] });
    await put({ Threshold: 2, Tags: [{ Key: 'b', Value: '2' }] });
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'la' }));
    expect(MetricAlarms).toMatchObject([{ AlarmName: 'lag', AlarmArn: ResourceARN, Threshold: 2 }]);
    expect(MetricAlarms?.[0]?.AlarmDescription).toBeUndefined();
    await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'c', Value: '3' }] }));
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(Tags).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'c', Value: '3' },
    ]);
  });

  it('lists in pages, by the beginning of the name', async () => {
    const { client, put } = await cloudwatch();
    for (const AlarmName of ['a-1', 'b-1', 'a-2', 'a-3']) await put({ AlarmName });
    const first = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'a-', MaxRecords: 2 }));
    const { NextToken } = first;
    const rest = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'a-', NextToken }));
    const names = [first, rest].map((page) => page.MetricAlarms?.map(({ AlarmName }) => AlarmName));
    expect(names).toEqual([['a-1', 'a-2'], ['a-3']]);
    expect(rest.NextToken).toBeUndefined();
  });

  it('deletes none when one of them is missing', async () => {
    const { client, put, alarms } = await cloudwatch();
    await put();
    const both = new DeleteAlarmsCommand({ AlarmNames: ['lag', 'gone'] });
    await expect(client.send(both)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
    expect(alarms.size).toBe(1);
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ['lag'] }));
    expect(alarms.size).toBe(0);
  });

  it('knows no tags of an alarm that is not there', async () => {
    const { client } = await cloudwatch();
    const asked = client.send(new ListTagsForResourceCommand({ ResourceARN }));
    await expect(asked).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it.each<[string, Partial<PutMetricAlarmCommandInput>, RegExp]>([
    ['a parameter that it does not act on', { ThresholdMetricId: 'm1' }, /ThresholdMetricId/],
    [
      'a metric and a query at once',
      { Metrics: [{ Id: 'q', Expression: 'm1', Period: 60, ReturnData: true }] },
      /exactly one/,
    ],
    ['a name that is too long', { AlarmName: 'x'.repeat(256) }, /AlarmName/],
    ['a name that a terminal would obey', { AlarmName: 'a\u001b[31m' }, /AlarmName/],
  ])('refuses %s by name', async (_case, changes, words) => {
    const { put, alarms } = await cloudwatch();
    await expect(put(changes)).rejects.toMatchObject({ message: expect.stringMatching(words) });
    expect(alarms.size).toBe(0);
  });
});

describe('the metrics of a stream', () => {
  const nowMs = Date.parse('2026-11-22T20:00:00Z');
  const clock = { now: () => nowMs, sleep: async () => {} };

  async function streams(metrics: Metrics) {
    const server = await startCloudWatch({ clock, alarms: new Map(), metrics });
    onTestFinished(() => server.close());
    const client = cloudwatchClient({
      region: 'us-east-1',
      clock,
      endpoints: { cloudwatch: server.url },
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      retries: 'none',
    });
    onTestFinished(() => client.destroy());
    return new CloudWatchStreams(client);
  }

  it('are summed over the minutes that began in the window and have arrived', async () => {
    const sut = await streams(({ namespace, name, dimensions }, { fromMs, toMs }) => {
      expect({ namespace, name, dimensions }).toEqual({
        namespace: 'AWS/Kinesis',
        name: 'IncomingRecords',
        dimensions: { StreamName: 'clicks' },
      });
      return (toMs - fromMs) / 1000;
    });
    const fromMs = nowMs - 10 * 60_000 + 30_000;
    // Nine minutes began in the window; those that ended less than two and a half minutes ago have not arrived.
    expect(await sut.received('clicks', { fromMs, toMs: nowMs })).toEqual({ ok: true, value: 6 * 60 });
  });

  it('are nothing for a stream that has none, and a day at most', async () => {
    let earliestMs = Number.POSITIVE_INFINITY;
    const sut = await streams((_, { fromMs }) => {
      earliestMs = Math.min(earliestMs, fromMs);
      return undefined;
    });
    const fromMs = nowMs - 90 * 24 * 3_600_000;
    expect(await sut.received('clicks', { fromMs, toMs: nowMs })).toEqual({ ok: true, value: 0 });
    expect(earliestMs).toBe(nowMs - 24 * 3_600_000);
  });

  it('say when the first record came, also when it is weeks ago and points stand for five minutes', async () => {
    const firstMs = nowMs - 20 * 24 * 3_600_000;
    const sut = await streams((_, { fromMs, toMs }) => (fromMs <= firstMs && firstMs < toMs ? 7 : 0));
    const window = { fromMs: firstMs - 3_600_000, toMs: nowMs };
    expect(await sut.firstInput('clicks', window)).toEqual({ ok: true, value: firstMs });
    expect(await sut.firstInput('clicks', { ...window, fromMs: firstMs + 300_000 })).toEqual({
      ok: true,
      value: undefined,
    });
  });

  it.each([
    ['by polling', {}, 'GetRecords.IteratorAgeMilliseconds', { StreamName: 'clicks' }],
    [
      'with enhanced fan-out',
      { consumer: 'efo/orders' },
      'SubscribeToShardEvent.MillisBehindLatest',
      { StreamName: 'clicks', ConsumerName: 'orders' },
    ],
  ])('say how old records were when they were read %s', async (_how, consumer, metric, expected) => {
    const seen = new Set<string>();
    const sut = await streams(({ name, stat, dimensions }, { toMs }) => {
      seen.add(`${stat} ${name} ${JSON.stringify(dimensions)}`);
      return nowMs - toMs;
    });
    const window = { fromMs: nowMs - 10 * 60_000, toMs: nowMs - 5 * 60_000 };
    expect(await sut.readAge({ stream: 'clicks', ...consumer }, window)).toEqual({
      ok: true,
      value: 9 * 60_000,
    });
    expect([...seen]).toEqual([`Maximum ${metric} ${JSON.stringify(expected)}`]);
  });

  it('say nothing of an age where nobody read', async () => {
    const sut = await streams(() => undefined);
    const window = { fromMs: nowMs - 600_000, toMs: nowMs };
    expect(await sut.readAge({ stream: 'clicks' }, window)).toEqual({ ok: true, value: undefined });
  });
});
