import { describe, expect, it } from 'vitest';
import { type Item, keys } from '../../src/control/items.ts';
import { pauseJob, setKillSwitch, startJob, stopJob } from '../../src/control/orders.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet, testJob, testPolicy } from '../support/fleet.ts';

// Each of these broke a promise once, in a hostile review. They stay broken-proof.

const applicationId = '00test0000000001';
const ana = { arn: 'arn:aws:iam::111122223333:user/ana' };
const person = { by: 'ana', reason: 'test' };
const starts = (fleet: Fleet, job?: string) =>
  fleet.world.journal.ofKind('start-accepted').filter((entry) => job === undefined || entry.job === job);
const jobOf = (fleet: Fleet, name: string): ResolvedJob => {
  const job = fleet.policy.jobs[name];
  if (!job) throw new Error(`no job ${name}`);
  return job;
};
const withArguments = (name: string, extra: readonly string[]): Partial<ResolvedJob> => {
  const launch = testJob(name, applicationId).launch as LaunchRequest;
  const { sparkSubmit } = launch.jobDriver;
  const entryPointArguments = [...(sparkSubmit.entryPointArguments ?? []), ...extra];
  return { launch: { ...launch, jobDriver: { sparkSubmit: { ...sparkSubmit, entryPointArguments } } } };
};
async function itemsOf(fleet: Fleet, job: string): Promise<readonly Item[]> {
  const read = await fleet.store.read([keys.lock(`s3://acme-checkpoints/${job}`), keys.record(job)]);
  return read.ok ? read.value.items.filter((item) => item !== undefined) : [];
}

describe('a run of another job', () => {
  it('is not taken over because its arguments name a parent of our checkpoint', async () => {
    const root = ['--root', 's3://acme-checkpoints/'];
    const fleet = testFleet({
      jobs: {
        orders: {
          job: withArguments('orders', root),
          script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] },
        },
        payments: { job: withArguments('payments', root) },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    expect(starts(fleet, 'orders').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
    expect(starts(fleet, 'payments')).toHaveLength(1);
    expect(fleet.notices.map(({ event }) => event)).not.toContain('run.adopted');
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
  });

  it('that names our very checkpoint and does not match blocks the start, pages, and is not taken', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    const launch = jobOf(fleet, 'orders').launch as LaunchRequest;
    fleet.world.emr.startJobRun({ ...launch, name: 'backfill', clientToken: 'ana' } as never, ana);
    fleet.startSweeping();
    await fleet.runFor(hourMs);
    expect(starts(fleet)).toHaveLength(1);
    expect(fleet.notices[0]).toMatchObject({
      event: 'writers.two-live-runs',
      text: expect.stringContaining('names its checkpoint'),
    });
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
  });
});

describe('a change of locations', () => {
  it('does not hide the live run that the job has already', async () => {
    const fleet = testFleet({ jobs: { orders: {} }, parameters: { listLagSeconds: { p50: 60, p95: 110 } } });
    fleet.startSweeping();
    await fleet.time.runWhile(() => starts(fleet).length === 0, { untilMs: startMs + hourMs });
    await fleet.runFor(1_000);
    const job = jobOf(fleet, 'orders');
    fleet.policy = {
      ...fleet.policy,
      jobs: { orders: { ...job, checkpoints: ['s3://acme-checkpoints/orders-v2'] } },
    };
    await fleet.runFor(hourMs);
    expect(starts(fleet)).toHaveLength(1);
  });
});

describe('a decision about runs with very large requests', () => {
  it('is written all the same, so ours yields to a run that a person started', async () => {
    const huge = withArguments('orders', ['x'.repeat(144 * 1024)]);
    const fleet = testFleet({ jobs: { orders: { job: huge } } });
    fleet.startSweeping();
    await fleet.time.runWhile(() => starts(fleet).length === 0, { untilMs: startMs + hourMs });
    fleet.world.emr.startJobRun(
      { ...(jobOf(fleet, 'orders').launch as object), clientToken: 'ana' } as never,
      ana,
    );
    await fleet.runFor(30 * minuteMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(fleet.notices.map(({ event }) => event)).toContain('writers.two-live-runs');
  });
});

describe('an open claim while the service does not answer', () => {
  it('is asked about by one chain of wakes, ever more slowly, and settled when the service is back', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
    });
    const diesAtMs = startMs + 20 * minuteMs;
    const backAtMs = diesAtMs + 4 * hourMs;
    let isOut = false;
    fleet.ports = intercept(fleet.ports, (name, call) => {
      if (name === 'runs.start' && fleet.time.now() >= diesAtMs) isOut = true;
      if (!isOut || fleet.time.now() >= backAtMs || !name.startsWith('runs.')) return call();
      const lost =
        name === 'runs.start'
          ? { kind: 'ambiguous', message: '503' }
          : { ok: false, code: 'unavailable', message: '503' };
      return Promise.resolve(lost) as ReturnType<typeof call>;
    });
    let passes = 0;
    fleet.onOutcome = () => {
      passes += 1;
    };
    fleet.startSweeping();
    await fleet.time.run({ untilMs: diesAtMs + 3 * hourMs });
    passes = 0;
    await fleet.runFor(hourMs);
    expect(passes).toBeLessThan(20);
    await fleet.runFor(hourMs);
    expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch', 'restart']);
    expect((await itemsOf(fleet, 'orders'))[0]).not.toHaveProperty('claim');
  });
});

