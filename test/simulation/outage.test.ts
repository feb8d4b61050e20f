import { describe, expect, it } from 'vitest';
import { pauseJob } from '../../src/control/orders.ts';
import { SlackReceiver } from '../../src/slack/receiver.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import type { JobBehaviour } from '../../src/world/job-script.ts';
import { CountingSlack } from '../../src/world/storm/counting-slack.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const failAtMs = startMs + hourMs;

/** Jobs of one application that run from the beginning. */
function fleetOf(count: number, script: (index: number) => JobBehaviour): Fleet {
  const jobs = Object.fromEntries(
    Array.from(
      { length: count },
      (_, index) => [`job-${String(index).padStart(2, '0')}`, index] as const,
    ).map(([name, index]) => [name, { script: script(index) }]),
  );
  const fleet = testFleet({ jobs, parameters: { maxConcurrentRuns: 100 } });
  fleet.startSweeping();
  return fleet;
}

function restarts(fleet: Fleet) {
  return fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
}

function backAfter(fleet: Fleet, sinceMs: number): number {
  const started = new Set(restarts(fleet).map(({ jobRunId }) => jobRunId));
  const committed = fleet.world.journal
    .ofKind('batch-committed')
    .filter(({ t, jobRunId }) => t >= sinceMs && started.has(jobRunId));
  return new Set(committed.map(({ job }) => job)).size;
}

const diesOnce =
  (cause: 'worker-lost' | 'transient-io', times = 1) =>
  (index: number): JobBehaviour => ({
    dieAt: [{ cause, atMs: failAtMs + index * 2_000, times }],
  });

