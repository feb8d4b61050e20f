import { describe, expect, it } from 'vitest';
import { answerApproval } from '../../src/control/answers.ts';
import { pauseJob, setKillSwitch, startJob, stopJob } from '../../src/control/orders.ts';
import { fleetStatus } from '../../src/control/status.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { Cause } from '../../src/world/failure-texts.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const diesMs = startMs + 30 * minuteMs;
const person = { by: 'ana', reason: 'test' };
const week = { warnAt: 0.5, extendToMs: 168 * hourMs };

interface Dying {
  readonly jobs: Readonly<Record<string, Partial<ResolvedJob>>>;
  readonly cause?: Cause;
}

/** Jobs that read the stream `clicks`, which keeps 24 h, and die after half an hour; by default of what no restart cures. */
function dying({ jobs, cause = 'user-code-error' }: Dying): Fleet {
  const script = { stream: 'clicks', dieAt: [{ cause, atMs: diesMs, times: 1 }] };
  const source = { kinesis: { stream: 'clicks' } };
  const declared = Object.entries(jobs).map(([name, job]) => [name, { job: { source, ...job }, script }]);
  const fleet = testFleet({ jobs: Object.fromEntries(declared) });
  fleet.startSweeping();
  return fleet;
}

const told = (fleet: Fleet) => fleet.notices.map(({ reason, severity }) => `${reason} ${severity}`);

/** Hours from the death of the job to the notice. */
const hoursOf = (fleet: Fleet, reason: string) =>
  fleet.notices.filter((notice) => notice.reason === reason).map(({ atMs }) => (atMs - diesMs) / hourMs);

const jobOf = (fleet: Fleet, name = 'orders') => fleet.policy.jobs[name] ?? expect.fail(`no job ${name}`);

const retentions = (fleet: Fleet) =>
  fleet.world.journal.ofKind('retention-changed').map(({ from, to }) => `${from} → ${to}`);

const lost = (fleet: Fleet) => fleet.world.journal.ofKind('records-lost');

async function statusOf(fleet: Fleet, name = 'orders') {
  const answer = await fleetStatus(fleet.ports);
  if (!answer.ok) throw new Error(answer.message);
  return answer.value.jobs.find(({ job }) => job === name) ?? expect.fail(`no status of ${name}`);
}

/** When the first record that the job has not committed is removed, by the world itself. */
function lossMs(fleet: Fleet): number {
  const stream = fleet.world.stream('clicks') ?? expect.fail('no stream');
  const ends = fleet.objects.list('acme-checkpoints/orders/sources/0/shard-source/', { max: 1_000 });
  const committed = fleet.world.journal.ofKind('batch-committed').at(-1)?.batch;
  const last = ends.filter(({ key }) => key.includes(`/shard-source/${committed}/`));
  const counts = last.map(({ key }) => {
    const body = JSON.parse(String(fleet.objects.get(key)?.body));
    return stream.countBefore(body.shardId, body);
  });
  const arrivedMs = stream.arrivalMs(Math.min(...counts) + 1, fleet.time.now()) ?? expect.fail('not there');
  return arrivedMs + 24 * hourMs;
}

