import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import { hourMs, minuteMs, startMs, testFleet, testJob, testPolicy } from '../support/fleet.ts';

const causes = (fleet: ReturnType<typeof testFleet>) =>
  fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);

describe('a policy that changes while jobs run', () => {
  it('stops managing a job that it no longer declares, never cancels its run, and takes it up again when it is declared anew', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + hourMs }] } } },
    });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    fleet.policy = testPolicy({});
    await fleet.runFor(3 * hourMs);
    expect(causes(fleet)).toEqual(['launch']);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    fleet.policy = testPolicy({ orders: {} });
    await fleet.runFor(10 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('carries budget, locks and run over to the new name of a renamed job', async () => {
    const dieAt = [10, 40].map((minutes) => ({
      cause: 'worker-lost' as const,
      atMs: startMs + minutes * minuteMs,
    }));
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(30 * minuteMs);
    const old = fleet.policy.jobs.orders;
    if (!old) throw new Error('no job');
    // The run keeps the name it was started with, so the renamed job goes on matching it.
    fleet.policy = {
      ...fleet.policy,
      jobs: { 'orders-eu': { ...old, name: 'orders-eu', renamedFrom: 'orders' } },
    };
    await fleet.runFor(2 * hourMs);
    expect(causes(fleet)).toEqual(['launch', 'restart', 'restart']);
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
    const read = await fleet.store.read([
      keys.record('orders'),
      keys.jobRing('orders'),
      keys.jobRing('orders-eu'),
      keys.lock('s3://acme-checkpoints/orders'),
    ]);
    if (!read.ok) throw new Error(read.message);
    const [oldRecord, oldRing, ring, lock] = read.value.items;
    expect([oldRecord, oldRing]).toEqual([undefined, undefined]);
    expect(as('ring', ring)?.ring.charges).toHaveLength(2);
    expect(as('lock', lock)?.owner).toBe('orders-eu');
  });

  it('heeds a new mode, budget and request at the next pass, and leaves a claim under way as it was stored', async () => {
    const fleet = testFleet({
      jobs: {
        orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs, times: 3 }] } },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(10 * minuteMs);
    fleet.policy = testPolicy({ orders: { mode: 'observe' } });
    await fleet.runFor(hourMs);
    expect(causes(fleet)).toEqual(['launch']);
    const acting = testJob('orders', '00test0000000001');
    fleet.policy = testPolicy({
      orders: { restart: { ...acting.restart, budget: { perHour: 1, perDay: 1 } } },
    });
    await fleet.runFor(3 * hourMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });
});
