import { describe, expect, it } from 'vitest';
import { startJob } from '../../src/control/orders.ts';
import type { Failure } from '../../src/control/ports.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const diesAtMs = startMs + 20 * minuteMs;
const unavailable = (message: string): Failure => ({ ok: false, code: 'unavailable', message });

interface Outage {
  /** Port calls that fail, by name. */
  readonly calls: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly answer: unknown;
}

/** A job that loses its worker while something that Checkpilot needs is down. */
function fleetWith(outage: Outage, times = 1): Fleet {
  const fleet = testFleet({
    jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: diesAtMs, times }] } } },
  });
  fleet.ports = intercept(fleet.ports, (name, call) => {
    const nowMs = fleet.time.now();
    const isDown = outage.calls.includes(name) && nowMs >= outage.fromMs && nowMs < outage.toMs;
    return isDown ? (Promise.resolve(outage.answer) as ReturnType<typeof call>) : call();
  });
  fleet.startSweeping();
  return fleet;
}

const restartsOf = (fleet: Fleet) =>
  fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');

describe('when the EMR API is throttled or down', () => {
  const outage = { fromMs: diesAtMs, toMs: diesAtMs + 40 * minuteMs };

  it.each([
    ['reading runs', ['runs.get'], { ok: false, code: 'throttled', message: 'Rate exceeded' }],
    ['listing runs', ['runs.list'], unavailable('503')],
  ])(
    'waits while %s fails, spends nothing, tells people once after ten minutes, and restarts afterwards',
    async (_what, calls, answer) => {
      const fleet = fleetWith({ ...outage, calls, answer });
      await fleet.time.run({ untilMs: outage.toMs - 1 });
      expect(restartsOf(fleet)).toEqual([]);
      const told = fleet.notices.filter(({ text }) =>
        text.includes('has not told us of this job for ten minutes'),
      );
      expect(told).toHaveLength(1);
      await fleet.runFor(10 * minuteMs);
      expect(restartsOf(fleet)).toHaveLength(1);
    },
  );

  it('parks a job whose start is refused for good, calls a person, and frees its checkpoint for their order', async () => {
    const answer = { kind: 'refused', code: 'ValidationException', message: 'no such role' };
    const fleet = fleetWith({ ...outage, toMs: diesAtMs + hourMs, calls: ['runs.start'], answer });
    let sent = 0;
    const { ports } = fleet;
    fleet.ports = intercept(ports, (name, call) => {
      if (name === 'runs.start') sent += 1;
      return call();
    });
    await fleet.runFor(2 * hourMs);
    expect(sent).toBe(1 + 1);
    expect(restartsOf(fleet)).toEqual([]);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.needs-human']);
    expect(fleet.notices[1]?.text).toBe(
      'orders is down and needs a person: EMR Serverless refused the start (ValidationException: no such role).',
    );
    const { orders } = fleet.policy.jobs;
    if (!orders) throw new Error('no job');
    await startJob(fleet.ports, orders, { by: 'ana', reason: 'made the role' }, true);
    await fleet.runFor(20 * minuteMs);
    expect(fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual([
      'launch',
      'operator',
    ]);
  });

  it('claims once and sends again with the same token while StartJobRun is throttled', async () => {
    const fleet = fleetWith({
      calls: ['runs.start'],
      fromMs: diesAtMs,
      toMs: diesAtMs + minuteMs,
      answer: { kind: 'not-now', message: 'Rate exceeded' },
    });
    await fleet.time.run({ untilMs: diesAtMs + 10 * minuteMs });
    expect(restartsOf(fleet)).toHaveLength(1);
  });
});

describe('when DynamoDB is down', () => {
  it('claims nothing and sends nothing, and restarts once it is back', async () => {
    const toMs = diesAtMs + 30 * minuteMs;
    const down = { fromMs: diesAtMs, toMs, answer: unavailable('DynamoDB is down') };
    const fleet = fleetWith({ ...down, calls: ['store.read', 'store.list', 'store.due'] });
    await fleet.time.run({ untilMs: toMs - 1 });
    expect(restartsOf(fleet)).toEqual([]);
    await fleet.runFor(10 * minuteMs);
    expect(restartsOf(fleet)).toHaveLength(1);
  });

  it('sends nothing when the claim itself is not known to be written', async () => {
    const toMs = diesAtMs + 30 * minuteMs;
    const fleet = fleetWith({
      fromMs: diesAtMs,
      toMs,
      calls: ['store.commit'],
      answer: { kind: 'unavailable', message: 'timed out' },
    });
    await fleet.time.run({ untilMs: toMs - 1 });
    expect(restartsOf(fleet)).toEqual([]);
    await fleet.runFor(10 * minuteMs);
    expect(restartsOf(fleet)).toHaveLength(1);
  });
});

describe('when SQS is down', () => {
  it('has the sweep make the passes and the grants itself', async () => {
    const fleet = fleetWith({
      calls: ['wakes.send', 'wakes.release'],
      fromMs: diesAtMs,
      toMs: diesAtMs + 2 * hourMs,
      answer: unavailable('SQS is down'),
    });
    fleet.world.emr.eventFate = (event) => (fleet.time.now() >= diesAtMs && event ? 'lose' : 'deliver');
    await fleet.time.run({ untilMs: diesAtMs + hourMs });
    expect(restartsOf(fleet)).toHaveLength(1);
  });
});

describe('when S3 does not show the checkpoint', () => {
  it('restarts a passing failure once an hour at most, and never calls the checkpoint corrupt', async () => {
    const fleet = fleetWith(
      {
        calls: ['checkpoints.head'],
        fromMs: startMs,
        toMs: startMs + 24 * hourMs,
        answer: unavailable('S3 503'),
      },
      100,
    );
    await fleet.runFor(4 * hourMs);
    const times = restartsOf(fleet).map(({ t }) => t);
    expect(times.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...times.slice(1).map((t, index) => t - (times[index] ?? 0)))).toBeGreaterThanOrEqual(
      hourMs,
    );
    expect(fleet.notices.some(({ text }) => text.includes('corrupt'))).toBe(false);
  });
});