describe('a job that is down for days', () => {
  it('is warned of at half of the retention, paged for with the exact time, and told of when data is lost', async () => {
    const fleet = dying({ jobs: { orders: {} } });
    await fleet.runFor(40 * hourMs);
    expect(told(fleet)).toEqual([
      'deterministic-failure critical',
      'retention-running-out warning',
      'data-loss-near critical',
      'data-expired critical',
    ]);
    expect(hoursOf(fleet, 'retention-running-out')[0]).toBeCloseTo(12, 1);
    // A night and a restart before the loss: whoever is paged has time to act.
    expect(hoursOf(fleet, 'data-loss-near')[0]).toBeCloseTo(24 - 8 - 1 / 6, 1);
    expect(hoursOf(fleet, 'data-expired')[0]).toBeCloseTo(24, 1);
    const page = fleet.notices.find(({ reason }) => reason === 'data-loss-near');
    const said = /lost from (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC on/.exec(page?.text ?? '');
    const saidMs = Date.parse(`${said?.[1]}T${said?.[2]}Z`);
    // Said to be not before: the records that came first after the last batch are lost within a minute of it.
    expect(lossMs(fleet) - saidMs).toBeGreaterThanOrEqual(0);
    expect(lossMs(fleet) - saidMs).toBeLessThan(minuteMs);
    // One incident from the failure on: the page is a post of its own in it.
    expect(new Set(fleet.notices.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(await statusOf(fleet)).toMatchObject({
      state: 'NEEDS HUMAN',
      next: expect.stringMatching(/^a person: data is lost since/),
      clock: { kind: 'running', level: 'lost', bound: 'at-most' },
    });
  });

  it('is told of by the arrival of its oldest unread record, where that may be read', async () => {
    const fleet = dying({ jobs: { orders: { retention: { warnAt: 0.5, isAgeExact: true } } } });
    let asked = 0;
    const { oldestRecord } = fleet.ports.checkpoints;
    const counted: typeof oldestRecord = (...of) => {
      asked += 1;
      return oldestRecord(...of);
    };
    fleet.ports = { ...fleet.ports, checkpoints: { ...fleet.ports.checkpoints, oldestRecord: counted } };
    await fleet.runFor(30 * hourMs);
    const page = fleet.notices.find(({ reason }) => reason === 'data-loss-near');
    expect(page?.text).toMatch(/Its oldest unread record is exactly 15 h \d\d min old/);
    const said = /lost from (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC on, in/.exec(page?.text ?? '');
    expect(Math.floor(lossMs(fleet) / 1_000)).toBe(Date.parse(`${said?.[1]}T${said?.[2]}Z`) / 1_000);
    expect(await statusOf(fleet)).toMatchObject({ clock: { level: 'lost', bound: 'exact' } });
    // It stays what it is while nothing is committed.
    expect(asked).toBe(1);
  });

  it('says why where its records may not be read, and goes by its batches as ever', async () => {
    const fleet = dying({ jobs: { orders: { retention: { warnAt: 0.5, isAgeExact: true } } } });
    const denied = async () => ({ ok: false, code: 'denied', message: 'no GetRecords' }) as const;
    fleet.ports = { ...fleet.ports, checkpoints: { ...fleet.ports.checkpoints, oldestRecord: denied } };
    await fleet.runFor(10 * hourMs);
    expect(await statusOf(fleet)).toMatchObject({
      clock: {
        bound: 'at-most',
        how: expect.stringMatching(/kept up; its records could not be asked \(denied: no GetRecords\)$/),
      },
    });
  });

  it('loses nothing where its stream may be kept for longer', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } } });
    await fleet.runFor(3 * 24 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    const [changed] = fleet.world.journal.ofKind('retention-changed');
    expect(((changed?.t ?? 0) - diesMs) / hourMs).toBeCloseTo(15, 1);
    expect(told(fleet)).toEqual([
      'deterministic-failure critical',
      'retention-running-out warning',
      'retention-extended warning',
    ]);
    expect(fleet.notices[1]?.text).toContain('keep them for 168 h (about $0.96 a day for 2 shards)');
    await startJob(fleet.ports, jobOf(fleet), person, true);
    await fleet.runFor(12 * hourMs);
    expect(lost(fleet)).toEqual([]);
    // What was made longer stays so until a person says otherwise; that is proposed, once, after the job has caught up.
    expect(told(fleet).slice(3)).toEqual(['run-healthy info', 'retention-still-extended info']);
    expect(fleet.notices.at(-1)?.text).toContain(
      'aws kinesis decrease-stream-retention-period --stream-name clicks --retention-period-hours 24',
    );
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(await statusOf(fleet)).toMatchObject({ state: 'OK', clock: { level: 'calm' } });
  });

  it('is warned of anew when half of the longer retention is used too', async () => {
    const fleet = dying({ jobs: { orders: { retention: { warnAt: 0.5, extendToMs: 48 * hourMs } } } });
    await fleet.runFor(50 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 48']);
    expect(told(fleet).slice(1)).toEqual([
      'retention-running-out warning',
      'retention-extended warning',
      'retention-running-out warning',
      'data-loss-near critical',
      'data-expired critical',
    ]);
  });

  it.each([
    ['is paused', (fleet: Fleet) => pauseJob(fleet.ports, jobOf(fleet), person, startMs + 100 * hourMs)],
    ['was stopped', (fleet: Fleet) => stopJob(fleet.ports, jobOf(fleet), person)],
  ])('has its clock run on while it %s', async (_state, order) => {
    const fleet = dying({ jobs: { orders: {} }, cause: 'worker-lost' });
    await fleet.runFor(20 * minuteMs);
    await order(fleet);
    await fleet.runFor(26 * hourMs);
    expect(told(fleet).filter((text) => /retention|data/.test(text))).toEqual([
      'retention-running-out warning',
      'data-loss-near critical',
      'data-expired critical',
    ]);
  });
});

describe('a stream that has to be kept for longer', () => {
  it('is extended once for all of its jobs, and the longest wish wins', async () => {
    const fleet = dying({
      jobs: {
        orders: { retention: { warnAt: 0.5, extendToMs: 48 * hourMs } },
        bills: { retention: week },
        clicks: { retention: week },
      },
    });
    await fleet.runFor(30 * hourMs);
    const changes = retentions(fleet);
    expect(changes.at(-1)).toMatch(/→ 168$/);
    expect(changes.length).toBeLessThanOrEqual(2);
    expect(fleet.world.stream('clicks')?.retentionMs).toBe(168 * hourMs);
    expect(told(fleet).filter((text) => text.startsWith('data-'))).toEqual([]);
  });

  it('is left alone while the kill switch is on, which the page says, and extended once it is off', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } } });
    await fleet.runFor(10 * hourMs);
    await setKillSwitch(fleet.ports, true, person);
    await fleet.runFor(10 * hourMs);
    expect(retentions(fleet)).toEqual([]);
    const page = fleet.notices.find(({ reason }) => reason === 'data-loss-near');
    expect(page?.text).toContain('and is not: the kill switch is on');
    await setKillSwitch(fleet.ports, false, person);
    await fleet.runFor(30 * minuteMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(lost(fleet)).toEqual([]);
  });

  it.each([
    ['observe', 'the mode is observe'],
    ['suggest', 'the mode is suggest'],
  ] as const)(
    'is left alone in mode %s, and people are told of the danger all the same',
    async (mode, why) => {
      const actions = { extendRetention: mode };
      const fleet = dying({ jobs: { orders: { retention: week, actions } } });
      await fleet.runFor(26 * hourMs);
      expect(retentions(fleet)).toEqual([]);
      expect(fleet.notices.find(({ reason }) => reason === 'data-loss-near')?.text).toContain(why);
    },
  );

  it('is extended when a person says yes to just that, in mode suggest', async () => {
    const actions = { extendRetention: 'suggest' } as const;
    const fleet = dying({ jobs: { orders: { retention: week, actions } } });
    await fleet.time.run({ untilMs: diesMs + 15 * hourMs + 10 * minuteMs });
    const [question] = fleet.notices.filter(({ event }) => event === 'approval.requested');
    expect(question?.approval).toMatchObject({
      action: 'extendRetention',
      text: 'keep the records of clicks for 168 h instead of 24 h (about $0.96 a day for 2 shards)',
    });
    const yes = await answerApproval(fleet.ports, jobOf(fleet), person, { answer: 'approved' });
    expect(yes).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(fleet.notices.map(({ approval }) => approval?.state).filter(Boolean)).toEqual([
      'open',
      'approved',
      'used',
    ]);
  });

  it.each(['before', 'after'] as const)(
    'is extended once when the pass dies right %s the call',
    async (when) => {
      const fleet = dying({ jobs: { orders: { retention: week } } });
      const { retentions: real } = fleet.ports;
      let calls = 0;
      fleet.ports = {
        ...fleet.ports,
        retentions: {
          ...real,
          extend: async (...args) => {
            calls += 1;
            if (calls > 1) return real.extend(...args);
            if (when === 'after') await real.extend(...args);
            fleet.killRunning();
            return new Promise(() => {});
          },
        },
      };
      await fleet.runFor(20 * hourMs);
      expect(calls).toBe(2);
      expect(retentions(fleet)).toEqual(['24 → 168']);
      expect(told(fleet).filter((text) => text.startsWith('retention-extended'))).toHaveLength(1);
    },
  );

  it('is asked how long it keeps records before it is told again, where no answer came in time', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } } });
    const { retentions: real } = fleet.ports;
    let isLost = true;
    fleet.ports = {
      ...fleet.ports,
      retentions: {
        ...real,
        extend: async (...args) => {
          const answer = await real.extend(...args);
          return isLost ? { kind: 'ambiguous', message: 'no answer' } : answer;
        },
      },
    };
    await fleet.runFor(17 * hourMs);
    isLost = false;
    await fleet.runFor(10 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(told(fleet).filter((text) => text.startsWith('data-'))).toEqual([]);
  });

  it('is told of when Kinesis refuses, and asked for again', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } } });
    const { retentions: real } = fleet.ports;
    let isDenied = true;
    fleet.ports = {
      ...fleet.ports,
      retentions: {
        ...real,
        extend: async (...args) =>
          isDenied
            ? { kind: 'refused', code: 'AccessDeniedException', message: 'not authorized' }
            : real.extend(...args),
      },
    };
    await fleet.runFor(19 * hourMs);
    expect(told(fleet).filter((text) => text.startsWith('retention-extension-refused'))).toHaveLength(1);
    isDenied = false;
    await fleet.runFor(2 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(lost(fleet)).toEqual([]);
  });

  it('does not keep a job down that can be started', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } }, cause: 'worker-lost' });
    const { retentions: real } = fleet.ports;
    await fleet.runFor(20 * minuteMs);
    await setKillSwitch(fleet.ports, true, person);
    await fleet.runFor(18 * hourMs);
    // A stream that is being resharded takes no other change for as long as that lasts.
    fleet.ports = {
      ...fleet.ports,
      retentions: { ...real, extend: async () => ({ kind: 'not-now', message: 'UPDATING' }) },
    };
    await setKillSwitch(fleet.ports, false, person);
    await fleet.runFor(20 * minuteMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(2);
    expect(lost(fleet)).toEqual([]);
  });
});

