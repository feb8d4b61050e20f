import { describe, expect, it } from 'vitest';
import { setKillSwitch, startJob, stopJob } from '../../src/control/orders.ts';
import { fleetStatus } from '../../src/control/status.ts';
import type { ResolvedWindow } from '../../src/core/windows.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'jar 2.4.1' };

/** From a quarter past eight to a quarter past nine in the evening, on the clock of New York's winter. */
const freeze: ResolvedWindow = {
  name: 'freeze',
  effect: 'deny',
  actions: ['restart'],
  timeZone: 'America/New_York',
  when: { kind: 'recurring', schedule: '15 15 * * *', durationMs: hourMs },
};
const opensMs = startMs + 15 * minuteMs;
const closesMs = opensMs + hourMs;

function frozen(windows: readonly ResolvedWindow[]) {
  const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 30 * minuteMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt }, job: { windows } } } });
  fleet.startSweeping();
  return fleet;
}

const startsOf = (fleet: ReturnType<typeof frozen>) =>
  fleet.world.journal.ofKind('start-accepted').map(({ cause, t }) => ({ cause, t }));

describe('a window', () => {
  it('holds a restart back, says which one and until when, and lets go the moment it closes', async () => {
    const fleet = frozen([freeze]);
    await fleet.time.run({ untilMs: startMs + 50 * minuteMs });
    const status = await fleetStatus(fleet.ports);
    if (!status.ok) expect.fail(status.message);
    expect(status.value.jobs).toMatchObject([
      { state: 'DOWN', next: 'withheld: deny-window freeze', nextAtMs: closesMs },
    ]);
    await fleet.time.run({ untilMs: closesMs + 5 * minuteMs });
    const [launch, restart, ...more] = startsOf(fleet);
    expect(launch?.cause).toBe('launch');
    expect(restart).toMatchObject({ cause: 'restart' });
    expect(restart?.t).toBeGreaterThanOrEqual(closesMs);
    // The job is woken at the end of the window; after that it has its backoff and its turn.
    expect(restart?.t).toBeLessThan(closesMs + 40_000);
    expect(more).toEqual([]);
    const told = fleet.notices.filter(({ event }) => event.startsWith('incident.'));
    expect(told.map(({ event }) => event)).toEqual(['incident.opened', 'incident.updated']);
    expect(told[0]?.text).toMatch(
      /Held back: a deny window of the policy is open \("freeze" ends in \d+ min\)\.$/,
    );
    expect(told[1]?.text).toMatch(/It is not held back any longer\.$/);
  });

  it('lets a start that was sent before it opened be, and touches no run that is live', async () => {
    const fleet = frozen([{ ...freeze, when: { ...freeze.when, durationMs: 10 * minuteMs } as never }]);
    await fleet.time.run({ untilMs: startMs + 28 * minuteMs });
    expect(startsOf(fleet)).toHaveLength(1);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
  });

  it('refuses the orders of people too, with its name and its end', async () => {
    const fleet = frozen([freeze]);
    await fleet.time.run({ untilMs: startMs + 45 * minuteMs });
    const { orders: job } = fleet.policy.jobs;
    if (!job) expect.fail('no job');
    const why = expect.stringContaining('a deny window of the policy is open ("freeze" ends in 30 min)');
    expect(await startJob(fleet.ports, job, ana, true)).toMatchObject({ kind: 'refused', why });
    expect(await stopJob(fleet.ports, job, ana)).toMatchObject({ kind: 'refused', why });
    // What is asked first is said first.
    await setKillSwitch(fleet.ports, true, ana);
    expect(await startJob(fleet.ports, job, ana, true)).toMatchObject({
      why: expect.stringContaining('the kill switch is on'),
    });
  });

  it('that allows is the only time in which a job is started', async () => {
    const fleet = frozen([{ ...freeze, effect: 'allow' }]);
    await fleet.time.run({ untilMs: opensMs - minuteMs });
    expect(startsOf(fleet)).toEqual([]);
    await fleet.time.run({ untilMs: opensMs + 2 * minuteMs });
    expect(startsOf(fleet)).toMatchObject([{ cause: 'launch' }]);
    await fleet.time.run({ untilMs: startMs + 40 * minuteMs });
    expect(startsOf(fleet)).toHaveLength(2);
  });
});
