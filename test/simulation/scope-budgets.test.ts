import { describe, expect, it } from 'vitest';
import { startJob, stopJob } from '../../src/control/orders.ts';
import type { ResolvedPolicy } from '../../src/core/job.ts';
import { usualCorrelation } from '../../src/core/outages.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const failAtMs = startMs + hourMs;

type Budgets = NonNullable<ResolvedPolicy['guardrails']['budgets']>;

/** Jobs that lose a worker again and again, each of them well within its own budget. */
function fleetWith(budgets: Budgets, { owners = ['team'] }: { owners?: readonly string[] } = {}): Fleet {
  const jobs = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [
      `job-${index}`,
      {
        job: { owner: owners[index % owners.length] ?? 'team' },
        script: {
          dieAt: Array.from({ length: 5 }, (_one, round) => ({
            cause: 'worker-lost' as const,
            afterBatches: 1,
            atMs: failAtMs + round * 25 * minuteMs + index * 90_000,
          })),
        },
      },
    ]),
  );
  const fleet = testFleet({ jobs, parameters: { maxConcurrentRuns: 100, taskFloorSeconds: 60 } });
  const guardrails = {
    ...fleet.policy.guardrails,
    budgets,
    correlated: { ...usualCorrelation, enabled: false },
  };
  fleet.policy = { ...fleet.policy, guardrails };
  fleet.startSweeping();
  return fleet;
}

function restarts(fleet: Fleet) {
  return fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
}

function busiestHour(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + hourMs).length));
}

