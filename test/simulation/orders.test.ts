import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import {
  pauseFleet,
  pauseJob,
  resumeJob,
  setKillSwitch,
  startJob,
  stopJob,
} from '../../src/control/orders.ts';
import { SlackReceiver } from '../../src/slack/receiver.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { CountingSlack } from '../../src/world/storm/counting-slack.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'jar 2.4.1' };

async function running(
  script = {},
): Promise<{ fleet: Fleet; job: NonNullable<Fleet['policy']['jobs'][string]> }> {
  const fleet = testFleet({ jobs: { orders: { script } } });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  const job = fleet.policy.jobs.orders;
  if (!job) throw new Error('no job');
  return { fleet, job };
}

async function memoryOf(fleet: Fleet) {
  const read = await fleet.store.read([keys.record('orders')]);
  return read.ok ? as('record', read.value.items[0])?.memory : undefined;
}

const causes = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
const batches = (fleet: Fleet) => fleet.world.journal.ofKind('batch-committed').length;

describe('what people order', () => {
  it('stops a job with grace, keeps it down, and starts it again without charge', async () => {
    const { fleet, job } = await running();
    expect(await stopJob(fleet.ports, job, ana)).toEqual({ kind: 'done' });
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(causes(fleet)).toEqual(['launch']);
    expect(fleet.notices).toEqual([]);
    expect(await stopJob(fleet.ports, job, ana)).toEqual({
      kind: 'unchanged',
      why: 'orders is stopped already, by ana (“jar 2.4.1”)',
    });
    const before = batches(fleet);
    expect(await startJob(fleet.ports, job, ana, false)).toEqual({ kind: 'done' });
    await fleet.runFor(20 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'operator']);
    expect(batches(fleet)).toBeGreaterThan(before);
  });

  it('says that nothing is started of a job that runs, and starts none later', async () => {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'user-code-error', atMs: startMs + 25 * minuteMs }],
    });
    expect(await startJob(fleet.ports, job, ana, true)).toMatchObject({
      kind: 'done',
      about: expect.stringMatching(
        /^its run \S+ was RUNNING at the last look: nothing is started while it lives$/,
      ),
    });
    await fleet.runFor(hourMs);
    expect(causes(fleet)).toEqual(['launch']);
  });

  it('refuses to start what has no request', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    const { launch: _none, ...job } = fleet.policy.jobs.orders ?? expect.fail('no job');
    expect(await startJob(fleet.ports, job, ana, true)).toEqual({
      kind: 'refused',
      why: 'orders has no earlier run and no launch.spec, so there is nothing to start',
    });
  });

  it('starts a parked job only with the override', async () => {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'user-code-error', atMs: startMs + 10 * minuteMs, times: 1 }],
    });
    await fleet.runFor(30 * minuteMs);
    expect(causes(fleet)).toEqual(['launch']);
    const refused = await startJob(fleet.ports, job, ana, false);
    expect(refused).toMatchObject({ kind: 'refused', why: expect.stringContaining('--override') });
    expect(await startJob(fleet.ports, job, ana, true)).toEqual({ kind: 'done' });
    await fleet.runFor(30 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'operator']);
  });

  it('tells whoever ordered the start of a parked job when a pause has outlived the order', async () => {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'user-code-error', atMs: startMs + 10 * minuteMs, times: 1 }],
    });
    await fleet.runFor(30 * minuteMs);
    expect(await startJob(fleet.ports, job, ana, true)).toEqual({ kind: 'done' });
    await pauseJob(fleet.ports, job, ana, fleet.time.now() + hourMs);
    await fleet.runFor(3 * hourMs);
    expect((await memoryOf(fleet))?.order).toBeUndefined();
    expect(causes(fleet)).toEqual(['launch']);
    const calls = fleet.notices.filter(({ event }) => event === 'incident.needs-human');
    expect(calls.map(({ text }) => text.includes('The start that ana ordered ("jar 2.4.1")'))).toEqual([
      false,
      true,
    ]);
    expect(calls[1]?.text).toMatch(/^orders is still down and needs a person\. .* order it again\.$/);
  });

  it('holds a job back while it is paused, and lets it go when the pause ends by itself', async () => {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'worker-lost', atMs: startMs + 30 * minuteMs }],
    });
    await pauseJob(fleet.ports, job, ana, startMs + 2 * hourMs);
    await fleet.time.run({ untilMs: startMs + 2 * hourMs - minuteMs });
    expect(causes(fleet)).toEqual(['launch']);
    await fleet.runFor(20 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
    expect(await resumeJob(fleet.ports, job)).toMatchObject({ kind: 'done' });
    expect(await resumeJob(fleet.ports, job)).toEqual({ kind: 'unchanged', why: 'orders is not paused' });
  });

  it.each([
    ['the kill switch', (fleet: Fleet) => setKillSwitch(fleet.ports, true, ana)],
    ['a pause of the fleet', (fleet: Fleet) => pauseFleet(fleet.ports, ana, startMs + 10 * hourMs)],
  ])('sends nothing under %s, and refuses orders with the reason', async (_what, hold) => {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'worker-lost', atMs: startMs + 30 * minuteMs }],
    });
    await hold(fleet);
    await fleet.runFor(2 * hourMs);
    expect(causes(fleet)).toEqual(['launch']);
    expect(await startJob(fleet.ports, job, ana, true)).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/kill switch is on|fleet is paused/),
    });
  });

  it('goes on after the kill switch is off again', async () => {
    const { fleet } = await running({ dieAt: [{ cause: 'worker-lost', atMs: startMs + 30 * minuteMs }] });
    await setKillSwitch(fleet.ports, true, ana);
    await fleet.runFor(hourMs);
    await setKillSwitch(fleet.ports, false, ana);
    await fleet.runFor(20 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });
});