describe('when nobody takes the notices', () => {
  it('restarts all the same, keeps them, and delivers each when somebody takes them again', async () => {
    const fleet = fleetWith({
      calls: ['receiver.tell'],
      fromMs: startMs,
      toMs: diesAtMs + 2 * hourMs,
      answer: unavailable('Slack is down'),
    });
    await fleet.time.run({ untilMs: diesAtMs + 2 * hourMs - 1 });
    expect(restartsOf(fleet)).toHaveLength(1);
    expect(fleet.notices).toEqual([]);
    await fleet.runFor(5 * minuteMs);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.recovered']);
    const outbox = await fleet.store.list('OUTBOX#0', { limit: 10 });
    expect(outbox.ok && outbox.value).toEqual([]);
  });
});

describe('when the policy cannot be read', () => {
  it('does nothing at all without one', async () => {
    const fleet = fleetWith({
      calls: ['policies.current'],
      fromMs: startMs,
      toMs: startMs + hourMs,
      answer: unavailable('AccessDenied'),
    });
    await fleet.time.run({ untilMs: startMs + hourMs - 1 });
    expect(fleet.world.journal.ofKind('start-accepted')).toEqual([]);
  });

  it('keeps the last good one and says so once', async () => {
    const fleet = fleetWith({ calls: [], fromMs: 0, toMs: 0, answer: undefined });
    const { policy } = fleet;
    const broken = { hash: 'b41f07', message: 'policies/b41f07.json: no JSON' };
    fleet.ports = {
      ...fleet.ports,
      policies: { current: async () => ({ ok: true, value: { policy, hash: 'good', broken } }) },
    };
    await fleet.runFor(hourMs);
    expect(restartsOf(fleet)).toHaveLength(1);
    expect(fleet.notices.filter(({ event }) => event === 'policy.broken')).toHaveLength(1);
  });
});

describe('when our clock is off', () => {
  it.each([6_000, -6_000])('only observes at a difference of %i ms', async (skewMs) => {
    const fleet = fleetWith({ calls: [], fromMs: 0, toMs: 0, answer: undefined });
    await fleet.time.run({ untilMs: diesAtMs - minuteMs });
    const { clock } = fleet.ports;
    fleet.ports = {
      ...fleet.ports,
      clock: { now: () => clock.now() + skewMs, sleep: (ms) => clock.sleep(ms) },
    };
    await fleet.time.run({ untilMs: diesAtMs + 30 * minuteMs });
    expect(restartsOf(fleet)).toEqual([]);
    fleet.ports = { ...fleet.ports, clock };
    await fleet.runFor(20 * minuteMs);
    expect(restartsOf(fleet)).toHaveLength(1);
  });
});
