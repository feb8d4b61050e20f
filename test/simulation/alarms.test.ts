import { describe, expect, it } from 'vitest';
import { wakeJobsOfAlarm } from '../../src/control/alarms.ts';
import type { Wake } from '../../src/control/ports.ts';
import { testFleet } from '../support/fleet.ts';

const alarm = { kind: 'alarm', alarm: 'orders-lag', state: 'ALARM', dimensions: [] } as const;

/** A fleet of two jobs, and the wakes that are sent. */
function fleetWith(names: readonly string[] = ['orders-*']) {
  const alarms = { names, managed: false };
  const fleet = testFleet({ jobs: { orders: { job: { alarms } }, clicks: {} } });
  const wakes: Wake[] = [];
  fleet.onWake = (wake) => {
    wakes.push(wake);
    return true;
  };
  return { fleet, wakes };
}

describe('an alarm in the hands of reconcile', () => {
  it('becomes one wake for each job, with the alarm as its cause', async () => {
    const { fleet, wakes } = fleetWith();
    expect(await wakeJobsOfAlarm(fleet.ports, alarm)).toBe('done');
    expect(wakes).toEqual([{ kind: 'job', job: 'orders', cause: 'alarm orders-lag' }]);
  });

  it('keeps its cause short enough for the message', async () => {
    const { fleet, wakes } = fleetWith(['*']);
    await wakeJobsOfAlarm(fleet.ports, { ...alarm, alarm: '😀'.repeat(120) });
    expect(wakes).toMatchObject([{ job: 'orders', cause: expect.stringMatching(/^alarm .{80,}$/u) }]);
    expect(JSON.stringify(wakes).length).toBeLessThan(300);
  });

  it('comes again when the policy cannot be read, and is dropped when there is none', async () => {
    const { fleet } = fleetWith();
    const without = (code: 'unavailable' | 'not-found') => ({
      ...fleet.ports,
      policies: { current: async () => ({ ok: false, code, message: 'test' }) as const },
    });
    expect(await wakeJobsOfAlarm(without('unavailable'), alarm)).toBe('again');
    expect(await wakeJobsOfAlarm(without('not-found'), alarm)).toBe('done');
  });

  it('comes again when the queue did not take the wakes', async () => {
    const { fleet } = fleetWith();
    const wakes = {
      ...fleet.ports.wakes,
      send: async () => ({ ok: false, code: 'unavailable', message: 'test' }) as const,
    };
    expect(await wakeJobsOfAlarm({ ...fleet.ports, wakes }, alarm)).toBe('again');
  });
});
