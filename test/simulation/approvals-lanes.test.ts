import { describe, expect, it } from 'vitest';
import { answerApproval, jobOfApproval } from '../../src/control/answers.ts';
import { as, keys } from '../../src/control/items.ts';
import { pauseJob, startJob } from '../../src/control/orders.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import type { Ending } from '../../src/world/job-script.ts';
import { hourMs, minuteMs, startMs, testFleet, testJob } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'seen, go on' };
const diesMs = startMs + 30 * minuteMs;

/** A job that reads a stream kept for 24 h, runs well for half an hour, and from then on asks as `changes` say. */
async function asking(cause: Ending, changes: Partial<ResolvedJob>): Promise<Fleet> {
  const source = { kinesis: { stream: 'clicks' } };
  const retention = { warnAt: 0.5, extendToMs: 168 * hourMs };
  const job = { source, retention };
  const fleet = testFleet({
    jobs: { orders: { job, script: { stream: 'clicks', dieAt: [{ cause, atMs: diesMs, times: 1 }] } } },
  });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  change(fleet, changes);
  return fleet;
}

function change(fleet: Fleet, changes: Partial<ResolvedJob>): void {
  const { policy } = fleet;
  fleet.policy = { ...policy, jobs: { orders: { ...jobOf(fleet), ...changes } } };
}

const jobOf = ({ policy }: Fleet) => policy.jobs.orders ?? expect.fail('no job');
const untilAfterDeath = (fleet: Fleet, ms: number) => fleet.time.run({ untilMs: diesMs + ms });
const causes = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
const retentions = (fleet: Fleet) =>
  fleet.world.journal.ofKind('retention-changed').map(({ from, to }) => `${from} → ${to}`);
const told = (fleet: Fleet) =>
  fleet.notices.flatMap(({ event, approval }) => (approval ? [`${approval.action} ${event}`] : []));

async function memoryOf({ store }: Fleet) {
  const read = await store.read([keys.record('orders')]);
  return (read.ok && as('record', read.value.items[0])?.memory) || expect.fail('no record');
}

async function say(fleet: Fleet, answer: 'approved' | 'declined', hash?: string) {
  const found = hash === undefined ? undefined : await jobOfApproval(fleet.ports, hash);
  const plan = found?.ok ? found.value : undefined;
  return answerApproval(fleet.ports, jobOf(fleet), ana, { answer, ...(plan ? { plan } : {}) });
}

