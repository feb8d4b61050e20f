import { describe, expect, it } from 'vitest';
import { pauseFleet, pauseJob, setKillSwitch } from '../../src/control/orders.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'drill' };
const causes = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);

/** A stalled run whose cancel has just been taken by the service. */
async function cancelled(): Promise<Fleet> {
  const dieAt = [{ cause: 'stall' as const, atMs: startMs + 30 * minuteMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
  fleet.startSweeping();
  const cancels = () => fleet.world.journal.ofKind('cancel-accepted').length;
  await fleet.time.runWhile(() => cancels() === 0, { untilMs: startMs + 2 * hourMs });
  expect(cancels()).toBe(1);
  return fleet;
}

const job = ({ policy }: Fleet) => policy.jobs.orders ?? expect.fail('no job');

describe('between the cancel of a stalled run and the start that follows', () => {
  it.each([
    [
      'the kill switch',
      (fleet: Fleet) => setKillSwitch(fleet.ports, true, ana),
      (fleet: Fleet) => setKillSwitch(fleet.ports, false, ana),
    ],
    [
      'a pause of the job',
      (fleet: Fleet) => pauseJob(fleet.ports, job(fleet), ana, fleet.time.now() + hourMs),
      undefined,
    ],
    [
      'a pause of restarts',
      (fleet: Fleet) => pauseJob(fleet.ports, job(fleet), ana, fleet.time.now() + hourMs, 'restart'),
      undefined,
    ],
    [
      'a pause of the fleet',
      (fleet: Fleet) => pauseFleet(fleet.ports, ana, fleet.time.now() + hourMs),
      undefined,
    ],
  ])(
    '%s holds the start, and the job comes back after it without having been judged as stopped',
    async (_what, hold, release) => {
      const fleet = await cancelled();
      await hold(fleet);
      await fleet.runFor(hourMs - minuteMs);
      expect(causes(fleet)).toEqual(['launch']);
      await release?.(fleet);
      await fleet.runFor(8 * minuteMs);
      expect(causes(fleet)).toEqual(['launch', 'restart']);
      expect(fleet.notices.filter(({ event }) => event === 'run.stopped-by-person')).toEqual([]);
    },
  );

  it('a freeze of the policy holds it, and ends at its time', async () => {
    const fleet = await cancelled();
    const orders = job(fleet);
    const wall = (ms: number) => new Date(ms).toISOString().slice(0, 16);
    const when = { kind: 'once', from: wall(startMs), to: wall(startMs + 3 * hourMs) } as const;
    const freeze = { name: 'freeze', effect: 'deny', actions: ['restart'], timeZone: 'UTC', when } as const;
    fleet.policy = { ...fleet.policy, jobs: { orders: { ...orders, windows: [freeze] } } };
    await fleet.time.run({ untilMs: startMs + 3 * hourMs - 1_000 });
    expect(causes(fleet)).toEqual(['launch']);
    await fleet.runFor(30_000);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });
});
