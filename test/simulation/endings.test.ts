import { describe, expect, it } from 'vitest';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { applicationId, hourMs, minuteMs, startMs, testFleet, testJob } from '../support/fleet.ts';

const starts = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
const told = (fleet: Fleet) => fleet.notices.map(({ event }) => event);

function launchOf(name: string): LaunchRequest {
  const { launch } = testJob(name, applicationId);
  if (!launch) throw new Error('the job of these tests has a launch request');
  return launch;
}

/** Not in mode STREAMING, so the service ends it after an hour. */
function limited(): Fleet {
  const { mode: _streaming, retryPolicy: _of, ...rest } = launchOf('orders');
  const launch = { ...rest, executionTimeoutMinutes: 60 } as unknown as LaunchRequest;
  return testFleet({ jobs: { orders: { job: { launch } } } });
}

describe('a run that the service ends at its execution time-out', () => {
  it('is started again once it is CANCELLED, not while it is CANCELLING, and nobody takes it for a person', async () => {
    const fleet = limited();
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    const { journal } = fleet.world;
    const [, second] = journal.ofKind('start-accepted');
    const ended = journal.ofKind('run-state').find(({ state }) => state === 'CANCELLED');
    expect(ended?.previousState).toBe('CANCELLING');
    expect(second?.t).toBeGreaterThan(ended?.t ?? Number.POSITIVE_INFINITY);
    expect(starts(fleet).slice(0, 2)).toEqual(['launch', 'restart']);
    expect(fleet.notices[0]).toMatchObject({ event: 'incident.opened', class: 'execution-timeout' });
    expect(journal.ofKind('double-writer')).toEqual([]);
  });

  it('is told from one that a person cancels before, which stays down', async () => {
    const fleet = limited();
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const jobRunId = fleet.world.journal.ofKind('start-accepted').at(-1)?.jobRunId ?? '';
    fleet.world.emr.cancelJobRun(applicationId, jobRunId, { arn: 'arn:aws:iam::111122223333:user/ann' }, 15);
    await fleet.runFor(2 * hourMs);
    expect(starts(fleet)).toEqual(['launch']);
    expect(told(fleet)).toEqual(['run.stopped-by-person']);
  });
});