describe('a clock that lacks a reading', () => {
  it('takes the shortest retention that there is, and says so', async () => {
    const fleet = dying({ jobs: { orders: { retention: week } } });
    fleet.ports = {
      ...fleet.ports,
      retentions: {
        ...fleet.ports.retentions,
        of: async () => ({ ok: false, code: 'denied', message: 'not authorized' }),
      },
    };
    await fleet.runFor(17 * hourMs);
    const [warning, page] = fleet.notices.slice(1);
    for (const notice of [warning, page])
      expect(notice?.text).toContain('could not be read (denied: not authorized); 24 h is the shortest');
    expect(page?.reason).toBe('data-loss-near');
    expect(retentions(fleet)).toEqual([]);
  });

  it('is never fine where nobody knows how long a topic keeps records', async () => {
    const fleet = dying({ jobs: { orders: { source: { kafka: { topics: ['clicks'] } } } } });
    await fleet.runFor(11 * hourMs);
    const { clock } = await statusOf(fleet);
    expect(clock).toMatchObject({ kind: 'unknown', why: expect.stringContaining('policy does not say') });
    await fleet.runFor(20 * hourMs);
    expect(told(fleet).slice(1)).toEqual(['retention-unknown warning']);
    expect(hoursOf(fleet, 'retention-unknown')[0]).toBeCloseTo(12, 1);
  });

  it('counts on the retention that the policy says of a topic, and tells what it does not know', async () => {
    const source = { kafka: { topics: ['clicks'], retentionMs: 24 * hourMs } };
    const fleet = dying({ jobs: { orders: { source } } });
    await fleet.runFor(25 * hourMs);
    expect(told(fleet).slice(1)).toEqual([
      'retention-running-out warning',
      'data-loss-near critical',
      'data-expired critical',
    ]);
    expect(fleet.notices[2]?.text).toMatch(/UTC on at the latest.*at least .* old.*raise retention\.ms/);
  });

  it('goes on from what it knew when the checkpoint cannot be read any more', async () => {
    const fleet = dying({ jobs: { orders: {} } });
    await fleet.runFor(hourMs);
    const unavailable = async () => ({ ok: false, code: 'unavailable', message: 'no answer' }) as const;
    const { checkpoints } = fleet.ports;
    fleet.ports = {
      ...fleet.ports,
      checkpoints: { ...checkpoints, head: unavailable, plannedAt: unavailable },
    };
    await fleet.runFor(26 * hourMs);
    expect(hoursOf(fleet, 'data-expired')[0]).toBeCloseTo(24, 1);
  });
});

