import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import { CloudWatchDriverLogs } from '../../src/aws/cloudwatch-driver-logs.ts';
import { PlacedDriverLogs } from '../../src/aws/driver-logs.ts';
import { S3DriverLogs } from '../../src/aws/s3-driver-logs.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { DriverLogs } from '../../src/control/ports.ts';
import type { JobRun } from '../../src/core/job-run.ts';
import { clientsOf, failing, type Step, scripted } from './scripted-server.ts';

const run = withMonitoring({
  cloudWatchLoggingConfiguration: { enabled: true, logStreamNamePrefix: 'orders/' },
});

function withMonitoring(monitoringConfiguration: object | undefined, attempt?: number): JobRun {
  const request = monitoringConfiguration ? { configurationOverrides: { monitoringConfiguration } } : {};
  return {
    applicationId: '00app',
    jobRunId: '00run',
    request,
    ...(attempt === undefined ? {} : { attempt }),
  } as JobRun;
}

async function logsOf(...steps: readonly Step[]) {
  const server = await scripted(...steps);
  const client = new CloudWatchLogsClient({
    region: 'us-east-1',
    endpoint: server.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  });
  return { logs: new CloudWatchDriverLogs(client, { readMsMax: 2_000 }), requests: server.requests };
}

const answered = (body: object): Step => ({ status: 200, body });
const streams = (...names: readonly string[]) =>
  answered({
    logStreams: names.map((logStreamName, index) => ({ logStreamName, lastEventTimestamp: 1_000 + index })),
  });
const events = (...messages: readonly string[]) =>
  answered({ events: messages.map((message) => ({ message, timestamp: 1_795_000_000_000 })) });
const base = 'orders/applications/00app/jobs/00run';

describe('driver logs in CloudWatch', () => {
  it('are the last page of stdout and stderr, with the time from which lines are counted', async () => {
    const { logs, requests } = await logsOf(
      streams(`${base}/SPARK_DRIVER/stderr`, `${base}/SPARK_DRIVER/stdout`),
      events('Traceback'),
      events('INFO x', 'ERROR the last words'),
    );
    expect(await logs.read(run)).toEqual({
      kind: 'read',
      logs: [
        { source: 'SPARK_DRIVER/stdout since 2026-11-18T11:06:40.000Z', text: 'Traceback', linesBefore: 0 },
        {
          source: 'SPARK_DRIVER/stderr since 2026-11-18T11:06:40.000Z',
          text: 'INFO x\nERROR the last words',
          linesBefore: 0,
        },
      ],
    });
    const [listing, page] = requests.map(({ body }) => JSON.parse(body));
    expect(listing).toMatchObject({
      logGroupName: '/aws/emr-serverless',
      logStreamNamePrefix: `${base}/SPARK_DRIVER/`,
    });
    expect(page).toMatchObject({ startFromHead: false });
  });

  it('are those of the attempt, where the run has attempts', async () => {
    const { logs, requests } = await logsOf(
      streams(`${base}/attempts/3/SPARK_DRIVER/stderr`),
      events('of attempt 3'),
    );
    const withAttempt = { ...run, attempt: 3 };
    expect(await logs.read(withAttempt)).toMatchObject({ logs: [{ text: 'of attempt 3' }] });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      logStreamNamePrefix: `${base}/attempts/3/SPARK_DRIVER/`,
    });
  });

  it('of an attempt that has none are none, and not those of the run', async () => {
    const { logs, requests } = await logsOf(streams(), streams(`${base}/SPARK_DRIVER/stderr`));
    expect(await logs.read(run, 2)).toMatchObject({ kind: 'none', mayCome: true });
    expect(requests).toHaveLength(1);
  });

  it('are looked for one page further while a page is empty', async () => {
    const { logs } = await logsOf(
      streams(`${base}/SPARK_DRIVER/stderr`),
      answered({ events: [], nextBackwardToken: 'b/2' }),
      events('late'),
    );
    expect(await logs.read(run)).toMatchObject({ logs: [{ text: 'late' }] });
  });

  it('keep only the end of a page, whatever it holds', async () => {
    const { logs } = await logsOf(
      streams(`${base}/SPARK_DRIVER/stderr`),
      events('y'.repeat(700_000), 'the end'),
    );
    const answer = await logs.read(run);
    const text = answer.kind === 'read' ? (answer.logs[0]?.text ?? '') : '';
    expect(text.length).toBe(512 * 1024);
    expect(text.endsWith('the end')).toBe(true);
  });

  it('of an executor are those of its number', async () => {
    const { logs, requests } = await logsOf(
      streams(`${base}/SPARK_EXECUTOR/7/stderr`),
      events('java.lang.OutOfMemoryError'),
    );
    expect(await logs.readExecutor(run, '7')).toMatchObject({
      logs: [{ text: 'java.lang.OutOfMemoryError' }],
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      logStreamNamePrefix: `${base}/SPARK_EXECUTOR/7/`,
    });
  });

  it('that have not arrived, or whose group is not there yet, may come', async () => {
    const missing = await logsOf(failing('ResourceNotFoundException'));
    expect(await missing.logs.read(run)).toMatchObject({ kind: 'none', mayCome: true });
    const none = await logsOf(streams());
    expect(await none.logs.read(run)).toMatchObject({ kind: 'none', mayCome: true });
  });

  it('that may not be read, or do not answer in time, are unknown', async () => {
    const denied = await logsOf(failing('AccessDeniedException'));
    expect(await denied.logs.read(run)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('denied'),
    });
    const slow = await logsOf('hang');
    expect(await slow.logs.read(run)).toMatchObject({
      kind: 'unknown',
      why: 'unavailable: not read within 2000 ms',
    });
  });

  it('that are switched off are never asked for', async () => {
    const { logs, requests } = await logsOf(streams());
    const off = withMonitoring({ cloudWatchLoggingConfiguration: { enabled: false } });
    expect(await logs.read(off)).toMatchObject({ kind: 'none' });
    expect(requests).toEqual([]);
  });
});

