import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import { stopJob } from '../../src/control/orders.ts';
import { reconcile } from '../../src/control/reconcile.ts';
import { release } from '../../src/control/release.ts';
import { charge, emptyRing, stamp } from '../../src/core/budget.ts';
import { runSchedule } from '../../src/world/chaos/schedule.ts';
import type { StartJobRunRequest } from '../../src/world/emr-types.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet, testPolicy } from '../support/fleet.ts';

const ana = { arn: 'arn:aws:iam::111122223333:user/ana' };

function startByHand(fleet: Fleet, clientToken: string): string {
  const request = { ...fleet.policy.jobs.orders?.launch, clientToken } as unknown as StartJobRunRequest;
  return fleet.world.emr.startJobRun(request, ana).jobRunId;
}

/** A job that a person has stopped, with every hint about runs lost from then on. */
async function stoppedAndDeaf(): Promise<Fleet> {
  const fleet = testFleet({ jobs: { orders: {} } });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  const [first] = fleet.world.journal.ofKind('start-accepted');
  fleet.world.emr.cancelJobRun('00test0000000001', String(first?.jobRunId), ana, 0);
  await fleet.runFor(10 * minuteMs);
  fleet.onWake = (wake) => wake.kind !== 'run';
  return fleet;
}

async function memoryOf(fleet: Fleet) {
  const read = await fleet.store.read([keys.record('orders')]);
  return read.ok ? as('record', read.value.items[0])?.memory : undefined;
}

describe('what chaos found', () => {
  it.each([14, 26, 54, 87, 93, 125, 140, 145, 174, 188, 209, 51, 100, 60000032, 110000622, 120000115])(
    'seed %i, which broke a promise once, keeps them all',
    async (seed) => {
      const { violations, hasConverged } = await runSchedule({ seed });
      expect(violations).toEqual([]);
      expect(hasConverged).toBe(true);
    },
  );

  it('takes over a run that a person started although every hint of it was lost', async () => {
    const fleet = await stoppedAndDeaf();
    const theirs = startByHand(fleet, 'ana-1');
    await fleet.runFor(20 * minuteMs);
    expect((await memoryOf(fleet))?.run?.jobRunId).toBe(theirs);
  });

  it('restarts a run of ours after a person has started another beside it and taken that back', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 40 * minuteMs }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    fleet.onWake = (wake) => wake.kind !== 'run';
    fleet.world.emr.cancelJobRun('00test0000000001', startByHand(fleet, 'ana-1'), ana, 0);
    await fleet.runFor(20 * minuteMs + 1);
    // The hint about hers comes late, when ours has just died.
    await reconcile(fleet.ports, { job: 'orders', look: true });
    await fleet.runFor(hourMs);
    const causes = fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
    expect(causes).toEqual(['launch', undefined, 'restart']);
    expect(fleet.notices.map(({ event }) => event)).not.toContain('run.stopped-by-person');
  });

  it('stops a run that a person had started beside ours before they ordered the stop', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const [ours] = fleet.world.journal.ofKind('start-accepted');
    const theirs = startByHand(fleet, 'ana-1');
    await fleet.runFor(10_000);
    const { orders } = fleet.policy.jobs;
    if (!orders) throw new Error('no job');
    expect(await stopJob(fleet.ports, orders, { by: 'ana', reason: 'maintenance' })).toEqual({
      kind: 'done',
    });
    fleet.world.emr.cancelJobRun('00test0000000001', String(ours?.jobRunId), ana, 0);
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.emr.getJobRun('00test0000000001', theirs, ana).state).toBe('CANCELLED');
    expect(await memoryOf(fleet)).toMatchObject({ desired: 'stopped', stopped: { by: 'ana' } });
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(2);
  });

  it('restarts a run that a person started and that failed before anybody looked', async () => {
    const fleet = await stoppedAndDeaf();
    fleet.world.script('orders', { dieAt: [{ cause: 'capacity-unavailable', times: 1 }] });
    const theirs = startByHand(fleet, 'ana-1');
    await fleet.runFor(5 * minuteMs);
    expect(fleet.world.emr.getJobRun('00test0000000001', theirs, ana).state).toBe('FAILED');
    await fleet.runFor(hourMs);
    expect(fleet.world.journal.ofKind('start-accepted').at(-1)?.cause).toBe('restart');
  });

  it('finds a second writer beside a live run although the one wake about it was lost', async () => {
    // Batches of hours: the two writers do not meet in the log, so neither dies of the other.
    const fleet = testFleet({ jobs: { orders: {} }, parameters: { batchOverheadSeconds: 7_200 } });
    fleet.startSweeping();
    await fleet.runFor(30 * minuteMs);
    fleet.onWake = (wake) => wake.kind !== 'run';
    startByHand(fleet, 'ana-1');
    await fleet.runFor(3 * minuteMs);
    fleet.onWake = () => true;
    await fleet.runFor(15 * minuteMs);
    expect(fleet.notices.map(({ event }) => event)).toContain('writers.two-live-runs');
  });

  it('ends the streak at an adoption when batches were committed since the last start', async () => {
    const fleet = testFleet({
      jobs: {
        orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs, times: 2 }] } },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(hourMs);
    const streaks = async () =>
      Object.values((await memoryOf(fleet))?.progress ?? {}).map(({ streak }) => streak);
    expect((await streaks())[0]).toBeGreaterThan(0);
    const last = fleet.world.journal.ofKind('start-accepted').at(-1);
    fleet.world.emr.cancelJobRun('00test0000000001', String(last?.jobRunId), ana, 0);
    await fleet.runFor(10 * minuteMs);
    startByHand(fleet, 'ana-1');
    await fleet.runFor(5 * minuteMs);
    expect(await streaks()).toEqual([0]);
  });

  it('looks again at a job that waits for its daily budget as soon as the budget is raised', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, afterBatches: 1, times: 50 }];
    const restart = (perDay: number) => ({ restart: { budget: { perHour: perDay, perDay } } as never });
    const fleet = testFleet({ jobs: { orders: { script: { dieAt }, job: restart(2) } } });
    fleet.startSweeping();
    await fleet.runFor(3 * hourMs);
    const restarts = () => fleet.world.journal.ofKind('start-accepted').length - 1;
    expect(restarts()).toBe(2);
    fleet.policy = testPolicy({ orders: restart(3) });
    await fleet.runFor(20 * minuteMs);
    expect(restarts()).toBe(3);
  });

  it('keeps a budget between two clocks that are each within the bound', () => {
    const limits = { perHour: 1, perDay: 10 };
    const slowMs = -4_000;
    const fastMs = 4_000;
    const acceptedAtMs = startMs;
    const first = charge(emptyRing, limits, { claimId: 'clm_1', nowMs: acceptedAtMs + slowMs });
    if (!first.ok) throw new Error('an empty ring has room');
    const ring = stamp(first.ring, 'clm_1', acceptedAtMs + slowMs);
    expect(charge(ring, limits, { claimId: 'clm_2', nowMs: acceptedAtMs + hourMs - 1 + fastMs }).ok).toBe(
      false,
    );
  });
});