describe('a clock that costs and says no more than it must', () => {
  it('asks once an hour while the job commits, whatever the number of looks', async () => {
    const fleet = testFleet({
      jobs: { orders: { job: { source: { kinesis: { stream: 'clicks' } } }, script: { stream: 'clicks' } } },
    });
    const calls: Record<string, number> = { passes: 0 };
    const counted = <A extends unknown[], R>(name: string, work: (...args: A) => R) => {
      calls[name] = 0;
      return (...args: A): R => {
        calls[name] = (calls[name] ?? 0) + 1;
        return work(...args);
      };
    };
    const { retentions: kept, streams, checkpoints } = fleet.ports;
    fleet.ports = {
      ...fleet.ports,
      retentions: { ...kept, of: counted('of', kept.of) },
      streams: {
        ...streams,
        readAge: counted('readAge', streams.readAge),
        firstInput: counted('firstInput', streams.firstInput),
      },
      checkpoints: { ...checkpoints, plannedAt: counted('plannedAt', checkpoints.plannedAt) },
    };
    fleet.onOutcome = () => {
      calls.passes = (calls.passes ?? 0) + 1;
    };
    fleet.startSweeping();
    await fleet.runFor(24 * hourMs);
    expect(calls.passes).toBeGreaterThan(200);
    expect(calls.of).toBeLessThanOrEqual(30);
    expect(calls.readAge).toBeLessThanOrEqual(30);
    expect([calls.firstInput, calls.plannedAt]).toEqual([0, 0]);
    expect(await statusOf(fleet)).toMatchObject({ state: 'OK', clock: { kind: 'running', level: 'calm' } });
    expect(fleet.notices).toEqual([]);
  });

  it('does not take a stream that nobody writes to for a job that does not read', async () => {
    const source = { kinesis: { stream: 'clicks' } };
    const fleet = testFleet({
      jobs: { orders: { job: { source }, script: { stream: 'clicks' } }, bills: { job: { source } } },
    });
    fleet.world.script('bills', { stream: 'clicks', dieAt: [{ cause: 'user-code-error', atMs: diesMs }] });
    const quietMs = startMs + 20 * minuteMs;
    fleet.world.createStream({
      name: 'clicks',
      recordsPerSecond: (timeMs) => (timeMs < quietMs || timeMs > startMs + 60 * hourMs ? 100 : 0),
    });
    fleet.startSweeping();
    await fleet.runFor(58 * hourMs);
    expect(told(fleet)).toEqual(['deterministic-failure critical']);
    expect(await statusOf(fleet)).toMatchObject({ state: 'OK', clock: { kind: 'idle' } });
    expect(await statusOf(fleet, 'bills')).toMatchObject({ clock: { kind: 'idle' } });
    // From the first record on the clock of the job that is down runs again.
    await fleet.runFor(15 * hourMs);
    expect(told(fleet).slice(1)).toEqual(['retention-running-out warning']);
    expect(hoursOf(fleet, 'retention-running-out')[0]).toBeCloseTo(59.5 + 12, 1);
  });

  it('warns of a job that runs and falls behind, and calls a person in time', async () => {
    const fleet = testFleet({
      parameters: { capacityPerCore: 100, recordsPerShardMax: 50_000 },
      jobs: { orders: { job: { source: { kinesis: { stream: 'clicks' } } }, script: { stream: 'clicks' } } },
    });
    fleet.world.createStream({ name: 'clicks', shards: 1, recordsPerSecond: 250 });
    fleet.startSweeping();
    await fleet.runFor(30 * hourMs);
    expect(fleet.notices.map(({ event, reason }) => `${event} ${reason}`)).toEqual([
      'incident.opened retention-running-out',
      'incident.needs-human data-loss-near',
    ]);
    expect(fleet.notices[0]?.text).toContain('though it runs');
    expect(lost(fleet)).toEqual([]);
    expect(await statusOf(fleet)).toMatchObject({ runState: 'RUNNING', clock: { level: 'critical' } });
  });
});
