import { describe, expect, it } from 'vitest';
import { deliverOutbox } from '../../src/control/deliver.ts';
import { keys } from '../../src/control/items.ts';
import { noticeWrite } from '../../src/control/writes.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { workerSpec } from '../../src/core/workers.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet, testJob, testPolicy } from '../support/fleet.ts';

// The rest of what a hostile review broke: applications, policies and fleets rather than one job.

const applicationId = '00test0000000001';
const starts = (fleet: Fleet, job?: string) =>
  fleet.world.journal.ofKind('start-accepted').filter((entry) => job === undefined || entry.job === job);
const answers = <T>(value: unknown) => Promise.resolve(value) as Promise<T>;
const dies = (minutes: number, cause: 'worker-lost' | 'out-of-memory' = 'worker-lost') => ({
  cause,
  atMs: startMs + minutes * minuteMs,
});

describe('the application of an open claim', () => {
  it('that is gone lets the claim be closed once nothing can start any more', async () => {
    const fleet = testFleet({ jobs: { orders: { script: { dieAt: [dies(20)] } } } });
    let isGone = false;
    fleet.ports = intercept(fleet.ports, (name, call) => {
      if (name === 'runs.start' && fleet.time.now() > startMs + 20 * minuteMs) isGone = true;
      if (!isGone || !name.startsWith('runs.')) return call();
      return answers(
        name === 'runs.start'
          ? { kind: 'ambiguous', message: 'lost' }
          : { ok: false, code: 'not-found', message: 'gone' },
      );
    });
    fleet.startSweeping();
    await fleet.runFor(3 * hourMs);
    const read = await fleet.store.read([keys.lock('s3://acme-checkpoints/orders')]);
    expect(read.ok && read.value.items[0]).not.toHaveProperty('claim');
  });

  it('with ever more runs is asked only for those that the claim can have made', async () => {
    const fleet = testFleet({ jobs: { orders: { script: { dieAt: [dies(20)] } } } });
    const asked: unknown[] = [];
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      if (name === 'runs.start' && fleet.time.now() > startMs + 20 * minuteMs)
        return answers({ kind: 'ambiguous', message: 'lost' });
      const filter = args[1] as { states?: unknown } | undefined;
      if (name === 'runs.list' && filter?.states === undefined) asked.push(filter);
      return call();
    });
    fleet.startSweeping();
    await fleet.runFor(hourMs);
    expect(asked.length).toBeGreaterThan(0);
    for (const filter of asked) expect(filter).toMatchObject({ createdAtBeforeMs: expect.any(Number) });
  });
});

describe('thousands of ended runs in an application', () => {
  it('do not keep a new job from its first start', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      const filter = args[1] as { states?: readonly string[] } | undefined;
      if (name !== 'runs.list' || !filter?.states?.includes('FAILED')) return call();
      return answers({ ok: true, value: { runs: [], nextToken: 'more', dateMs: fleet.time.now() } });
    });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    expect(starts(fleet)).toHaveLength(1);
  });
});

describe('a job that the policy dropped', () => {
  it('is looked at once a day, also on the second day', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    fleet.policy = testPolicy({});
    await fleet.runFor(26 * hourMs);
    let passes = 0;
    fleet.onOutcome = () => {
      passes += 1;
    };
    await fleet.runFor(2 * hourMs);
    expect(passes).toBeLessThanOrEqual(1);
  });
});

describe('two jobs whose locations are brought together', () => {
  it('lose neither of their healthy runs, and a person is told', async () => {
    const fleet = testFleet({ jobs: { a: {}, b: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const a = fleet.policy.jobs.a as ResolvedJob;
    fleet.policy = testPolicy({
      a: { ...a, checkpoints: ['s3://acme-checkpoints/a', 's3://acme-checkpoints/b'] },
    });
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    expect(starts(fleet)).toHaveLength(2);
    expect(fleet.notices.some(({ text }) => text.includes('its locations have 2 live runs'))).toBe(true);
  });
});

describe('sizes that a failure taught', () => {
  it('are kept by the next restart of another cause, also with launchFrom: spec', async () => {
    const base = testJob('orders', applicationId);
    const fleet = testFleet({
      jobs: {
        orders: {
          script: { dieAt: [{ ...dies(20, 'out-of-memory'), neededMemoryGb: 18 }, dies(60)] },
          job: { restart: { ...base.restart, launchFrom: 'spec' } },
        },
      },
    });
    const memory: string[] = [];
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      if (name === 'runs.start') memory.push(workerSpec(args[0] as LaunchRequest, 'executor').memory);
      return call();
    });
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    expect(memory).toEqual(['14g', '22341m', '22341m']);
  });
});

describe('the sweep', () => {
  it('reaches every application in turn, however many there are', async () => {
    const names = Array.from({ length: 33 }, (_, index) => `job-${String(index).padStart(2, '0')}`);
    const fleet = testFleet({ jobs: {} });
    const jobs = names.map((name) => [name, testJob(name, `00app${name.slice(4)}`)] as const);
    fleet.policy = { ...testPolicy({}), jobs: Object.fromEntries(jobs) };
    const listed = new Set<string>();
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      if (name !== 'runs.list') return call();
      listed.add(String(args[0]));
      return answers({ ok: true, value: { runs: [], dateMs: fleet.time.now() } });
    });
    fleet.onWake = () => false;
    fleet.startSweeping();
    await fleet.runFor(34 * minuteMs);
    expect(listed.size).toBe(33);
  });

  it('makes the passes of the others when one job throws while the queue is down', async () => {
    const fleet = testFleet({ jobs: { broken: {}, orders: { script: { dieAt: [dies(20)] } } } });
    fleet.startSweeping();
    await fleet.runFor(19 * minuteMs);
    fleet.world.emr.eventFate = () => 'lose';
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      if (name.startsWith('wakes.'))
        return answers({ ok: false, code: 'unavailable', message: 'SQS is down' });
      const isBroken = name === 'store.read' && JSON.stringify(args[0]).includes('RING#job/broken');
      return isBroken ? Promise.reject(new Error('JOB#broken / RECORD is a lock')) : call();
    });
    await fleet.runFor(2 * hourMs);
    expect(starts(fleet, 'orders').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
  });
});

describe('notices that nobody takes', () => {
  it('do not stand in the way of one that somebody would', async () => {
    const fleet = testFleet({ jobs: {} });
    const taken: string[] = [];
    const write = (text: string) =>
      noticeWrite(
        fleet.ports,
        { event: 'incident.opened', severity: 'critical', text },
        { job: 'orders', decisionId: '' },
      );
    for (let index = 0; index < 25; index++) await fleet.store.commit([write('refused')]);
    await fleet.store.commit([write('wanted')]);
    const receiver: Fleet['ports']['receiver'] = {
      name: 'people',
      tell: async ({ notices: [{ text }] }) => {
        if (text === 'refused') return { ok: false, code: 'refused', message: 'too long' };
        taken.push(text);
        return { ok: true };
      },
    };
    await deliverOutbox({ ...fleet.ports, receivers: () => [receiver] });
    expect(taken).toEqual(['wanted']);
  });
});
