import { describe, expect, it } from 'vitest';
import { fleetStatus } from '../../src/control/status.ts';
import type { ClassPolicy, ResolvedJob } from '../../src/core/job.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const diesMs = startMs + 30 * minuteMs;

/** A job that loses a worker every twelve minutes, and once in an hour the network besides. */
function fleetWith(budget: NonNullable<ClassPolicy['budget']> | undefined): Fleet {
  const classes = budget ? { 'worker-lost': { budget } } : {};
  const fleet = testFleet({
    jobs: {
      orders: {
        script: {
          dieAt: Array.from({ length: 30 }, (_, round) => ({
            cause: round % 5 === 2 ? ('transient-io' as const) : ('worker-lost' as const),
            afterBatches: 1,
            atMs: diesMs + round * 12 * minuteMs,
            times: 1,
          })),
        },
      },
    },
  });
  limit(fleet, classes);
  fleet.startSweeping();
  return fleet;
}

function limit(fleet: Fleet, classes: ResolvedJob['restart']['classes']): void {
  const { orders } = fleet.policy.jobs;
  if (!orders) throw new Error('no job');
  const restart = { ...orders.restart, budget: { perHour: 20, perDay: 200 }, classes };
  fleet.policy = { ...fleet.policy, jobs: { orders: { ...orders, restart } } };
}

/** Accepted restarts, each with the class of the failure before it, as the world saw both. */
function restarts(fleet: Fleet): readonly { readonly t: number; readonly of: unknown }[] {
  let of: unknown;
  return fleet.world.journal.entries.flatMap((entry) => {
    if (entry.kind === 'attempt-failed') of = entry.class;
    return entry.kind === 'start-accepted' && entry.cause === 'restart' ? [{ t: entry.t, of }] : [];
  });
}

function busiestHour(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + hourMs).length));
}

const timesOf = (fleet: Fleet, wanted: string) =>
  restarts(fleet).flatMap(({ t, of }) => (of === wanted ? [t] : []));

describe('the budget of a class', () => {
  it('lets no third restart for it into any hour, although the job has budget left', async () => {
    const fleet = fleetWith({ perHour: 2 });
    await fleet.runFor(8 * hourMs);
    expect(busiestHour(timesOf(fleet, 'worker-lost'))).toBe(2);
    const free = fleetWith(undefined);
    await free.runFor(8 * hourMs);
    expect(busiestHour(timesOf(free, 'worker-lost'))).toBeGreaterThan(2);
  });

  it('loses no restart: the next one comes as soon as the hour allows', async () => {
    const fleet = fleetWith({ perHour: 2 });
    await fleet.runFor(8 * hourMs);
    const times = timesOf(fleet, 'worker-lost');
    const waits = times.slice(2).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...waits)).toBeGreaterThan(hourMs);
    expect(waits.some((waitMs) => waitMs < hourMs + 2 * minuteMs)).toBe(true);
  });

  it('says why the job waits, until when, and what the class has used', async () => {
    const fleet = fleetWith({ perHour: 1 });
    await fleet.runFor(70 * minuteMs);
    const called = fleet.notices.find(({ reason }) => reason === 'class-budget-exhausted');
    expect(called?.text).toMatch(
      /^orders is down: the restarts that the policy allows for worker-lost are used \(1 of 1 in the last hour\)\. The next automatic one is possible in \d+ min, at .* UTC/,
    );
    const status = await fleetStatus(fleet.ports);
    const [orders] = status.ok ? status.value.jobs : [];
    expect(orders?.classBudgets?.['worker-lost']).toMatchObject({ room: false, usedHour: 1, perHour: 1 });
    expect(orders?.next).toBe('budget of worker-lost frees');
  });

  it('holds when answers of starts are lost, and takes effect at once when it is changed', async () => {
    const fleet = fleetWith({ perHour: 3 });
    let calls = 0;
    fleet.ports = intercept(fleet.ports, async (name, call) => {
      const answer = await call();
      if (name !== 'runs.start') return answer;
      calls += 1;
      return calls % 2 === 0 ? ({ kind: 'ambiguous', message: 'lost' } as typeof answer) : answer;
    });
    await fleet.runFor(4 * hourMs);
    expect(busiestHour(timesOf(fleet, 'worker-lost'))).toBeLessThanOrEqual(3);
    const changedMs = fleet.time.now();
    limit(fleet, { 'worker-lost': { budget: { perHour: 1 } } });
    await fleet.runFor(4 * hourMs);
    const after = timesOf(fleet, 'worker-lost').filter((t) => t >= changedMs);
    expect(after.length).toBeGreaterThan(1);
    expect(busiestHour(after)).toBe(1);
  });
});