it('a streaming run that ends with SUCCESS is an outage, and comes back', async () => {
  const dieAt = [{ cause: 'exit-0' as const, atMs: startMs + 30 * minuteMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
  fleet.startSweeping();
  await fleet.runFor(2 * hourMs);
  expect(starts(fleet)).toEqual(['launch', 'restart']);
  expect(fleet.notices.map(({ event, reason }) => [event, reason])).toEqual([
    ['incident.opened', 'run-succeeded'],
    ['incident.recovered', 'run-healthy'],
  ]);
});

it('three runs that die at one age are restarted, and the message names the age', async () => {
  const ageMs = 70 * minuteMs;
  const fleet = testFleet({
    jobs: {
      orders: { script: { dieAt: [{ cause: 'transient-io', atMs: startMs, afterBatches: 400, times: 3 }] } },
    },
  });
  fleet.startSweeping();
  await fleet.runFor(6 * ageMs);
  expect(starts(fleet)).toEqual(['launch', 'restart', 'restart', 'restart']);
  const named = fleet.notices.filter(({ text }) => /The last 3 runs all died after/.test(text));
  expect(named).toHaveLength(1);
  expect(told(fleet)).not.toContain('incident.needs-human');
});

describe('an availability zone that fails', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const failAtMs = startMs + hourMs;
  /** Half of the jobs ran there. */
  const fleetOf = (attempts: number) => {
    const fleet = testFleet({
      parameters: { maxConcurrentRuns: 100 },
      jobs: Object.fromEntries(
        names.map((name, index) => {
          const launch = { ...launchOf(name), retryPolicy: { maxFailedAttemptsPerHour: attempts } };
          const dieAt = index < 4 ? [{ cause: 'worker-lost' as const, atMs: failAtMs + index * 1_000 }] : [];
          return [name, { script: { dieAt }, job: { launch } }];
        }),
      ),
    });
    fleet.startSweeping();
    return fleet;
  };

  it('is healed by the service itself where it moves the runs: nothing is started, charged or told', async () => {
    const fleet = fleetOf(3);
    await fleet.runFor(3 * hourMs);
    const { journal } = fleet.world;
    expect(journal.ofKind('attempt-failed')).toHaveLength(4);
    expect(starts(fleet)).toEqual(names.map(() => 'launch'));
    expect(journal.ofKind('cancel-accepted')).toEqual([]);
    expect(told(fleet)).not.toContain('incident.needs-human');
  });

  it('is one incident where the runs end of it, each is restarted once, and none is parked', async () => {
    const fleet = fleetOf(1);
    await fleet.runFor(3 * hourMs);
    const restarted = fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
    expect(restarted.map(({ job }) => job).sort()).toEqual(['a', 'b', 'c', 'd']);
    const fromThen = fleet.notices.filter(({ atMs }) => atMs >= failAtMs);
    expect(new Set(fromThen.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(fromThen.map(({ event }) => event)).not.toContain('incident.needs-human');
    expect(fromThen.at(-1)?.event).toBe('incident.recovered');
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
  });
});

describe('a job with two queries', () => {
  const second = 's3://acme-checkpoints/orders-late';
  /** The world runs the first; where the second stands is told here. */
  function twoQueries(
    { hasGap }: { hasGap: boolean },
    head: (nowMs: number) => { plannedBatch: number; committedBatch: number; sinceMs: number },
  ) {
    const fleet = testFleet({
      jobs: { orders: { job: { checkpoints: ['s3://acme-checkpoints/orders', second] } } },
    });
    const { checkpoints } = fleet.ports;
    fleet.ports = {
      ...fleet.ports,
      checkpoints: {
        ...checkpoints,
        head: async (location) => {
          if (location !== second) return checkpoints.head(location);
          const { sinceMs, ...batches } = head(fleet.time.now());
          return { ok: true, value: { ...batches, times: { plannedAtMs: sinceMs, committedAtMs: sinceMs } } };
        },
        seam: async (location, batch) => {
          if (location !== second) return checkpoints.seam(location, batch);
          const gap = {
            kind: 'skipped',
            stream: 'late',
            id: 'shardId-000000000007',
            from: null,
            to: null,
          } as const;
          return { ok: true, value: hasGap ? [gap] : [] };
        },
      },
    };
    fleet.startSweeping();
    return fleet;
  }

  it('stands still when one of them does, although the other one commits', async () => {
    const stuckMs = startMs + 30 * minuteMs;
    const fleet = twoQueries({ hasGap: false }, (nowMs) =>
      nowMs < stuckMs
        ? { plannedBatch: 4, committedBatch: 4, sinceMs: nowMs }
        : { plannedBatch: 5, committedBatch: 4, sinceMs: stuckMs },
    );
    await fleet.runFor(3 * hourMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(starts(fleet)).toEqual(['launch', 'restart']);
    expect(told(fleet)).toEqual(['incident.opened', 'incident.needs-human']);
    expect(fleet.notices[0]?.text).toContain('batch 5 is under way');
  });

  it('names the query that has a gap after a restart, and goes on', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 40 * minuteMs }];
    const fleet = twoQueries({ hasGap: true }, (nowMs) => {
      const batch = Math.floor((nowMs - startMs) / minuteMs);
      return { plannedBatch: batch, committedBatch: batch, sinceMs: nowMs };
    });
    fleet.world.script('orders', { dieAt });
    await fleet.runFor(2 * hourMs);
    const call = fleet.notices.find(({ event }) => event === 'incident.needs-human');
    expect(call?.text).toContain(`of ${second}`);
    expect(starts(fleet)).toEqual(['launch', 'restart']);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
  });
});
