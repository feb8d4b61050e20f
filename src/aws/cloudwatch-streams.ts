import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Answer, Streams } from '../control/ports.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

const minuteMs = 60_000;
/** Points a query may ask for stay far below the limit of 100,800 a call, however long nothing was committed. */
const windowMsMax = 24 * 60 * minuteMs;

/** What a Kinesis stream took, from its own metrics: one request, one metric, minutes two to three late. */
export class CloudWatchStreams implements Streams {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  async received(
    stream: string,
    { fromMs, toMs }: { fromMs: number; toMs: number },
  ): Promise<Answer<number>> {
    const startMs = Math.max(fromMs, toMs - windowMsMax);
    try {
      const { MetricDataResults = [] } = await this.#client.send(
        new GetMetricDataCommand({
          StartTime: new Date(Math.floor(startMs / minuteMs) * minuteMs),
          EndTime: new Date(toMs),
          MetricDataQueries: [
            {
              Id: 'records',
              MetricStat: {
                Metric: {
                  Namespace: 'AWS/Kinesis',
                  MetricName: 'IncomingRecords',
                  Dimensions: [{ Name: 'StreamName', Value: stream }],
                },
                Period: 60,
                Stat: 'Sum',
              },
            },
          ],
        }),
      );
      // The first minute began before the window did: what came in then may have been read.
      const values = MetricDataResults.flatMap(({ Timestamps = [], Values = [] }) =>
        Values.filter((_, index) => (Timestamps[index]?.getTime() ?? 0) >= startMs),
      );
      // No point at all is a stream that nobody writes to, or one of another name: no sign of input either way.
      return { ok: true, value: values.reduce((sum, value) => sum + value, 0) };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const streamMetricPermissions: Permissions = {
  title: 'read what came into a stream',
  actions: ['cloudwatch:GetMetricData'],
};
