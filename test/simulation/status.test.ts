import { describe, expect, it } from 'vitest';
import { pauseJob, setKillSwitch, startJob, stopJob } from '../../src/control/orders.ts';
import { fleetStatus, type JobStatus } from '../../src/control/status.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

async function statusOf(fleet: Fleet, job: string): Promise<JobStatus> {
  const answer = await fleetStatus(fleet.ports);
  if (!answer.ok) throw new Error(answer.message);
  const found = answer.value.jobs.find((one) => one.job === job);
  if (!found) throw new Error(`no status of ${job}`);
  return found;
}

describe('status', () => {
  it('says of each job how it is and what frees it, worst first', async () => {
    const fleet = testFleet({
      jobs: {
        calm: {},
        buggy: { script: { dieAt: [{ cause: 'user-code-error', atMs: startMs + 10 * minuteMs }] } },
        watched: { job: { mode: 'observe' } },
        thrashing: {
          script: {
            dieAt: Array.from({ length: 9 }, () => ({
              cause: 'worker-lost' as const,
              afterBatches: 2,
              times: 1,
            })),
          },
        },
      },
    });
    expect((await statusOf(fleet, 'calm')).state).toBe('NO DATA');
    fleet.startSweeping();
    await fleet.runFor(40 * minuteMs);
    const answer = await fleetStatus(fleet.ports);
    if (!answer.ok) throw new Error(answer.message);
    expect(answer.value.jobs.map(({ job, state }) => `${job} ${state}`)).toEqual([
      'buggy NEEDS HUMAN',
      'thrashing NEEDS HUMAN',
      'watched DOWN',
      'calm OK',
    ]);
    expect(await statusOf(fleet, 'buggy')).toMatchObject({
      runState: 'FAILED',
      next: 'a person: deterministic-failure',
    });
    expect(await statusOf(fleet, 'thrashing')).toMatchObject({
      next: 'budget frees',
      restarts: { hour: 3, perHour: 3 },
    });
    expect((await statusOf(fleet, 'thrashing')).nextAtMs).toBeGreaterThan(fleet.time.now());
    expect((await statusOf(fleet, 'watched')).next).toBe('withheld: mode-observe');
  });

  it('shows who paused a job and until when, and what was stopped', async () => {
    const fleet = testFleet({ jobs: { a: {}, b: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const { a, b } = fleet.policy.jobs;
    if (!a || !b) throw new Error('no jobs');
    await pauseJob(fleet.ports, a, { by: 'ana', reason: 'db move' }, startMs + hourMs);
    await stopJob(fleet.ports, b, { by: 'bo', reason: 'migration' });
    await fleet.runFor(10 * minuteMs);
    expect(await statusOf(fleet, 'a')).toMatchObject({
      state: 'PAUSED',
      next: 'resumes (ana: "db move")',
      nextAtMs: startMs + hourMs,
    });
    expect(await statusOf(fleet, 'b')).toMatchObject({
      state: 'STOPPED',
      runState: 'CANCELLED',
      next: 'somebody starts it (stopped by bo: "migration")',
      stopped: { by: 'bo', reason: 'migration' },
    });
    await pauseJob(fleet.ports, a, { by: 'bo', reason: 'peak' }, startMs + 2 * hourMs, 'extendRetention');
    await fleet.time.run({ untilMs: startMs + hourMs + minuteMs });
    // A pause that holds nothing back yet is shown all the same, and only as long as it holds.
    expect(await statusOf(fleet, 'a')).toMatchObject({
      state: 'OK',
      pauses: [{ action: 'extendRetention', by: 'bo', reason: 'peak', untilMs: startMs + 2 * hourMs }],
    });
    await startJob(fleet.ports, b, { by: 'bo', reason: 'migrated' }, false);
    await fleet.runFor(10 * minuteMs);
    expect((await statusOf(fleet, 'b')).stopped).toBeUndefined();
  });

  it('says nothing of a run that was started since the last look, least of all that it has ended', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    const orders = fleet.policy.jobs.orders ?? expect.fail('no job');
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    await stopJob(fleet.ports, orders, { by: 'bo', reason: 'migration' });
    await fleet.runFor(5 * minuteMs);
    const { jobRunId: first } = await statusOf(fleet, 'orders');
    await startJob(fleet.ports, orders, { by: 'ana', reason: 'go on' }, false);
    const seen = new Set<string>();
    for (let second = 0; second < 120; second += 1) {
      await fleet.runFor(1_000);
      const { jobRunId, runState = 'unseen', state } = await statusOf(fleet, 'orders');
      if (jobRunId !== first) seen.add(`${runState} ${state}`);
    }
    expect([...seen].at(0)).toBe('unseen STARTING');
    expect([...seen].at(-1)).toBe('RUNNING OK');
    expect([...seen].filter((one) => one.includes('CANCELLED') || one.includes('DOWN'))).toEqual([]);
  });

  it('names the kill switch where a start waits for its turn', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 30 * minuteMs }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(29 * minuteMs);
    const bare = fleet.ports;
    // Nothing is granted, so that the switch finds the wish in the line.
    fleet.ports = {
      ...bare,
      wakes: { ...bare.wakes, release: async () => ({ ok: true, value: undefined }) },
    };
    await fleet.runFor(minuteMs + 1_000);
    expect((await statusOf(fleet, 'orders')).state).toBe('RECOVERING');
    await setKillSwitch(fleet.ports, true, { by: 'ana', reason: 'drill' });
    expect(await statusOf(fleet, 'orders')).toMatchObject({ state: 'DOWN', next: 'withheld: kill-switch' });
  });

  it('says that a person is needed while a run stands still and its cancel waits for a yes', async () => {
    const dieAt = [{ cause: 'stall' as const, atMs: startMs + 30 * minuteMs }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const orders = fleet.policy.jobs.orders ?? expect.fail('no job');
    fleet.policy = { ...fleet.policy, jobs: { orders: { ...orders, mode: 'suggest' } } };
    await fleet.runFor(40 * minuteMs);
    const status = await statusOf(fleet, 'orders');
    expect(status).toMatchObject({ state: 'NEEDS HUMAN', runState: 'RUNNING', approval: { state: 'open' } });
    expect(status.next).toBe(`question ends: approve or decline plan ${status.approval?.hash}`);
  });

  it('shows where a run differs from the policy', async () => {
    const { restart } = testFleet({ jobs: { orders: {} } }).policy.jobs.orders ?? expect.fail('no job');
    const fleet = testFleet({ jobs: { orders: { job: { restart: { ...restart, nativeRetries: 2 } } } } });
    fleet.startSweeping();
    await fleet.runFor(10 * minuteMs);
    expect((await statusOf(fleet, 'orders')).concerns).toEqual([
      expect.stringMatching(/^run \S+ has maxFailedAttemptsPerHour 1, the policy says 2$/),
    ]);
  });
});