describe('a search of the logs in CloudWatch', () => {
  it('is made by the service, over all workers of the run, and told for each of them', async () => {
    const event = (worker: string, message: string) => ({
      logStreamName: `${base}/${worker}/stderr`,
      message,
    });
    const { logs, requests } = await logsOf(
      answered({ events: [], nextToken: 'more' }),
      answered({
        events: [
          event('SPARK_EXECUTOR/2', 'Offset 5 is out of range, and records in [5, 9) will be'),
          event('SPARK_DRIVER', 'Some data may have been lost'),
          event('SPARK_EXECUTOR/2', ' skipped (GroupId: g, TopicPartition: orders-1).'),
        ],
      }),
    );
    const terms = { sinceMs: 1_000, nowMs: 900_000, words: ['may have been', 'skipped (GroupId'] };
    expect(await logs.search(run, terms)).toEqual({
      kind: 'read',
      logs: [
        {
          source: 'SPARK_EXECUTOR/2/stderr',
          text: 'Offset 5 is out of range, and records in [5, 9) will be\n skipped (GroupId: g, TopicPartition: orders-1).',
          linesBefore: 0,
        },
        { source: 'SPARK_DRIVER/stderr', text: 'Some data may have been lost', linesBefore: 0 },
      ],
      // Five minutes are searched again.
      throughMs: 600_000,
    });
    expect(requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        logGroupName: '/aws/emr-serverless',
        logStreamNamePrefix: `${base}/`,
        startTime: 1_000,
        filterPattern: '?"may have been" ?"skipped (GroupId"',
      },
      { nextToken: 'more' },
    ]);
  });

  it('goes on where it stopped, to where it stood when it began, and only then moves on', async () => {
    const empty = Array.from({ length: 8 }, (_, page) => answered({ events: [], nextToken: `t${page}` }));
    const late = {
      logStreamName: `${base}/SPARK_DRIVER/stderr`,
      message: 'may have been lost',
      timestamp: 2,
    };
    const { logs, requests } = await logsOf(...empty, answered({ events: [late] }));
    const terms = { sinceMs: 1_000, words: ['may have been'] };
    const first = await logs.search(run, { ...terms, nowMs: 900_000 });
    expect(first).toMatchObject({ logs: [], throughMs: 1_000, unread: expect.any(String) });
    if (first.kind !== 'read' || first.mark === undefined) return expect.fail('it knows where it stopped');
    const rest = { mark: first.mark, beganMs: 900_000 };
    const second = await logs.search(run, { ...terms, nowMs: 1_800_000, rest });
    expect(second).toMatchObject({ logs: [{ text: 'may have been lost' }], throughMs: 600_000 });
    expect(second).not.toHaveProperty('unread');
    const asked = requests.map(({ body }) => JSON.parse(body));
    expect(asked.at(-1)).toEqual({ ...asked[0], nextToken: 't7' });
    expect(asked[0]).toMatchObject({ startTime: 1_000, endTime: 900_000 });
  });

  it('keeps what it found before it was refused, and goes on there', async () => {
    const found = answered({ events: [{ logStreamName: 'x', message: 'lost' }], nextToken: 'more' });
    const { logs } = await logsOf(found, failing('ThrottlingException'));
    const answer = await logs.search(run, { sinceMs: 0, nowMs: 1, words: ['lost'] });
    expect(answer).toMatchObject({ kind: 'read', logs: [{ text: 'lost' }], mark: 'cloudwatch:more' });
  });

  it('begins again when the mark is too old or of another place', async () => {
    const { logs, requests } = await logsOf(failing('InvalidParameterException'), answered({ events: [] }));
    const terms = { sinceMs: 5, nowMs: 9, words: ['x'] };
    const old = { mark: 'cloudwatch:old', beganMs: 7 };
    const answer = await logs.search(run, { ...terms, rest: old });
    expect(answer).toMatchObject({ kind: 'read', throughMs: 5, unread: expect.any(String) });
    expect(answer).not.toHaveProperty('mark');
    await logs.search(run, { ...terms, rest: { mark: 's3:9:key', beganMs: 7 } });
    expect(JSON.parse(requests.at(-1)?.body ?? '')).not.toHaveProperty('nextToken');
  });

  it('without a group finds nothing yet, and without a right says so', async () => {
    const terms = { sinceMs: 0, nowMs: 1, words: ['x'] };
    const { logs } = await logsOf(failing('ResourceNotFoundException'), failing('AccessDeniedException'));
    expect(await logs.search(run, terms)).toMatchObject({ kind: 'none', mayCome: true });
    expect(await logs.search(run, terms)).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/denied/),
    });
  });
});

