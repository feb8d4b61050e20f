import { describe, expect, it } from 'vitest';
import { answerApproval, jobOfApproval } from '../../src/control/answers.ts';
import { as, keys } from '../../src/control/items.ts';
import { pauseJob, resumeJob, startJob } from '../../src/control/orders.ts';
import type { Write } from '../../src/control/ports.ts';
import { fleetStatus } from '../../src/control/status.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import { locksIn } from '../../src/world/chaos/one-writer.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'seen, go on' };
const bo = { by: 'bo', reason: 'not now' };
const diesAtMs = startMs + 30 * minuteMs;

/** A job that runs, and from then on asks before anything is done; it dies half an hour after its start. */
async function asking(changes: Partial<ResolvedJob> = {}) {
  const dieAt = [{ cause: 'worker-lost' as const, atMs: diesAtMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  change(fleet, { mode: 'suggest', ...changes });
  await fleet.time.run({ untilMs: diesAtMs + 5 * minuteMs });
  return fleet;
}

function jobOf({ policy }: Fleet): ResolvedJob {
  return policy.jobs.orders ?? expect.fail('no job');
}

function change(fleet: Fleet, changes: Partial<ResolvedJob>): void {
  const { policy } = fleet;
  fleet.policy = { ...policy, jobs: { orders: { ...jobOf(fleet), ...changes } } };
}

async function recordOf({ store }: Fleet) {
  const read = await store.read([keys.record('orders'), keys.jobRing('orders')]);
  if (!read.ok) expect.fail(read.message);
  const [record, ring] = read.value.items;
  return { memory: as('record', record)?.memory, charges: as('ring', ring)?.ring.charges.length ?? 0 };
}

async function hashOf(fleet: Fleet): Promise<string> {
  return (await recordOf(fleet)).memory?.approval?.hash ?? expect.fail('nothing is asked');
}

async function itemOf(fleet: Fleet, hash: string) {
  const found = await jobOfApproval(fleet.ports, hash);
  return found.ok ? found.value : undefined;
}

const say = (
  fleet: Fleet,
  answer: 'approved' | 'declined',
  person = ana,
  plan?: Awaited<ReturnType<typeof itemOf>>,
) => answerApproval(fleet.ports, jobOf(fleet), person, { answer, ...(plan ? { plan } : {}) });
const causes = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
const told = (fleet: Fleet) =>
  fleet.notices.flatMap(({ event, approval }) => (approval ? [`${event} ${approval.state}`] : []));

describe('a job in mode suggest', () => {
  it('asks for a restart, makes it once somebody says yes, and charges it like any restart', async () => {
    const fleet = await asking();
    const hash = await hashOf(fleet);
    const status = await fleetStatus(fleet.ports);
    if (!status.ok) expect.fail(status.message);
    expect(status.value.jobs).toMatchObject([
      {
        state: 'NEEDS HUMAN',
        next: `question ends: approve or decline plan ${hash}`,
        approval: {
          hash,
          state: 'open',
          action: 'restart',
          text: 'start orders with the request of generation 1',
        },
      },
    ]);
    expect(status.value.jobs[0]?.nextAtMs).toBeGreaterThan(diesAtMs + 30 * minuteMs - 1);
    expect(causes(fleet)).toEqual(['launch']);
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
    expect(await recordOf(fleet)).toMatchObject({ charges: 1 });
    expect((await recordOf(fleet)).memory?.approval).toBeUndefined();
    expect(told(fleet)).toEqual([
      'approval.requested open',
      'approval.answered approved',
      'approval.closed used',
    ]);
    expect(new Set(fleet.notices.filter(({ approval }) => approval).map(({ thread }) => thread)).size).toBe(
      1,
    );
    expect(await itemOf(fleet, hash)).toMatchObject({
      job: 'orders',
      approval: { state: 'used', by: 'ana' },
    });
    expect(await say(fleet, 'approved', bo, await itemOf(fleet, hash))).toEqual({
      kind: 'refused',
      why: `plan ${hash} is used: it is carried out`,
    });
  });

  it('also asks before it cancels a run of its own, and before the start that follows', async () => {
    const dieAt = [{ cause: 'stall' as const, atMs: diesAtMs }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    fleet.startSweeping();
    await fleet.runFor(20 * minuteMs);
    change(fleet, { mode: 'suggest' });
    await fleet.time.run({ untilMs: diesAtMs + 35 * minuteMs });
    expect((await recordOf(fleet)).memory?.approval?.text).toMatch(/^cancel run \S+ of orders$/);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    await say(fleet, 'approved');
    await fleet.runFor(10 * minuteMs);
    expect(fleet.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect(causes(fleet)).toEqual(['launch']);
    expect((await recordOf(fleet)).memory?.approval).toMatchObject({
      state: 'open',
      text: expect.stringMatching(/^start/),
    });
    await say(fleet, 'approved');
    await fleet.runFor(10 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('takes one of two answers that come at once, and tells the other person whose', async () => {
    const fleet = await asking();
    const answers = await Promise.all([say(fleet, 'approved'), say(fleet, 'approved', bo)]);
    expect(answers).toContainEqual(expect.objectContaining({ kind: 'done' }));
    expect(answers).toContainEqual({
      kind: 'unchanged',
      why: expect.stringMatching(/^(?:ana|bo) approved it \d+ s ago/),
    });
    await fleet.runFor(hourMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('does as the first one said when a second one disagrees', async () => {
    const fleet = await asking();
    expect(await say(fleet, 'declined', bo)).toMatchObject({ kind: 'done' });
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('bo declined it 0 s ago (“not now”)'),
    });
    await fleet.runFor(9 * hourMs);
    expect(causes(fleet)).toEqual(['launch']);
    expect(told(fleet)).toEqual(['approval.requested open', 'approval.answered declined']);
    const status = await fleetStatus(fleet.ports);
    expect(status).toMatchObject({
      value: { jobs: [{ state: 'DOWN', next: expect.stringContaining('bo declined') }] },
    });
  });

  it('takes a yes back as long as nothing came of it', async () => {
    const fleet = await asking();
    await say(fleet, 'approved');
    expect(await say(fleet, 'declined', bo)).toMatchObject({ kind: 'done' });
    await fleet.runFor(hourMs);
    expect(causes(fleet)).toEqual(['launch']);
  });

  it('does nothing when nobody answers, refuses a late yes, and asks again hours later in a new message', async () => {
    const fleet = await asking();
    await fleet.runFor(hourMs);
    expect(told(fleet)).toEqual(['approval.requested open', 'approval.closed expired']);
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/has expired; checkpilot start orders/),
    });
    await fleet.runFor(4 * hourMs);
    expect(told(fleet).slice(2, 3)).toEqual(['approval.requested open']);
    const threads = fleet.notices
      .filter(({ event }) => event === 'approval.requested')
      .map(({ thread }) => thread);
    expect(new Set(threads).size).toBe(2);
    expect(causes(fleet)).toEqual(['launch']);
    await fleet.time.run({ untilMs: diesAtMs + 8 * hourMs + 10 * minuteMs });
    // Asked a third time, and answered in time.
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'done' });
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('voids a yes to a plan that has changed, and says what the plan is now', async () => {
    const fleet = await asking({
      restart: { ...jobOf(testFleet({ jobs: { orders: {} } })).restart, launchFrom: 'spec' },
    });
    const old = await hashOf(fleet);
    const plan = await itemOf(fleet, old);
    const { launch } = jobOf(fleet);
    if (!launch) expect.fail('no launch');
    // A new version is applied while the question stands; whoever says yes has seen the old one.
    change(fleet, {
      launch: { ...launch, jobDriver: { sparkSubmit: { entryPoint: 's3://acme-artifacts/2.py' } } },
    });
    expect(await say(fleet, 'approved', ana, plan)).toMatchObject({ kind: 'done' });
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch']);
    const now = await hashOf(fleet);
    expect(now).not.toBe(old);
    expect(await itemOf(fleet, old)).toMatchObject({ approval: { state: 'void', replacedBy: now } });
    // What asks is told before what only informs.
    expect(told(fleet)).toEqual([
      'approval.requested open',
      'approval.requested open',
      'approval.answered approved',
      'approval.closed void',
    ]);
    expect(await say(fleet, 'approved', bo, await itemOf(fleet, old))).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(
        new RegExp(`plan ${old} is void: .*; now the question is plan ${now}: start orders`),
      ),
    });
    await say(fleet, 'approved');
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('needs a new yes for each restart', async () => {
    const fleet = await asking();
    await say(fleet, 'approved');
    await fleet.runFor(20 * minuteMs);
    const [run] = fleet.world.journal.ofKind('start-accepted').slice(-1);
    fleet.world.emr.cancelJobRun(
      '00test0000000001',
      String(run?.jobRunId),
      { arn: 'arn:aws:iam::111122223333:user/bo' },
      0,
    );
    await fleet.runFor(20 * minuteMs);
    // Cancelled by a person: that is respected, and nothing is asked.
    expect(causes(fleet)).toEqual(['launch', 'restart']);
    expect((await recordOf(fleet)).memory).toMatchObject({ desired: 'stopped' });
    expect((await recordOf(fleet)).memory?.approval).toBeUndefined();
  });

  it('is started by an order at once: that is the approval, and the question is over', async () => {
    const fleet = await asking();
    expect(await startJob(fleet.ports, jobOf(fleet), ana, false)).toMatchObject({ kind: 'done' });
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'operator']);
    expect(await recordOf(fleet)).toMatchObject({ charges: 0 });
    expect((await recordOf(fleet)).memory?.approval).toBeUndefined();
    expect(told(fleet).at(-1)).toBe('approval.closed not-needed');
  });

  it('drops the question when a person starts the run by hand', async () => {
    const fleet = await asking();
    const request = { ...jobOf(fleet).launch, clientToken: 'by-hand' };
    fleet.world.emr.startJobRun(request as never, { arn: 'arn:aws:iam::111122223333:user/ana' });
    await fleet.runFor(5 * minuteMs);
    expect(told(fleet).at(-1)).toBe('approval.closed not-needed');
    expect((await recordOf(fleet)).memory?.approval).toBeUndefined();
  });

  it('refuses a yes under a pause, and keeps one that was given before', async () => {
    const fleet = await asking();
    await pauseJob(fleet.ports, jobOf(fleet), bo, fleet.time.now() + hourMs);
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('orders cannot be approved now: the job is paused (ends in 60 min)'),
    });
    await resumeJob(fleet.ports, jobOf(fleet));
    await say(fleet, 'approved');
    await pauseJob(fleet.ports, jobOf(fleet), bo, fleet.time.now() + 10 * minuteMs);
    await fleet.runFor(9 * minuteMs);
    expect(causes(fleet)).toEqual(['launch']);
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('counts on no yes that has expired, not even for a start that needs none any more', async () => {
    const fleet = await asking();
    await say(fleet, 'approved');
    await pauseJob(fleet.ports, jobOf(fleet), bo, fleet.time.now() + 2 * hourMs);
    change(fleet, { mode: 'act' });
    const countedOn: (string | undefined)[] = [];
    fleet.ports = intercept(fleet.ports, (name, call, [writes]) => {
      if (name === 'store.commit')
        for (const { claim } of locksIn(writes as readonly Write[]))
          if (claim) countedOn.push(claim.approval);
      return call();
    });
    await fleet.runFor(3 * hourMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
    expect(countedOn).toEqual([undefined]);
  });
});