describe('records that are about to be lost', () => {
  it.each([
    ['waits for a yes', { actions: { restart: 'suggest' } }],
    ['is held back by the mode', { actions: { restart: 'observe' } }],
  ] as const)('are kept for longer although the cancel of a stalled run %s', async (_what, changes) => {
    const fleet = await asking('stall', changes);
    await untilAfterDeath(fleet, 30 * hourMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(fleet.world.journal.ofKind('records-lost')).toEqual([]);
  });

  it('are kept for longer under a pause of restarts alone', async () => {
    const fleet = await asking('stall', {});
    await pauseJob(fleet.ports, jobOf(fleet), ana, startMs + 48 * hourMs, 'restart');
    await untilAfterDeath(fleet, 30 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
  });

  it('are called for when the stream may not be told, however long the cancel waits', async () => {
    const fleet = await asking('stall', { mode: 'suggest' });
    await untilAfterDeath(fleet, 26 * hourMs);
    const reasons = fleet.notices.map(({ reason }) => reason);
    expect(reasons).toContain('data-loss-near');
    expect(reasons).toContain('data-expired');
  });
});

describe('two questions of one job', () => {
  /** Down since half an hour after the start, with both questions open. */
  async function both(): Promise<{ fleet: Fleet; start: string; extend: string }> {
    const fleet = await asking('worker-lost', { mode: 'suggest' });
    // The start is asked about again every four hours: at hour 16, after the stream's question came at hour 15.
    await untilAfterDeath(fleet, 16 * hourMs + 10 * minuteMs);
    const { approval, extensionApproval } = await memoryOf(fleet);
    if (!approval || !extensionApproval) expect.fail('not both are asked');
    return { fleet, start: approval.hash, extend: extensionApproval.hash };
  }

  it('stand beside each other, and each is answered by its plan', async () => {
    const fleet = await asking('worker-lost', { mode: 'suggest', approvals: { expireAfterMs: 12 * hourMs } });
    await untilAfterDeath(fleet, 15 * hourMs + 30 * minuteMs);
    change(fleet, { approvals: { expireAfterMs: 4 * hourMs } });
    await untilAfterDeath(fleet, 16 * hourMs + 10 * minuteMs);
    const { approval, extensionApproval } = await memoryOf(fleet);
    expect([approval?.state, extensionApproval?.state]).toEqual(['open', 'open']);
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(
        /^orders asks more than one thing; name the plan that you mean: \w{11} \(start/,
      ),
    });
    expect(await say(fleet, 'approved', extensionApproval?.hash)).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(causes(fleet)).toEqual(['launch']);
    // What was asked about the start stands as it stood.
    expect((await memoryOf(fleet)).approval).toMatchObject({ hash: approval?.hash, state: 'open' });
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('do not undo each other: records may be saved while a start is declined', async () => {
    const { fleet, start, extend } = await both();
    expect(await say(fleet, 'declined', start)).toMatchObject({ kind: 'done' });
    expect(await say(fleet, 'approved', extend)).toMatchObject({ kind: 'refused' });
    await untilAfterDeath(fleet, 19 * hourMs + 15 * minuteMs);
    // The job's name is enough where only one can be answered so.
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect((await memoryOf(fleet)).approval).toMatchObject({ hash: start, state: 'declined' });
    expect(causes(fleet)).toEqual(['launch']);
  });

  it('a question about a start outlives what the policy lets Checkpilot do by itself about the records', async () => {
    const fleet = await asking('worker-lost', { actions: { restart: 'suggest' } });
    await untilAfterDeath(fleet, 14 * hourMs + 58 * minuteMs);
    change(fleet, { approvals: { expireAfterMs: 2 * hourMs } });
    await untilAfterDeath(fleet, 30 * hourMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
    expect(fleet.notices.filter(({ approval }) => approval?.state === 'void')).toEqual([]);
  });

  it('a question about the records outlives a restart that needs none', async () => {
    const fleet = await asking('user-code-error', { actions: { extendRetention: 'suggest' } });
    await untilAfterDeath(fleet, 15 * hourMs + 5 * minuteMs);
    expect((await memoryOf(fleet)).extensionApproval?.state).toBe('open');
    expect(await startJob(fleet.ports, jobOf(fleet), ana, true)).toMatchObject({ kind: 'done' });
    await fleet.runFor(minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'operator']);
    expect(told(fleet)).toEqual(['extendRetention approval.requested']);
  });
});

describe('an answer', () => {
  it('is asked of the guard for its own action', async () => {
    const fleet = await asking('user-code-error', { actions: { extendRetention: 'suggest' } });
    await untilAfterDeath(fleet, 15 * hourMs + 5 * minuteMs);
    const until = fleet.time.now() + hourMs;
    await pauseJob(fleet.ports, jobOf(fleet), ana, until, 'extendRetention');
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('this action of the job is paused'),
    });
    await pauseJob(fleet.ports, jobOf(fleet), ana, fleet.time.now(), 'extendRetention');
    await pauseJob(fleet.ports, jobOf(fleet), ana, until, 'restart');
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(retentions(fleet)).toEqual(['24 → 168']);
  });
});

describe('a run whose attempts die of what no retry cures, in mode suggest', () => {
  async function tried(): Promise<Fleet> {
    const { launch } = testJob('orders', '00test0000000001');
    if (!launch) expect.fail('the job of these tests has a launch request');
    const fleet = testFleet({
      jobs: {
        orders: {
          job: { launch: { ...launch, retryPolicy: { maxFailedAttemptsPerHour: 10 } } },
          script: { dieAt: [{ cause: 'user-code-error', atMs: diesMs }] },
        },
      },
    });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    change(fleet, { mode: 'suggest' });
    const isAsked = () => fleet.notices.some(({ event }) => event === 'approval.requested');
    await fleet.time.runWhile(() => !isAsked(), { untilMs: startMs + 3 * hourMs });
    return fleet;
  }

  it('is cancelled once somebody says yes, and parked', async () => {
    const fleet = await tried();
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(10 * minuteMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect((await memoryOf(fleet)).parked?.reason).toBe('deterministic-failure');
  });

  it('is asked about once, however many attempts fail meanwhile', async () => {
    const fleet = await tried();
    await fleet.runFor(20 * minuteMs);
    expect(fleet.world.journal.ofKind('attempt-failed').length).toBeGreaterThan(1);
    expect(told(fleet)).toEqual(['restart approval.requested']);
  });
});
