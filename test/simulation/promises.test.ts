import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

/** Starts with cause `restart` inside the busiest window. */
function busiest(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

describe('the restart budget', () => {
  it('never lets more than N restarts into any rolling hour, however often a job that makes progress dies', async () => {
    const dieAt = Array.from({ length: 200 }, () => ({
      cause: 'worker-lost' as const,
      afterBatches: 2,
      times: 1,
    }));
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(8 * hourMs);
    const times = fleet.world.journal
      .ofKind('start-accepted')
      .filter(({ cause }) => cause === 'restart')
      .map(({ t }) => t);
    expect(busiest(times, hourMs)).toBe(3);
    expect(times.length).toBe(12);
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
    const told = fleet.notices.filter(({ event }) => event === 'incident.needs-human');
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]?.text).toMatch(/3 of 3 restarts in the last hour/);
  });

  it('parks a loop that commits nothing after three restarts, although budget is left', async () => {
    const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 20 * minuteMs, times: 100 }];
    const fleet = testFleet({
      jobs: {
        orders: { script: { dieAt }, job: { restart: { budget: { perHour: 10, perDay: 100 } } as never } },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(4 * hourMs);
    const restarts = fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
    expect(restarts.length).toBe(3);
    expect(fleet.notices.at(-1)?.text).toMatch(/needs a person: 3 restarts in a row committed no batch/);
  });
});

describe('what must never be touched', () => {
  it('sends nothing in mode observe, and still records what it would have done', async () => {
    const fleet = testFleet({ jobs: { orders: { job: { mode: 'observe' } } } });
    const request = fleet.policy.jobs.orders?.launch;
    fleet.world.emr.startJobRun({ ...(request as never as object), clientToken: 'person' } as never, {
      arn: 'arn:aws:iam::111122223333:user/ana',
    });
    fleet.world.script('orders', { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] });
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    const decisions = await fleet.store.list('JOB#orders', { limit: 100, skPrefix: 'DECISION#' });
    const kinds = decisions.ok
      ? decisions.value.flatMap((item) =>
          item.kind === 'decision'
            ? [`${item.decision.kind} ${item.decision.reason} ${item.decision.guard.kind}`]
            : [],
        )
      : [];
    expect(kinds).toContain('nothing run-adopted done');
    expect(kinds).toContain('start job-run-failed withheld');
  });

  it('never touches runs that no policy matches', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    const request = fleet.policy.jobs.orders?.launch;
    fleet.world.emr.startJobRun(
      {
        ...(request as never as object),
        name: 'somebody-elses',
        jobDriver: { sparkSubmit: { entryPoint: 's3://x/y.py' } },
        clientToken: 'person',
      } as never,
      { arn: 'arn:aws:iam::111122223333:user/ana' },
    );
    fleet.world.script('somebody-elses', {
      dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }],
    });
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    const started = fleet.world.journal.ofKind('start-accepted');
    expect(started.filter(({ job }) => job === 'somebody-elses')).toHaveLength(1);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
  });
});

describe('people', () => {
  it('respects a cancel by a person, says so once, and takes over when somebody starts the job again', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    const [first] = fleet.world.journal.ofKind('start-accepted');
    const ana = { arn: 'arn:aws:iam::111122223333:user/ana' };
    const { applicationId } = fleet.policy.jobs.orders?.match ?? { applicationId: '' };
    fleet.world.emr.cancelJobRun(applicationId, String(first?.jobRunId), ana, 0);
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['run.stopped-by-person']);
    fleet.world.script('orders', {
      dieAt: [{ cause: 'worker-lost', atMs: fleet.time.now() + 12 * minuteMs }],
    });
    fleet.world.emr.startJobRun(
      { ...(fleet.policy.jobs.orders?.launch as never as object), clientToken: 'again' } as never,
      ana,
    );
    await fleet.runFor(10 * minuteMs);
    expect(fleet.notices.at(-1)?.event).toBe('run.adopted');
    await fleet.runFor(hourMs);
    expect(fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual([
      'launch',
      undefined,
      'restart',
    ]);
  });

  it('cancels its own fresh run when a person started one in the same moment, and never touches theirs', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    fleet.startSweeping();
    const ana = { arn: 'arn:aws:iam::111122223333:user/ana' };
    await fleet.time.runWhile(() => fleet.world.journal.ofKind('start-accepted').length === 0, {
      untilMs: startMs + hourMs,
    });
    const theirs = fleet.world.emr.startJobRun(
      { ...(fleet.policy.jobs.orders?.launch as never as object), clientToken: 'ana' } as never,
      ana,
    );
    await fleet.runFor(30 * minuteMs);
    const cancels = fleet.world.journal.ofKind('cancel-accepted');
    expect(cancels).toHaveLength(1);
    expect(cancels[0]?.jobRunId).not.toBe(theirs.jobRunId);
    expect(fleet.notices.map(({ event }) => event)).toContain('writers.two-live-runs');
    const after = await fleet.store.read([keys.lock('s3://acme-checkpoints/orders')]);
    expect(after.ok && as('lock', after.value.items[0])?.runId).toBe(theirs.jobRunId);
  });
});

describe('the checkpoint', () => {
  it('that somebody deleted under a running job is never started from the beginning', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 40 * minuteMs }] } } },
    });
    fleet.startSweeping();
    await fleet.runFor(40 * minuteMs - 1);
    for (const { key } of fleet.objects.list('acme-checkpoints/orders/', { max: 10_000 }))
      fleet.objects.delete(key, 'world');
    await fleet.runFor(hourMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(fleet.notices.at(-1)?.text).toMatch(
      /needs a person: A restart could lose or repeat data.*was committed, now the newest is/,
    );
  });
});