describe('the budget of an application, of an owner and of the fleet', () => {
  it.each([
    { name: 'application', budgets: { application: { perHour: 5 } } },
    { name: 'owner', budgets: { owner: { perHour: 5 } } },
    { name: 'fleet', budgets: { fleet: { perHour: 5 } } },
  ])('of 5 an hour lets no sixth start into any hour: $name', async ({ budgets }) => {
    const fleet = fleetWith(budgets);
    await fleet.runFor(7 * hourMs);
    const times = restarts(fleet).map(({ t }) => t);
    expect(times.length).toBeGreaterThan(20);
    expect(busiestHour(times)).toBe(5);
  });

  it('counts owners apart', async () => {
    const fleet = fleetWith({ owner: { perHour: 3 } }, { owners: ['clicks', 'orders'] });
    await fleet.runFor(5 * hourMs);
    const of = (parity: number) =>
      restarts(fleet).flatMap(({ job, t }) => (Number(String(job).slice(-1)) % 2 === parity ? [t] : []));
    expect(busiestHour(of(0))).toBe(3);
    expect(busiestHour(of(1))).toBe(3);
  });

  it('loses no slot: whoever waited is back as soon as the hour allows', async () => {
    const fleet = fleetWith({ fleet: { perHour: 5 } });
    await fleet.runFor(10 * hourMs);
    const lastMs = Math.max(...restarts(fleet).map(({ t }) => t));
    const committedAfter = fleet.world.journal.ofKind('batch-committed').filter(({ t }) => t > lastMs);
    expect(new Set(committedAfter.map(({ job }) => job)).size).toBe(6);
    // While jobs wait, no five minutes of a full hour are left unused (buckets of five minutes, on the safe side).
    const times = restarts(fleet).map(({ t }) => t);
    const waits = times.slice(5).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...waits)).toBeGreaterThan(hourMs);
    expect(waits.filter((waitMs) => waitMs < hourMs + 6 * minuteMs).length).toBeGreaterThan(10);
  });

  it('is not kept by an important job that dies again and again from one that waits', async () => {
    const restless = { dieAt: [{ cause: 'worker-lost' as const, afterBatches: 1, times: 100 }] };
    const jobs = {
      restless: { job: { tier: 1 as const }, script: restless },
      patient: {
        job: { tier: 3 as const },
        script: { dieAt: [{ cause: 'worker-lost' as const, atMs: failAtMs }] },
      },
    };
    const fleet = testFleet({ jobs, parameters: { batchOverheadSeconds: 300 } });
    fleet.policy = {
      ...fleet.policy,
      guardrails: { ...fleet.policy.guardrails, budgets: { fleet: { perHour: 2 } } },
    };
    fleet.startSweeping();
    await fleet.runFor(6 * hourMs);
    const [back] = restarts(fleet).filter(({ job }) => job === 'patient');
    const taken = restarts(fleet).filter(({ job, t }) => job === 'restless' && t > failAtMs);
    expect(taken.length).toBeGreaterThan(2);
    // Two tiers are two hours of waiting; then the next slot is its own.
    expect(back?.t).toBeLessThan(failAtMs + 3.5 * hourMs);
  });

  it('holds although grants are not used, are used late, or their claims never start a run', async () => {
    const fleet = fleetWith({ fleet: { perHour: 4 } });
    let calls = 0;
    fleet.ports = intercept(fleet.ports, async (name, call) => {
      if (name !== 'runs.start') return call();
      calls += 1;
      // Every third start vanishes on its way, every fourth loses its answer.
      if (calls % 3 === 0) return { kind: 'ambiguous', message: 'lost' } as Awaited<ReturnType<typeof call>>;
      const answer = await call();
      return calls % 4 === 0 ? ({ kind: 'ambiguous', message: 'lost' } as typeof answer) : answer;
    });
    await fleet.runFor(8 * hourMs);
    const times = restarts(fleet).map(({ t }) => t);
    expect(times.length).toBeGreaterThan(15);
    expect(busiestHour(times)).toBeLessThanOrEqual(4);
  });

  it('remembers a restart although a person orders a start of the same job before the next one is due', async () => {
    const once = (atMs: number) => ({ dieAt: [{ cause: 'worker-lost' as const, atMs }] });
    const jobs = { clicks: { script: once(failAtMs) }, orders: { script: once(failAtMs + 20 * minuteMs) } };
    const fleet = testFleet({ jobs });
    const { guardrails } = fleet.policy;
    fleet.policy = { ...fleet.policy, guardrails: { ...guardrails, budgets: { fleet: { perHour: 1 } } } };
    const { clicks } = fleet.policy.jobs;
    if (!clicks) throw new Error('no job');
    fleet.startSweeping();
    await fleet.runFor(hourMs + 5 * minuteMs);
    await stopJob(fleet.ports, clicks, { by: 'ana', reason: 'a look at its heap' });
    await fleet.runFor(5 * minuteMs);
    await startJob(fleet.ports, clicks, { by: 'ana', reason: 'a look at its heap' }, false);
    await fleet.runFor(2 * hourMs);
    const [first, second] = restarts(fleet);
    expect([first?.job, second?.job]).toEqual(['clicks', 'orders']);
    expect((second?.t ?? 0) - (first?.t ?? 0)).toBeGreaterThan(hourMs);
  });

  it('calls one person once, tells when the next slot frees, and says when nobody waits any more', async () => {
    const fleet = fleetWith({ fleet: { perHour: 5 } });
    await fleet.runFor(10 * hourMs);
    const told = fleet.notices.filter(({ reason }) => reason === 'scope-budget-exhausted');
    expect(told[0]).toMatchObject({ job: '*', severity: 'critical', event: 'incident.needs-human' });
    expect(told[0]?.text).toMatch(
      /^The restart budget of fleet is used up \(5 in the last hour\), and one job waits\. The next slot frees at \d\d:\d\d UTC\. /,
    );
    const over = fleet.notices.filter(({ text }) => text.startsWith('No job waits for the restart budget'));
    expect(over).toHaveLength(told.length);
  });

  it('takes effect when it is written into the policy, for what was spent before as well', async () => {
    const fleet = fleetWith({});
    await fleet.runFor(hourMs + 20 * minuteMs);
    const spent = restarts(fleet).length;
    expect(spent).toBe(6);
    const { guardrails } = fleet.policy;
    fleet.policy = { ...fleet.policy, guardrails: { ...guardrails, budgets: { fleet: { perHour: 6 } } } };
    await fleet.runFor(30 * minuteMs);
    expect(restarts(fleet)).toHaveLength(6);
    fleet.policy = { ...fleet.policy, guardrails };
    await fleet.runFor(10 * minuteMs);
    expect(restarts(fleet).length).toBeGreaterThan(6);
  });
});