describe('the places of driver logs', () => {
  const s3 = { s3MonitoringConfiguration: { logUri: 's3://logs/' } };
  const found = { kind: 'read', logs: [] } as const;
  const place = (answer: Awaited<ReturnType<DriverLogs['read']>>, seen: JobRun[] = []): DriverLogs => ({
    read: async (asked) => {
      seen.push(asked);
      return answer;
    },
    search: async () => ({ kind: 'none', why: 'nowhere' }),
    readExecutor: async () => answer,
  });
  async function placed(step: Step, places: readonly DriverLogs[]) {
    const server = await scripted(step);
    const { emrServerless } = clientsOf(server, { retries: 'none' });
    return {
      logs: new PlacedDriverLogs({ clock: systemClock, emrServerless, places }),
      requests: server.requests,
    };
  }
  const application = (monitoringConfiguration: object) =>
    answered({
      application: {
        applicationId: '00app',
        arn: 'a',
        releaseLabel: 'emr-7.10.0',
        type: 'SPARK',
        state: 'STARTED',
        createdAt: 1,
        updatedAt: 1,
        monitoringConfiguration,
      },
    });

  it('are the first that has a log', async () => {
    const { logs, requests } = await placed('reset', [place({ kind: 'none', why: 'no S3' }), place(found)]);
    expect(await logs.read(withMonitoring(s3))).toBe(found);
    expect(requests).toEqual([]);
  });

  it('are asked of the application, once in ten minutes, when the run names none', async () => {
    const seen: JobRun[] = [];
    const { logs, requests } = await placed(application(s3), [place(found, seen)]);
    for (const _ of [1, 2]) expect(await logs.read(withMonitoring(undefined))).toBe(found);
    expect(seen[0]?.request.configurationOverrides).toMatchObject({ monitoringConfiguration: s3 });
    expect(requests).toHaveLength(1);
  });

  it('are not known while the application cannot be read', async () => {
    const { logs } = await placed(failing('AccessDeniedException', { status: 403 }), [place(found)]);
    expect(await logs.read(withMonitoring(undefined))).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('where its application sends logs'),
    });
  });

  it('without a log say whether one may come, or could not be read, before they say that there is none', async () => {
    const none = { kind: 'none', why: 'no S3' } as const;
    const coming = { kind: 'none', why: 'not yet', mayCome: true } as const;
    const unknown = { kind: 'unknown', why: 'denied' } as const;
    const ask = async (...answers: Parameters<typeof place>[0][]) =>
      (
        await placed(
          'reset',
          answers.map((answer) => place(answer)),
        )
      ).logs.read(withMonitoring(s3));
    expect(await ask(none, unknown, coming)).toEqual({ ...coming, why: 'not yet; denied' });
    expect(await ask(none, coming)).toBe(coming);
    expect(await ask(none, unknown)).toBe(unknown);
    expect(await ask(none)).toMatchObject({ kind: 'none', why: expect.stringContaining('neither') });
  });

  it('that may not be searched are told, although another of them is still to come', async () => {
    const denied = await scripted({
      status: 403,
      body: '<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>',
    });
    const { logs: group, requests } = await logsOf(failing('ResourceNotFoundException'));
    const { logs } = await placed('reset', [
      new S3DriverLogs(clientsOf(denied, { retries: 'none' }).s3),
      group,
    ]);
    const both = withMonitoring({
      ...s3,
      cloudWatchLoggingConfiguration: { enabled: true, logGroupName: '/checkpilot/jobs' },
    });
    const answer = await logs.search(both, { sinceMs: 0, nowMs: 1, words: ['x'] });
    expect(answer).toMatchObject({ kind: 'unknown', why: expect.stringMatching(/^denied: /) });
    expect(requests).toHaveLength(1);
    expect(await logs.read(both)).toMatchObject({
      kind: 'none',
      mayCome: true,
      why: expect.stringMatching(/^there is no log group \/checkpilot\/jobs; denied: /),
    });
  });
});
