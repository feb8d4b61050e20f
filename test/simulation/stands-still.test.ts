import { describe, expect, it } from 'vitest';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { hourMs, minuteMs, startMs, testFleet, testJob } from '../support/fleet.ts';

describe('a job that is RUNNING and stands still', () => {
  it('is started again once, and after that a person is called', async () => {
    const fleet = testFleet({
      jobs: {
        orders: {
          job: { source: { kinesis: { stream: 'clicks' } } },
          script: { stream: 'clicks', dieAt: [{ cause: 'stall', atMs: startMs + 30 * minuteMs, times: 2 }] },
        },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(3 * hourMs);
    const { journal } = fleet.world;
    expect(journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
    expect(journal.ofKind('double-writer')).toEqual([]);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.needs-human']);
  });

  it('heals when one restart was enough', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'stall', atMs: startMs + 30 * minuteMs }] } } },
    });
    fleet.startSweeping();
    await fleet.runFor(3 * hourMs);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.recovered']);
  });
});

describe('a run whose attempts die of what no retry cures', () => {
  it('is cancelled before the service gives up, and parked', async () => {
    const fleet = testFleet({
      jobs: {
        orders: {
          job: { launch: triedTenTimesAnHour() },
          script: { dieAt: [{ cause: 'user-code-error', atMs: startMs + 30 * minuteMs }] },
        },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(3 * hourMs);
    const { journal } = fleet.world;
    expect(journal.ofKind('attempt-failed').length).toBeLessThan(5);
    expect(journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(journal.ofKind('start-accepted')).toHaveLength(1);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.needs-human']);
  });
});

function triedTenTimesAnHour(): LaunchRequest {
  const { launch } = testJob('orders', '00test0000000001');
  if (!launch) throw new Error('the job of these tests has a launch request');
  return { ...launch, retryPolicy: { maxFailedAttemptsPerHour: 10 } };
}
