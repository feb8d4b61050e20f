import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Answer, Streams } from '../control/ports.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Metric {
  readonly name: string;
  readonly stat: 'Sum' | 'Maximum';
  readonly dimensions: Readonly<Record<string, string>>;
}

interface Point {
  readonly atMs: number;
  readonly value: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Points a query may ask for stay far below the limit of 100,800 a call, however long nothing was committed. */
const windowMsMax = dayMs;
/** CloudWatch keeps points of a minute for 15 days and points of five for 63; older ones stand for an hour. */
const periods = [
  { upToMs: 15 * dayMs, seconds: 60 },
  { upToMs: 63 * dayMs, seconds: 300 },
] as const;
const oldestPeriodSeconds = 3_600;
/** An answer that does not come whole is asked on for, but not for ever. */
const pagesMax = 5;

/** What Kinesis streams tell of themselves in CloudWatch: one metric a call, two to three minutes late. */
export class CloudWatchStreams implements Streams {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  async received(stream: string, { fromMs, toMs }: Window): Promise<Answer<number>> {
    const startMs = Math.max(fromMs, toMs - windowMsMax);
    const points = await this.#points(incoming(stream), { fromMs: startMs, toMs });
    if (!points.ok) return points;
    // The first minute began before the window did: what came in then may have been read. No point at all is a stream
    // that nobody writes to, or one of another name: no sign of input either way.
    const values = points.value.filter(({ atMs }) => atMs >= startMs).map(({ value }) => value);
    return { ok: true, value: values.reduce((sum, value) => sum + value, 0) };
  }

  async firstInput(stream: string, window: Window): Promise<Answer<number | undefined>> {
    const points = await this.#points(incoming(stream), window);
    if (!points.ok) return points;
    const times = points.value.filter(({ value }) => value > 0).map(({ atMs }) => atMs);
    return { ok: true, value: times.length === 0 ? undefined : Math.min(...times) };
  }

  async readAge(
    { stream, consumer }: { stream: string; consumer?: string },
    window: Window,
  ): Promise<Answer<number | undefined>> {
    const metric: Metric =
      consumer === undefined
        ? {
            name: 'GetRecords.IteratorAgeMilliseconds',
            stat: 'Maximum',
            dimensions: { StreamName: stream },
          }
        : {
            name: 'SubscribeToShardEvent.MillisBehindLatest',
            stat: 'Maximum',
            dimensions: { StreamName: stream, ConsumerName: consumer.replace(/^efo\//, '') },
          };
    const points = await this.#points(metric, window);
    if (!points.ok) return points;
    const values = points.value.map(({ value }) => value);
    return { ok: true, value: values.length === 0 ? undefined : Math.max(...values) };
  }

  async #points(
    { name, stat, dimensions }: Metric,
    { fromMs, toMs }: Window,
  ): Promise<Answer<readonly Point[]>> {
    const { seconds = oldestPeriodSeconds } = periods.find(({ upToMs }) => toMs - fromMs <= upToMs) ?? {};
    const points: Point[] = [];
    let token: string | undefined;
    for (let page = 0; page < pagesMax; page += 1) {
      try {
        const { MetricDataResults = [], NextToken } = await this.#client.send(
          new GetMetricDataCommand({
            StartTime: new Date(Math.floor(fromMs / (seconds * 1000)) * seconds * 1000),
            EndTime: new Date(toMs),
            ...(token === undefined ? {} : { NextToken: token }),
            MetricDataQueries: [
              {
                Id: 'metric',
                MetricStat: {
                  Metric: {
                    Namespace: 'AWS/Kinesis',
                    MetricName: name,
                    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
                  },
                  Period: seconds,
                  Stat: stat,
                },
              },
            ],
          }),
        );
        for (const { Timestamps = [], Values = [] } of MetricDataResults)
          for (const [index, at] of Timestamps.entries())
            points.push({ atMs: at.getTime(), value: Values[index] ?? 0 });
        token = NextToken;
      } catch (error) {
        return toFailure(error);
      }
      if (token === undefined) return { ok: true, value: points };
    }
    return { ok: false, code: 'unavailable', message: `GetMetricData: more than ${pagesMax} pages` };
  }
}

function incoming(stream: string): Metric {
  return { name: 'IncomingRecords', stat: 'Sum', dimensions: { StreamName: stream } };
}

export const streamMetricPermissions: Permissions = {
  title: 'read the metrics of streams',
  actions: ['cloudwatch:GetMetricData'],
};