describe('a clock that is hours off', () => {
  const aheadMs = 2 * hourMs;
  const ahead = (fleet: Fleet) => ({
    ...fleet.ports,
    clock: { now: () => fleet.time.now() + aheadMs, sleep: (ms: number) => fleet.time.sleep(ms) },
  });

  it('does not put the next look at its jobs hours away', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    await reconcile(ahead(fleet), { job: 'orders' });
    const read = await fleet.store.read([keys.record('orders')]);
    const dueAtMs = (read.ok && as('record', read.value.items[0])?.dueAtMs) || 0;
    expect(dueAtMs).toBeLessThan(fleet.time.now() + hourMs);
    expect(dueAtMs).toBeGreaterThan(fleet.time.now());
  });

  it('gives no grant, so the pace bucket is not empty until the others catch up', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    await reconcile(fleet.ports, { job: 'orders' });
    expect(await release(ahead(fleet))).toMatchObject({ outcome: 'held', granted: [] });
    expect(await release(fleet.ports)).toMatchObject({ granted: ['orders'] });
  });
});

describe('a pass that freezes after it has read the policy', () => {
  it('starts nothing by a policy that has changed to observe long ago', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.onWake = () => false;
    await reconcile(fleet.ports, { job: 'orders' });
    const frozen = intercept(fleet.ports, async (name, call) => {
      const answer = await call();
      if (name !== 'policies.current') return answer;
      await fleet.time.sleep(10 * minuteMs);
      // Somebody else's release, so that the frozen pass finds a grant.
      await release(fleet.ports);
      return answer;
    });
    fleet.time.after(1_000, () => reconcile(frozen, { job: 'orders' }).then(() => {}));
    fleet.time.after(minuteMs, () => {
      fleet.policy = testPolicy({ orders: { mode: 'observe' } });
    });
    await fleet.runFor(20 * minuteMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toEqual([]);
  });
});
