import { describe, expect, it } from 'vitest';
import { deliverOutbox } from '../../src/control/deliver.ts';
import { keys, schemaVersion } from '../../src/control/items.ts';
import type { JobStore, Notice, NotifyPorts } from '../../src/control/ports.ts';
import type { Outage } from '../../src/core/outages.ts';
import { SlackReceiver } from '../../src/slack/receiver.ts';
import { testPolicy } from '../support/fleet.ts';
import { atMs, channel, notice, workspace } from './support.ts';

const hourMs = 3_600_000;
const policy = testPolicy({ a: {}, b: {}, c: {} });
const outage: Outage = {
  id: 'inc_outage',
  scope: policy.jobs.a?.match.applicationId ?? '',
  class: 'transient-io',
  openedAtMs: atMs,
  phase: 'canary',
  wave: 0,
  members: [],
  granted: 0,
  tries: 0,
};

/** An outage of three jobs whose message stands in Slack. */
async function underWay() {
  const { slack, store, clock, roots, replies } = await workspace();
  const receiver = new SlackReceiver({ name: 'platform', channel, policy, slack, store, clock });
  const ports: NotifyPorts = {
    store,
    clock,
    policies: { current: async () => ({ ok: true, value: { policy, hash: 'policy' } }) },
    events: { publish: async () => ({ ok: true, value: undefined }) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    receivers: () => [receiver],
  };
  await put(store, {
    ...keys.release,
    kind: 'release',
    schema: schemaVersion,
    rev: 1,
    outages: [outage],
    recent: [],
  });
  const say = (event: Notice['event'], fields: Partial<Notice>) => {
    const one = { ...notice(event, { class: 'transient-io', ...fields }), atMs: atMs + 60_000 };
    return put(store, {
      pk: keys.outbox,
      sk: one.id,
      kind: 'outbox',
      schema: schemaVersion,
      rev: 1,
      notice: one,
    });
  };
  const fleet = { job: '*', incidentId: outage.id };
  await say('incident.opened', {
    ...fleet,
    reason: 'correlated-failures',
    text: '3 jobs failed',
    opens: true,
  });
  const deliver = () => deliverOutbox(ports);
  await deliver();
  return {
    say,
    deliver,
    fleet,
    calls: () =>
      roots()
        .slice(1)
        .map(({ text }) => text),
    head: () => roots()[0],
    replies,
  };
}

async function put(store: JobStore, item: unknown): Promise<void> {
  const outcome = await store.commit([{ put: item as never, seenRev: 'any' }]);
  expect(outcome.kind).toBe('committed');
}

/** The clock of a job that waits in the outage for its start. */
const clockOf = (job: string, lostInHours: number): Partial<Notice> => ({
  job,
  incidentId: `inc_${job}`,
  reason: 'data-loss-near',
  text: `${job}: lost in ${lostInHours} h`,
  lossAtMs: atMs + lostInHours * hourMs,
  isInLine: true,
});

describe('the data-loss clocks of jobs that wait in one outage', () => {
  it('are one call, and the others stand in its thread', async () => {
    const { say, deliver, calls, replies } = await underWay();
    await say('incident.needs-human', clockOf('a', 8));
    await deliver();
    await say('incident.needs-human', clockOf('b', 6));
    await deliver();
    expect(calls()).toEqual([expect.stringMatching(/^ACTION NEEDED: a: lost in 8 h/)]);
    expect(replies().at(-1)?.text).toContain('lost in 6 h');
  });

  it('call again for one that leaves less than half of that time', async () => {
    const { say, deliver, calls } = await underWay();
    await say('incident.needs-human', clockOf('a', 8));
    await deliver();
    await say('incident.needs-human', clockOf('b', 3));
    await deliver();
    await say('incident.needs-human', clockOf('c', 2));
    await deliver();
    expect(calls().map((text) => text.slice(0, 30))).toEqual([
      expect.stringContaining('a: lost in 8 h'),
      expect.stringContaining('b: lost in 3 h'),
    ]);
  });

  it('are called by the one that runs out first, where several come at once', async () => {
    const { say, deliver, calls } = await underWay();
    await say('incident.needs-human', clockOf('a', 8));
    await say('incident.needs-human', clockOf('b', 2));
    await deliver();
    expect(calls()).toEqual([expect.stringContaining('b: lost in 2 h')]);
  });

  it('do not stand in for that of a job which the outage will not start', async () => {
    const { say, deliver, calls } = await underWay();
    await say('incident.needs-human', clockOf('a', 2));
    await deliver();
    const { isInLine: _parked, ...parked } = clockOf('b', 6);
    await say('incident.needs-human', parked);
    await deliver();
    expect(calls().at(-1)).toContain('b: lost in 6 h');
  });

  it('do not stand in for the call of the outage itself', async () => {
    const { say, deliver, calls, head, fleet } = await underWay();
    await say('incident.needs-human', { ...fleet, reason: 'fleet-held', text: 'restarts do not help' });
    await say('incident.needs-human', clockOf('a', 8));
    await deliver();
    expect(calls()).toEqual([
      expect.stringContaining('restarts do not help'),
      expect.stringContaining('a: lost in 8 h'),
    ]);
    expect(head()?.text).toContain('restarts do not help');
  });
});

describe('that AWS says nothing of the jobs of an outage', () => {
  it('is one post, however many jobs it is true of, and never hidden', async () => {
    const { say, deliver, calls, replies } = await underWay();
    for (const job of ['a', 'b']) {
      const text = `${job}: EMR Serverless has not told us of this job for ten minutes`;
      const silent = { job, incidentId: `inc_${job}`, reason: 'listing-unknown', isInLine: true } as const;
      await say('incident.updated', { ...silent, text });
      await deliver();
    }
    expect(calls()).toEqual([expect.stringContaining('a: EMR Serverless has not told us')]);
    expect(replies().at(-1)?.text).toContain('not told us of this job');
  });
});

describe('what one job of an outage is told of by itself', () => {
  it('is what holds it back', async () => {
    const { say, deliver, calls } = await underWay();
    const held = {
      job: 'c',
      incidentId: 'inc_c',
      text: 'c failed. Held back: the job is paused.',
      opens: true,
    } as const;
    await say('incident.opened', held);
    await say('incident.opened', {
      ...held,
      job: 'b',
      incidentId: 'inc_b',
      text: 'b failed.',
      isInLine: true,
    });
    await deliver();
    expect(calls()).toEqual([expect.stringContaining('c failed. Held back')]);
  });

  it('is a retention that nobody knows', async () => {
    const { say, deliver, calls } = await underWay();
    const unknown = { job: 'c', incidentId: 'inc_c', reason: 'retention-unknown', isInLine: true } as const;
    await say('incident.updated', { ...unknown, text: 'c has stood still for 12 h' });
    await deliver();
    expect(calls()).toEqual([expect.stringContaining('c has stood still for 12 h')]);
  });
});
