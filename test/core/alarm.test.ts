import { describe, expect, it } from 'vitest';
import { type AlarmHint, jobsOfAlarm, managedAlarms } from '../../src/core/alarm.ts';
import { aJob } from '../support/build.ts';

const applicationId = '00f1cbsc6anuij25';
const named = (name: string, changes: Parameters<typeof aJob>[0] = {}) =>
  aJob({ name, match: { applicationId, jobName: name, tags: {} }, ...changes });

const jobs = [
  named('orders', {
    source: { kinesis: { stream: 'sales' } },
    alarms: { names: ['orders-*', 'shop*'], managed: true },
  }),
  named('clicks', {
    match: { applicationId, jobName: 'clicks-*', tags: {} },
    source: { kinesis: { stream: 'sales' } },
    alarms: { names: ['shop-slow'], managed: false },
  }),
  named('ledger', { renamedFrom: 'ledger-sink' }),
];

describe('the jobs of an alarm', () => {
  it.each<[string, Partial<AlarmHint>, readonly string[]]>([
    ['its tag before all else', { job: 'clicks', alarm: 'orders-lag' }, ['clicks']],
    ['its tag with the name of before a rename', { job: 'ledger-sink' }, ['ledger']],
    ['its name by a pattern when the tag names no job', { job: 'gone', alarm: 'orders-lag' }, ['orders']],
    ['its name by the patterns of two jobs', { alarm: 'shop-slow' }, ['orders', 'clicks']],
    [
      'its name before its dimensions',
      { alarm: 'orders-x', dimensions: [{ JobName: 'ledger' }] },
      ['orders'],
    ],
    ['the name that apply gives', { alarm: 'checkpilot-orders-no-worker' }, ['orders']],
    ['no name like that without managed alarms', { alarm: 'checkpilot-ledger-no-worker' }, []],
    ['the name of the run', { dimensions: [{ JobName: 'ledger' }] }, ['ledger']],
    ['the name of the run by the pattern of the job', { dimensions: [{ JobName: 'clicks-eu' }] }, ['clicks']],
    [
      'name and application',
      { dimensions: [{ JobName: 'ledger', ApplicationId: applicationId }] },
      ['ledger'],
    ],
    [
      'no run of that name in another application',
      { dimensions: [{ JobName: 'ledger', ApplicationId: '00aa' }] },
      [],
    ],
    ['no job by the application alone', { dimensions: [{ ApplicationId: applicationId }] }, []],
    ['every reader of the stream', { dimensions: [{ StreamName: 'sales' }] }, ['orders', 'clicks']],
    ['each metric', { dimensions: [{ JobName: 'ledger' }, { JobName: 'orders' }] }, ['orders', 'ledger']],
    ['nobody', {}, []],
  ])('are found by %s', (_case, hint, expected) => {
    const found = jobsOfAlarm(jobs, { alarm: 'some-alarm', dimensions: [], ...hint });
    expect(found.map(({ name }) => name)).toEqual(expected);
  });
});

describe('the alarms that apply makes', () => {
  const managed = { alarms: { names: [], managed: true } };

  it('watch the workers of a job and the age of what is read from its stream', () => {
    const source = { kinesis: { stream: 'sales' } };
    expect(managedAlarms(named('orders', { ...managed, source }))).toEqual([
      {
        kind: 'no-worker',
        name: 'checkpilot-orders-no-worker',
        job: 'orders',
        applicationId,
        runName: 'orders',
      },
      { kind: 'iterator-age', name: 'checkpilot-orders-iterator-age', job: 'orders', stream: 'sales' },
    ]);
  });

  it.each([
    ['a job that does not ask', named('orders')],
    ['a job that only names alarms', named('orders', { alarms: { names: ['a'], managed: false } })],
    [
      'runs that are matched by a pattern',
      named('clicks', { ...managed, match: { applicationId, jobName: 'clicks*', tags: {} } }),
    ],
    [
      'a name that would end the text in the query',
      named('orders', { ...managed, match: { applicationId, jobName: "o'x", tags: {} } }),
    ],
    [
      'a name that CloudWatch does not publish',
      named('orders', { ...managed, match: { applicationId, jobName: 'bestellung-ä', tags: {} } }),
    ],
    ['a name that leaves no room in the name of the alarm', named('o'.repeat(240), managed)],
  ])('are none for %s', (_case, job) => {
    expect(managedAlarms(job)).toEqual([]);
  });

  it('leave out the age where an enhanced fan-out consumer reads', () => {
    const source = { kinesis: { stream: 'sales', consumer: 'efo/orders' } };
    expect(managedAlarms(named('orders', { ...managed, source })).map(({ kind }) => kind)).toEqual([
      'no-worker',
    ]);
  });
});