describe('an order to start that a pause overtakes', () => {
  /** Parked; started by an order, and paused at the moment in which the wish of that order is written. */
  async function overtaken(pauseMs: number): Promise<Fleet> {
    const { fleet, job } = await running({
      dieAt: [{ cause: 'user-code-error', atMs: startMs + 10 * minuteMs, times: 1 }],
    });
    const bare = fleet.ports;
    let isPaused = false;
    fleet.ports = intercept(bare, async (name, call, [writes]) => {
      const done = await call();
      const isWish = name === 'store.commit' && JSON.stringify(writes).includes('"cause":"operator"');
      if (isWish && !isPaused) {
        isPaused = true;
        await pauseFleet(bare, ana, fleet.time.now() + pauseMs);
      }
      return done;
    });
    expect(await startJob(fleet.ports, job, ana, true)).toEqual({ kind: 'done' });
    await fleet.runFor(pauseMs - minuteMs);
    expect(isPaused).toBe(true);
    expect(causes(fleet)).toEqual(['launch']);
    return fleet;
  }

  it('is carried out after a short one', async () => {
    const fleet = await overtaken(10 * minuteMs);
    await fleet.runFor(8 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'operator']);
  });

  it('is forgotten after half an hour, and the job is parked again with a call', async () => {
    const fleet = await overtaken(2 * hourMs);
    await fleet.runFor(hourMs);
    expect(causes(fleet)).toEqual(['launch']);
    const read = await fleet.store.read([keys.record('orders')]);
    const memory = read.ok ? as('record', read.value.items[0])?.memory : undefined;
    expect(memory?.parked?.reason).toBe('deterministic-failure');
    expect(memory?.wish).toBeUndefined();
  });
});

describe('a pause of the fleet', () => {
  it('ends for each job at the second in which it was to end', async () => {
    const { fleet } = await running({ dieAt: [{ cause: 'worker-lost', atMs: startMs + 30 * minuteMs }] });
    await pauseFleet(fleet.ports, ana, startMs + 2 * hourMs + 17_000);
    await fleet.time.run({ untilMs: startMs + 2 * hourMs + 16_000 });
    expect(causes(fleet)).toEqual(['launch']);
    await fleet.runFor(11_000);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });
});

describe('a job that a person starts again after a call, and that fails as before', () => {
  const fails = { dieAt: [{ cause: 'user-code-error' as const, afterBatches: 1, times: 10 }] };

  async function called() {
    const fleet = testFleet({ jobs: { orders: { script: fails } } });
    const slack = new CountingSlack(fleet.world.journal);
    const { policy, store, time } = fleet;
    const receiver = new SlackReceiver({ name: 'ops', channel: 'C0', policy, slack, store, clock: time });
    fleet.ports = { ...fleet.ports, receiver };
    fleet.startSweeping();
    await fleet.runFor(30 * minuteMs);
    const calls = () =>
      fleet.world.journal
        .ofKind('notice')
        .filter(({ event, newPost }) => event === 'incident.needs-human' && newPost);
    expect(calls()).toHaveLength(1);
    const orders = policy.jobs.orders ?? expect.fail('no job');
    return { fleet, calls, orders };
  }

  it('calls again', async () => {
    const { fleet, calls, orders } = await called();
    await startJob(fleet.ports, orders, { by: 'ana', reason: 'mended' }, true);
    await fleet.runFor(30 * minuteMs);
    expect(fleet.world.journal.ofKind('start-accepted').at(-1)?.cause).toBe('operator');
    expect(calls()).toHaveLength(2);
    expect(new Set(calls().map(({ incident }) => incident)).size).toBe(1);
  });

  it('calls again where the run was started by hand', async () => {
    const { fleet, calls, orders } = await called();
    const request = { ...structuredClone(orders.launch), clientToken: 'ana-1' };
    fleet.world.emr.startJobRun(request as never, { arn: 'arn:aws:iam::111122223333:user/ana' });
    await fleet.runFor(30 * minuteMs);
    expect(calls()).toHaveLength(2);
  });
});
