import { describe, expect, it } from 'vitest';
import { answerApproval, jobOfApproval } from '../../src/control/answers.ts';
import { as, keys } from '../../src/control/items.ts';
import { pauseFleet, pauseJob } from '../../src/control/orders.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'seen, go on' };
const diesMs = startMs + 30 * minuteMs;

/** A job that died five minutes ago, and asks whether it may be started again. */
async function asking(): Promise<Fleet> {
  const dieAt = [{ cause: 'worker-lost' as const, atMs: diesMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  change(fleet, { mode: 'suggest' });
  await fleet.time.run({ untilMs: diesMs + 5 * minuteMs });
  expect(told(fleet)).toEqual(['approval.requested open']);
  return fleet;
}

const jobOf = ({ policy }: Fleet) => policy.jobs.orders ?? expect.fail('no job');

function change(fleet: Fleet, changes: Partial<ResolvedJob>): void {
  fleet.policy = { ...fleet.policy, jobs: { orders: { ...jobOf(fleet), ...changes } } };
}

async function memoryOf({ store }: Fleet) {
  const read = await store.read([keys.record('orders')]);
  return (read.ok && as('record', read.value.items[0])?.memory) || expect.fail('no record');
}

const say = (fleet: Fleet, answer: 'approved' | 'declined') =>
  answerApproval(fleet.ports, jobOf(fleet), ana, { answer });
const causes = (fleet: Fleet) => fleet.world.journal.ofKind('start-accepted').map(({ cause }) => cause);
const told = (fleet: Fleet) =>
  fleet.notices.flatMap(({ event, approval }) => (approval ? [`${event} ${approval.state}`] : []));

describe('a question that a hold overtakes', () => {
  it.each([
    ['a pause of the job', (fleet: Fleet, ms: number) => pauseJob(fleet.ports, jobOf(fleet), ana, ms)],
    ['a pause of the fleet', (fleet: Fleet, ms: number) => pauseFleet(fleet.ports, ana, ms)],
  ])('is asked again as soon as %s ends, for nobody could answer it meanwhile', async (_what, pause) => {
    const fleet = await asking();
    await pause(fleet, fleet.time.now() + hourMs);
    await fleet.runFor(hourMs - minuteMs);
    expect(told(fleet)).toEqual(['approval.requested open', 'approval.closed expired']);
    await fleet.runFor(7 * minuteMs);
    expect(told(fleet).at(-1)).toBe('approval.requested open');
    await say(fleet, 'approved');
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });

  it('is over when the mode becomes observe, and promises no question to come', async () => {
    const fleet = await asking();
    change(fleet, { mode: 'observe' });
    await fleet.runFor(6 * hourMs);
    expect(told(fleet)).toEqual(['approval.requested open', 'approval.closed not-needed']);
    expect((await memoryOf(fleet)).approval).toBeUndefined();
  });
});

describe('a question of a job that leaves the policy', () => {
  it.each(['open', 'approved'] as const)('is over and says so, also where it is %s', async (state) => {
    const fleet = await asking();
    const { hash = '' } = (await memoryOf(fleet)).approval ?? {};
    const { policy } = fleet;
    fleet.policy = { ...policy, jobs: {} };
    if (state === 'approved')
      await answerApproval(fleet.ports, policy.jobs.orders as ResolvedJob, ana, { answer: 'approved' });
    await fleet.runFor(10 * minuteMs);
    expect(told(fleet).at(-1)).toBe('approval.closed not-needed');
    expect(fleet.notices.at(-1)?.text).toContain('No policy declares this job.');
    const item = await jobOfApproval(fleet.ports, hash);
    expect(item).toMatchObject({ value: { approval: { state: 'not-needed' } } });
    // A yes from then is none for a job of the same name that comes later.
    fleet.policy = policy;
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch']);
    expect(told(fleet).at(-1)).toBe('approval.requested open');
  });
});

describe('a question of a job that is renamed', () => {
  it('is over, a yes included, and asked under the new name', async () => {
    const fleet = await asking();
    await say(fleet, 'approved');
    const old = jobOf(fleet);
    const { policy } = fleet;
    fleet.policy = { ...policy, jobs: { ledger: { ...old, name: 'ledger', renamedFrom: 'orders' } } };
    await fleet.runFor(10 * minuteMs);
    expect(causes(fleet)).toEqual(['launch']);
    // Whichever name is looked at first.
    const [closed, asked] = told(fleet).slice(-2).sort();
    expect(closed).toMatch(/^approval\.closed (?:void|not-needed)$/);
    expect(asked).toBe('approval.requested open');
    const job = fleet.policy.jobs.ledger ?? expect.fail('no job');
    await answerApproval(fleet.ports, job, ana, { answer: 'approved' });
    await fleet.runFor(5 * minuteMs);
    expect(causes(fleet)).toEqual(['launch', 'restart']);
  });
});

describe('a yes that is taken back', () => {
  it('takes the start out of the line of the fleet', async () => {
    const fleet = await asking();
    // Nothing is granted meanwhile.
    fleet.ports = {
      ...fleet.ports,
      wakes: { ...fleet.ports.wakes, release: async () => ({ ok: true, value: undefined }) },
    };
    await say(fleet, 'approved');
    await fleet.runFor(1_000);
    expect((await memoryOf(fleet)).wish).toBeDefined();
    await say(fleet, 'declined');
    expect((await memoryOf(fleet)).wish).toBeUndefined();
    const line = await fleet.store.list(keys.wishes, { limit: 10 });
    expect(line).toMatchObject({ ok: true, value: [] });
  });
});

describe('a yes that has lapsed', () => {
  it('is not taken for one that still stands when somebody says it again', async () => {
    const fleet = await asking();
    await say(fleet, 'approved');
    expect(await say(fleet, 'approved')).toMatchObject({ kind: 'unchanged' });
    await pauseJob(fleet.ports, jobOf(fleet), ana, fleet.time.now() + 2 * hourMs);
    await fleet.runFor(hourMs);
    expect(await say(fleet, 'approved')).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/^ana approved it .* ago .*, and that has expired \(the job is paused/),
    });
  });
});