describe('a fault that hits many jobs', () => {
  it('is one incident with one message, and brings all of them back after two have proved it', async () => {
    const fleet = fleetOf(12, diesOnce('transient-io'));
    await fleet.runFor(hourMs + 30 * minuteMs);
    expect(backAfter(fleet, failAtMs)).toBe(12);
    expect(restarts(fleet)).toHaveLength(12);
    const told = fleet.notices.filter(({ atMs }) => atMs >= failAtMs);
    expect(new Set(told.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(told[0]).toMatchObject({ job: '*', event: 'incident.opened', reason: 'correlated-failures' });
    expect(told[0]?.text).toMatch(/^\d+ jobs of application 00test0000000001 failed at once\. /);
    expect(told.at(-1)).toMatchObject({ event: 'incident.recovered' });
  });

  it('holds the others back until a canary has committed, and says so in their decisions', async () => {
    const fleet = fleetOf(12, diesOnce('transient-io'));
    await fleet.runFor(hourMs + 30 * minuteMs);
    const [first] = fleet.world.journal
      .ofKind('batch-committed')
      .filter(({ jobRunId }) => restarts(fleet).some((start) => start.jobRunId === jobRunId));
    const before = restarts(fleet).filter(({ t }) => t < (first?.t ?? 0));
    // Two canaries, and whoever was let go before the third failure showed that they belong together.
    expect(before.length).toBeLessThanOrEqual(4);
    const wave = restarts(fleet).filter(({ t }) => t >= (first?.t ?? 0));
    expect(wave.length).toBeGreaterThanOrEqual(8);
  });

  it('that a restart does not cure spends no more than two starts at a time, and calls one person once', async () => {
    const fleet = fleetOf(12, (index) => ({
      dieAt: [{ cause: 'transient-io', atMs: failAtMs + index * 2_000, times: 100 }],
    }));
    await fleet.runFor(hourMs + 40 * minuteMs);
    const spent = restarts(fleet);
    expect(spent.length).toBeLessThanOrEqual(4 + 2 * 3);
    const calls = fleet.notices.filter(({ severity }) => severity === 'critical');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ job: '*', event: 'incident.needs-human', reason: 'fleet-held' });
  });

  it('that is held while data runs out calls once more for all of it, with the first time of loss', async () => {
    const fleet = fleetOf(12, (index) => ({
      dieAt: [{ cause: 'transient-io', atMs: failAtMs + index * 2_000, times: 100 }],
    }));
    // Nine hours and more: less than a night is left once the starts are held.
    const jobs = Object.values(fleet.policy.jobs).map((job, index) => [
      job.name,
      { ...job, source: { kafka: { topics: [job.name], retentionMs: 9 * hourMs + index * 3 * minuteMs } } },
    ]);
    fleet.policy = { ...fleet.policy, jobs: Object.fromEntries(jobs) };
    const slack = new CountingSlack(fleet.world.journal);
    const { policy, store, time } = fleet;
    const receiver = new SlackReceiver({ name: 'ops', channel: 'C0', policy, slack, store, clock: time });
    fleet.ports = { ...fleet.ports, receiver };
    await fleet.runFor(6 * hourMs);
    const posts = fleet.world.journal
      .ofKind('notice')
      .filter(({ t, newPost }) => newPost && t >= failAtMs)
      .map(({ event, text }) => `${event}: ${String(text)}`);
    expect(posts[0]).toContain('failed at once');
    const clocks = posts.filter((post) => post.includes('unread records'));
    const ofThoseThatWait = clocks.filter((post) => post.includes('Other jobs wait with it'));
    expect(ofThoseThatWait).toEqual([expect.stringMatching(/job-0\d: .* lost from .* UTC /)]);
    // Canaries that were parked are started by nobody but a person.
    for (const post of clocks.filter((one) => !ofThoseThatWait.includes(one)))
      expect(post).toContain('the job is parked');
    expect(slack.counts.replies).toBeGreaterThan(0);
  });

  it('that ends by itself lets all of them back with the next try', async () => {
    const fleet = fleetOf(12, (index) => ({
      dieAt: [{ cause: 'transient-io', atMs: failAtMs + index * 2_000, times: 100 }],
    }));
    await fleet.runFor(hourMs + 25 * minuteMs);
    const endsAtMs = fleet.time.now();
    for (const name of Object.keys(fleet.policy.jobs)) fleet.world.script(name, {});
    await fleet.runFor(90 * minuteMs);
    expect(backAfter(fleet, endsAtMs)).toBe(12);
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
    expect(fleet.notices.at(-1)).toMatchObject({ event: 'incident.recovered' });
  });

  it('that goes on does not say that jobs come back before one has committed', async () => {
    const fleet = fleetOf(8, (index) => ({
      dieAt: [0, 2, 4].map((minute) => ({
        cause: 'worker-lost',
        atMs: failAtMs + minute * minuteMs + index * 1_000,
      })),
    }));
    await fleet.runFor(hourMs + 20 * minuteMs);
    const told = fleet.notices.filter(({ atMs }) => atMs >= failAtMs).map(({ text }) => text);
    expect(told[1]).toMatch(/^Restarts of application 00test0000000001 do not help: /);
    expect(told[2]).toBe(
      'Two more jobs of application 00test0000000001 are tried: 8 wait, and 2 starts have not helped so far.',
    );
    expect(told.slice(0, 3).join('\n')).not.toContain('come back');
  });

  it('is not held, and calls nobody, because its first starts missed their turn', async () => {
    const fleet = fleetOf(12, diesOnce('transient-io'));
    const isThrottled = () => fleet.time.now() >= failAtMs && fleet.time.now() < failAtMs + 5 * minuteMs;
    fleet.ports = intercept(fleet.ports, async (name, call) =>
      name === 'runs.list' && isThrottled()
        ? ({ ok: false, code: 'throttled', message: 'Rate exceeded' } as Awaited<ReturnType<typeof call>>)
        : call(),
    );
    await fleet.runFor(hourMs + 30 * minuteMs);
    const starts = restarts(fleet).map(({ t }) => t);
    expect(starts).toHaveLength(12);
    expect(Math.max(...starts)).toBeLessThan(failAtMs + 12 * minuteMs);
    const told = fleet.notices.filter(({ atMs }) => atMs >= failAtMs);
    expect(told.filter(({ severity }) => severity === 'critical')).toEqual([]);
    expect(told.at(-1)?.text).toContain('12 started again, 0 waiting');
  });

  it('says that the service does not answer, where that is what keeps its jobs down', async () => {
    const fleet = fleetOf(12, diesOnce('transient-io'));
    const endsAtMs = failAtMs + 30 * minuteMs;
    fleet.ports = intercept(fleet.ports, async (name, call) =>
      name === 'runs.list' && fleet.time.now() >= failAtMs && fleet.time.now() < endsAtMs
        ? ({ ok: false, code: 'throttled', message: 'Rate exceeded' } as Awaited<ReturnType<typeof call>>)
        : call(),
    );
    await fleet.runFor(hourMs + 50 * minuteMs);
    const told = fleet.notices.filter(({ reason }) => reason === 'listing-unknown');
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]?.atMs).toBeLessThan(failAtMs + 15 * minuteMs);
    expect(restarts(fleet)).toHaveLength(12);
    expect(fleet.notices.filter(({ reason }) => reason === 'fleet-held')).toEqual([]);
  });

  it('does not hide a job that is held back for a reason of its own', async () => {
    const fleet = fleetOf(8, diesOnce('transient-io'));
    await fleet.runFor(hourMs - 5 * minuteMs);
    const held = fleet.policy.jobs['job-05'] ?? expect.fail('no job');
    await pauseJob(fleet.ports, held, { by: 'ana', reason: 'deploy' }, failAtMs + 10 * hourMs);
    await fleet.runFor(35 * minuteMs);
    const told = fleet.notices.filter(({ atMs, job }) => atMs >= failAtMs && job === 'job-05');
    expect(told[0]).toMatchObject({ event: 'incident.opened' });
    expect(told[0]?.text).toContain('Held back: the job is paused');
    expect(fleet.notices.at(-1)?.text).toContain('7 started again, 0 waiting');
  });

  it('does not hold back a job that fails of something else', async () => {
    const fleet = fleetOf(12, (index) => ({
      dieAt:
        index === 11
          ? [{ cause: 'worker-lost', atMs: failAtMs + 3 * minuteMs }]
          : [{ cause: 'transient-io', atMs: failAtMs + index * 2_000, times: 100 }],
    }));
    await fleet.runFor(hourMs + 8 * minuteMs);
    expect(restarts(fleet).filter(({ job }) => job === 'job-11')).toHaveLength(1);
  });
});

it('failures that only look alike to nobody are told one by one', async () => {
  const fleet = fleetOf(12, (index) => ({
    dieAt: index < 2 ? [{ cause: 'transient-io', atMs: failAtMs + index * 2_000 }] : [],
  }));
  await fleet.runFor(hourMs + 40 * minuteMs);
  const told = fleet.notices.filter(({ event }) => event === 'incident.opened');
  expect(told.map(({ job }) => job).sort()).toEqual(['job-00', 'job-01']);
});