describe('wishes that nobody wants any more', () => {
  it.each(['stopped', 'dropped from the policy'] as const)(
    'take no grants once the job is %s',
    async (how) => {
      const fleet = testFleet({
        jobs: { orders: { script: { dieAt: [{ cause: 'transient-io', atMs: startMs + 20 * minuteMs }] } } },
      });
      fleet.startSweeping();
      await fleet.time.runWhile(() => fleet.world.journal.ofKind('attempt-failed').length === 0, {
        untilMs: startMs + hourMs,
      });
      // No turn in the fleet comes before the person does.
      fleet.policy = {
        ...fleet.policy,
        guardrails: { ...fleet.policy.guardrails, pace: { perSecond: 0.0001, burst: 0.5 } },
      };
      await fleet.runFor(2 * minuteMs);
      if (how === 'stopped') await stopJob(fleet.ports, jobOf(fleet, 'orders'), person);
      else fleet.policy = testPolicy({});
      await fleet.runFor(hourMs);
      fleet.policy = { ...fleet.policy, guardrails: testPolicy({}).guardrails };
      await fleet.runFor(hourMs);
      const wishes = await fleet.store.list(keys.wishes, { limit: 10 });
      expect(wishes.ok && wishes.value).toEqual([]);
      expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch']);
    },
  );
});

describe('a cancel that the service denies', () => {
  it('is told once, not repeated every second, and leaves a later cancel by a person theirs', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    let cancels = 0;
    fleet.ports = intercept(fleet.ports, (name, call) => {
      if (name !== 'runs.cancel') return call();
      cancels += 1;
      return Promise.resolve({ kind: 'refused', code: 'AccessDeniedException', message: 'no' }) as ReturnType<
        typeof call
      >;
    });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    await stopJob(fleet.ports, jobOf(fleet, 'orders'), person);
    await fleet.runFor(10 * minuteMs);
    expect(cancels).toBe(1);
    expect(fleet.notices.filter(({ text }) => text.includes('refused to cancel'))).toHaveLength(1);
    const lock = (await itemsOf(fleet, 'orders'))[0];
    expect(lock).not.toHaveProperty('lastCancel');
  });
});

describe('an order', () => {
  it('that meets a run on its way down is obeyed once it has ended', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    fleet.world.emr.cancelJobRun(applicationId, String(starts(fleet)[0]?.jobRunId), ana);
    await fleet.runFor(1_000);
    await startJob(fleet.ports, jobOf(fleet, 'orders'), person, false);
    await fleet.runFor(20 * minuteMs);
    expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch', 'operator']);
  });

  it('outlives a kill switch that was on for two minutes', async () => {
    const fleet = testFleet({
      jobs: {
        orders: {
          script: { dieAt: [{ cause: 'user-code-error', atMs: startMs + 10 * minuteMs, times: 1 }] },
        },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(30 * minuteMs);
    await startJob(fleet.ports, jobOf(fleet, 'orders'), person, true);
    await setKillSwitch(fleet.ports, true, person);
    await fleet.runFor(2 * minuteMs);
    await setKillSwitch(fleet.ports, false, person);
    await fleet.runFor(20 * minuteMs);
    expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch', 'operator']);
  });

  it('to stop or to pause between claim and send is heeded', async () => {
    for (const hold of ['stop', 'pause'] as const) {
      const fleet = testFleet({
        jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
      });
      const job = jobOf(fleet, 'orders');
      const { ports } = fleet;
      let isHeld = false;
      fleet.ports = intercept(ports, async (name, call, args) => {
        const answer = await call();
        const isClaim =
          name === 'store.commit' &&
          JSON.stringify(args[0]).includes('"cause":"restart"') &&
          JSON.stringify(args[0]).includes('"clientToken"');
        if (isClaim && !isHeld) {
          isHeld = true;
          if (hold === 'stop') await stopJob(ports, job, person);
          else await pauseJob(ports, job, person, startMs + 10 * hourMs);
        }
        return answer;
      });
      fleet.startSweeping();
      await fleet.runFor(2 * hourMs);
      expect(isHeld).toBe(true);
      expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch']);
    }
  });

  it('with override starts a job whose last run the service no longer knows', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
    });
    fleet.ports = intercept(fleet.ports, (name, call, args) => {
      const isGone =
        name === 'runs.get' &&
        args[1] === starts(fleet)[0]?.jobRunId &&
        fleet.time.now() > startMs + 15 * minuteMs;
      return isGone
        ? (Promise.resolve({ ok: false, code: 'not-found', message: 'gone' }) as ReturnType<typeof call>)
        : call();
    });
    fleet.startSweeping();
    await fleet.runFor(hourMs);
    expect(starts(fleet)).toHaveLength(1);
    await startJob(fleet.ports, jobOf(fleet, 'orders'), person, true);
    await fleet.runFor(20 * minuteMs);
    expect(starts(fleet).map(({ cause }) => cause)).toEqual(['launch', 'operator']);
  });
});

describe('silence', () => {
  it('is broken when a job is down and its checkpoint stays unreadable', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 20 * minuteMs, times: 100 }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.ports = intercept(fleet.ports, (name, call) =>
      name === 'checkpoints.head' && fleet.time.now() > startMs + 21 * minuteMs
        ? (Promise.resolve({ ok: false, code: 'denied', message: 'no' }) as ReturnType<typeof call>)
        : call(),
    );
    fleet.startSweeping();
    await fleet.runFor(6 * hourMs);
    expect(fleet.notices.some(({ text }) => text.includes('its checkpoint cannot be read'))).toBe(true);
  });
});
