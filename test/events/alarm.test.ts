import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAlarm } from '../../src/events/alarm.ts';
import { parseWake } from '../../src/events/wake.ts';

/** What tests take apart and break. */
type Payload = { [key: string]: Payload };

function fixture(name: string): Payload {
  return JSON.parse(readFileSync(new URL(`../fixtures/alarms/${name}.json`, import.meta.url), 'utf8'));
}

const names = [
  'metric',
  'metric-math',
  'composite',
  'suppressed',
  'muted',
  'insufficient-data',
  'ok',
  'lambda-action',
] as const;
const stream = [{ StreamName: 'orders' }];
const worker = [{ ApplicationId: '00f1cbsc6anuij25', JobName: 'orders', JobId: '00f1djsc6anuij25' }];
const changedAtMs = Date.parse('2019-10-02T17:04:40.989Z');

describe('the payload of an alarm', () => {
  it.each([
    ['metric', 'orders-lag', 'ALARM', stream, undefined],
    ['metric-math', 'workers-busy', 'ALARM', worker, undefined],
    ['composite', 'orders-slow-and-old', 'ALARM', [], undefined],
    ['suppressed', 'orders-slow-and-old', 'ALARM', [], 'actions-suppressed'],
    ['muted', 'orders-lag', 'ALARM', stream, 'muted'],
    ['insufficient-data', 'orders-lag', 'INSUFFICIENT_DATA', stream, undefined],
    ['ok', 'orders-lag', 'OK', stream, 'ok'],
  ])('of an event (%s) is read', (name, alarm, state, dimensions, ignored) => {
    expect(parseAlarm(fixture(name))).toEqual({
      ok: true,
      value: {
        wake: { kind: 'alarm', alarm, state, dimensions },
        arn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${alarm}`,
        ignored,
        changedAtMs,
      },
    });
  });

  it('of a Lambda action is read, which has no detail and no resources', () => {
    expect(parseAlarm(fixture('lambda-action'))).toEqual({
      ok: true,
      value: {
        wake: { kind: 'alarm', alarm: 'orders-lag', state: 'ALARM', dimensions: stream },
        arn: 'arn:aws:cloudwatch:us-east-1:444455556666:alarm:orders-lag',
        ignored: undefined,
        changedAtMs: Date.parse('2023-08-04T12:36:15.490Z'),
      },
    });
  });

  it('wakes in a state that nobody knows yet', () => {
    const event = fixture('metric');
    Object.assign(event.detail?.state ?? {}, { value: 'PARTIAL_DATA' });
    expect(parseAlarm(event)).toMatchObject({ ok: true, value: { ignored: undefined } });
  });

  it.each([
    ['of another source', { source: 'aws.ec2' }, 'source'],
    ['of another type', { 'detail-type': 'CloudWatch Alarm Configuration Change' }, 'detail-type'],
    ['without a name', { detail: { state: { value: 'ALARM' } } }, 'detail.alarmName'],
    ['without a state', { detail: { alarmName: 'orders-lag' } }, 'detail.state'],
  ])('%s is refused with the place', (_case, changes, place) => {
    const parsed = parseAlarm({ ...fixture('metric'), ...changes });
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(`${place}: `) });
  });

  it('may lack everything but name and state', () => {
    const bare = { source: 'aws.cloudwatch', alarmData: { alarmName: 'a', state: { value: 'ALARM' } } };
    expect(parseAlarm(bare)).toEqual({
      ok: true,
      value: {
        wake: { kind: 'alarm', alarm: 'a', state: 'ALARM', dimensions: [] },
        arn: undefined,
        ignored: undefined,
        changedAtMs: undefined,
      },
    });
  });

  it('hands on no dimension that could not be an id or a name', () => {
    const event = fixture('metric');
    const bad = {
      JobId: 'RUN#1',
      ApplicationId: '../..',
      JobName: 'x'.repeat(257),
      StreamName: 'a b',
      Other: 'x',
    };
    const metrics = [{ metricStat: { metric: { dimensions: bad } } }];
    Object.assign(event.detail ?? {}, { configuration: { metrics } });
    expect(parseAlarm(event)).toMatchObject({ ok: true, value: { wake: { dimensions: [] } } });
  });
});

describe('any payload', () => {
  const anything = fc.anything({ withNullPrototype: true, maxDepth: 3 });
  const place = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 7 });

  it('never throws, and what it hands on is a wake of bounded size', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), place, anything, (name, steps, value) => {
        const payload = fixture(name);
        breakAt(payload, steps, value);
        checkWake(payload);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(anything, (payload) => checkWake(payload)));
  });

  it('with hostile texts passes none that could leave a key or a line of the log', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 2_000 });
    fc.assert(
      fc.property(text, text, text, (alarmName, id, arn) => {
        const dimensions = { JobId: id, ApplicationId: id, JobName: id, StreamName: id };
        const configuration = {
          metrics: Array.from({ length: 30 }, () => ({ metricStat: { metric: { dimensions } } })),
        };
        const alarmData = { alarmName, state: { value: 'ALARM' }, configuration };
        checkWake({ source: 'aws.cloudwatch', alarmArn: arn, alarmData });
      }),
      { numRuns: 500 },
    );
  });
});

function checkWake(payload: unknown): void {
  const parsed = parseAlarm(payload);
  if (!parsed.ok) {
    expect(parsed.message.length).toBeLessThan(5_000);
    return;
  }
  const { wake, arn } = parsed.value;
  const body = JSON.stringify(wake);
  expect(parseWake(body)).toEqual({ ok: true, value: wake });
  // SQS takes 256 KB; ten metrics of four dimensions stay far below.
  expect(Buffer.byteLength(body)).toBeLessThan(20_000);
  expect(`${wake.alarm}${wake.state}${arn}`).not.toMatch(/\p{Cc}/u);
  for (const { JobId = '0', ApplicationId = '0' } of wake.dimensions)
    expect(`${JobId}${ApplicationId}`).toMatch(/^[0-9a-z]+$/);
}

/** Puts `value` somewhere into the payload: each step chooses a key of what is there. */
function breakAt(payload: unknown, [step = 0, ...more]: readonly number[], value: unknown): void {
  if (typeof payload !== 'object' || payload === null) return;
  const holder = payload as Record<string, unknown>;
  const keys = Object.keys(holder);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return;
  const isLeaf = more.length === 0 || typeof holder[key] !== 'object';
  if (isLeaf) holder[key] = value;
  else breakAt(holder[key], more, value);
}
