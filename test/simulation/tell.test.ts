import { describe, expect, it } from 'vitest';
import { deliverOutbox } from '../../src/control/deliver.ts';
import { as } from '../../src/control/items.ts';
import type { NotifyPorts, OwnEvent, Receiver, ToldAnswer } from '../../src/control/ports.ts';
import { noticeWrite } from '../../src/control/writes.ts';
import { ownEventDetails } from '../../src/events/own-event.ts';
import { minuteMs, startMs, testFleet } from '../support/fleet.ts';

const down: ToldAnswer = { ok: false, code: 'unavailable', message: 'connection reset' };
const refused: ToldAnswer = { ok: false, code: 'refused', message: 'channel_not_found' };

/** An outbox, receivers whose answers the test sets, and a bus. */
function office(answers: Readonly<Record<string, () => ToldAnswer>>) {
  const fleet = testFleet({ jobs: { orders: {} } });
  const told: Record<string, string[]> = {};
  const events: OwnEvent[] = [];
  const bus = { isUp: true };
  let asked = 0;
  const receivers = Object.entries(answers).map(([name, answer]): Receiver => {
    told[name] = [];
    return {
      name,
      tell: async ({ notices }) => {
        asked += 1;
        const given = answer();
        if (given.ok) told[name]?.push(...notices.map(({ text }) => text));
        return given;
      },
    };
  });
  const ports: NotifyPorts = {
    ...fleet.ports,
    receivers: () => receivers,
    events: {
      publish: async (some) => {
        if (!bus.isUp) return { ok: false, code: 'unavailable', message: 'no bus' };
        events.push(...some);
        return { ok: true, value: undefined };
      },
    },
  };
  const write = (text: string, incidentId?: string) =>
    fleet.store.commit([
      noticeWrite(
        fleet.ports,
        {
          event: 'incident.opened',
          severity: 'warning',
          text,
          ...(incidentId ? { opens: true as const } : {}),
        },
        { job: 'orders', decisionId: '', incidentId },
      ),
    ]);
  const left = async () => {
    const rows = await fleet.store.list('OUTBOX#0', { limit: 1_000 });
    return rows.ok ? rows.value.flatMap((row) => as('outbox', row) ?? []) : [];
  };
  const later = (ms: number) => fleet.time.run({ untilMs: fleet.time.now() + ms });
  return { fleet, ports, told, events, bus, write, left, later, asked: () => asked };
}

describe('the outbox', () => {
  it('is emptied once people were told and the events are out', async () => {
    const { ports, told, events, write, left } = office({ slack: () => ({ ok: true }) });
    await write('one', 'inc_1');
    await write('two');
    expect(await deliverOutbox(ports)).toEqual({ told: 2, waiting: 0, overdue: 0 });
    expect(told.slack).toEqual(['one', 'two']);
    expect(events.map(({ type, detail }) => [type, detail.text])).toEqual([
      ['Incident Opened', 'one'],
      ['Notice', 'two'],
    ]);
    expect(await left()).toEqual([]);
  });

  it('keeps what nobody took, and publishes its events only once', async () => {
    let answer: ToldAnswer = down;
    const { ports, told, events, write, left, later } = office({ slack: () => answer });
    await write('one', 'inc_1');
    for (let round = 0; round < 8; round++) {
      await later(minuteMs);
      await deliverOutbox(ports);
    }
    expect(await left()).toMatchObject([{ done: 'published' }]);
    expect(await deliverOutbox(ports)).toMatchObject({ waiting: 1, overdue: 1 });
    answer = { ok: true };
    await deliverOutbox(ports);
    expect(told.slack).toEqual(['one']);
    expect(events).toHaveLength(1);
    expect(await left()).toEqual([]);
  });

  it('tells people once while the bus is down, and publishes when it is back', async () => {
    const { ports, told, events, bus, write, left } = office({ slack: () => ({ ok: true }) });
    bus.isUp = false;
    await write('one', 'inc_1');
    await deliverOutbox(ports);
    await deliverOutbox(ports);
    expect(await left()).toMatchObject([{ done: 'told' }]);
    bus.isUp = true;
    await deliverOutbox(ports);
    expect([told.slack, events.length, await left()]).toEqual([['one'], 1, []]);
  });

  it('asks a receiver that is down once a round, not once a notice', async () => {
    const { ports, write, asked } = office({ slack: () => down });
    for (let index = 0; index < 20; index++) await write(`notice ${index}`, `inc_${index}`);
    await deliverOutbox(ports);
    expect(asked()).toBe(1);
  });

  it('tells the call for a person first, however many recoveries wait before it', async () => {
    const { fleet, ports, told, write } = office({ slack: () => ({ ok: true }) });
    for (let index = 0; index < 600; index++) await write(`warning ${index}`, `inc_${index}`);
    const call = { event: 'incident.needs-human', severity: 'critical', text: 'call' } as const;
    const about = { job: 'orders', decisionId: '', incidentId: 'inc_7' };
    await fleet.store.commit([noticeWrite(fleet.ports, call, about)]);
    await deliverOutbox(ports);
    expect(told.slack?.slice(0, 2)).toEqual(['warning 7', 'call']);
  });

  it('goes to the next receiver after five minutes, not before', async () => {
    const { ports, told, write, later } = office({ slack: () => down, spare: () => ({ ok: true }) });
    await write('one', 'inc_1');
    await later(4 * minuteMs);
    await deliverOutbox(ports);
    expect(told.spare).toEqual([]);
    await later(minuteMs + 1);
    await deliverOutbox(ports);
    expect(told.spare).toEqual(['one']);
  });

  it('goes to the next receiver at once when the first will never take it', async () => {
    const { ports, told, write, left } = office({ slack: () => refused, spare: () => ({ ok: true }) });
    await write('one', 'inc_1');
    await deliverOutbox(ports);
    expect([told.spare, await left()]).toEqual([['one'], []]);
  });

  it('waits out a short rate limit and leaves a long one to the next round', async () => {
    const answers: ToldAnswer[] = [
      { ok: false, code: 'throttled', retryAfterMs: 3_000, message: '' },
      { ok: true },
      { ok: false, code: 'throttled', retryAfterMs: 60_000, message: '' },
    ];
    const { fleet, ports, told, write } = office({ slack: () => answers.shift() ?? { ok: true } });
    await write('short', 'inc_1');
    await write('long', 'inc_2');
    const round = deliverOutbox(ports);
    await fleet.time.run({ untilMs: startMs + minuteMs });
    expect(await round).toMatchObject({ told: 1, waiting: 1 });
    await deliverOutbox(ports);
    expect(told.slack).toEqual(['short', 'long']);
  });

  it('waits while the policy, which says who is told, cannot be read', async () => {
    const { ports, told, write, left } = office({ slack: () => ({ ok: true }) });
    await write('one', 'inc_1');
    const policies = { current: async () => ({ ok: false, code: 'unavailable', message: '503' }) as const };
    await deliverOutbox({ ...ports, policies });
    expect([told.slack, (await left()).length]).toEqual([[], 1]);
  });

  it('is told in the log where the policy names nobody', async () => {
    const { ports, write, left } = office({});
    const lines: unknown[] = [];
    const log = { ...ports.log, warn: (message: string, data?: object) => lines.push([message, data]) };
    await write('one', 'inc_1');
    await deliverOutbox({ ...ports, log });
    expect(lines).toMatchObject([['notice', { text: 'one' }]]);
    expect(await left()).toEqual([]);
  });
});

describe('what Checkpilot publishes', () => {
  it('is each decision and each step of an incident, with the ids that join them', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
    });
    fleet.startSweeping();
    await fleet.runFor(90 * minuteMs);
    const types = fleet.events.map(({ type }) => type);
    expect(types.filter((type) => type !== 'Decision Made')).toEqual(['Incident Opened', 'Incident Closed']);
    for (const { type, detail } of fleet.events) {
      const schema = ownEventDetails[`Checkpilot ${type}`];
      expect(schema.safeParse(JSON.parse(JSON.stringify(detail))).error).toBeUndefined();
    }
    const decisions = fleet.events.filter(({ type }) => type === 'Decision Made');
    const opened = fleet.events.find(({ type }) => type === 'Incident Opened');
    expect(opened?.detail).toMatchObject({ job: 'orders', failureClass: 'worker-lost', needsHuman: false });
    expect(decisions.map(({ detail }) => detail.decisionId)).toContain(opened?.detail.decisionId);
    expect(
      decisions.find(({ detail }) => detail.decisionId === opened?.detail.decisionId)?.detail,
    ).toMatchObject({
      job: 'orders',
      kind: 'start',
      outcome: 'done',
      failureClass: 'worker-lost',
      jobRunState: 'FAILED',
    });
  });

  it('is no reason to wait: passes go on while the bus is down', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
    });
    fleet.ports = {
      ...fleet.ports,
      events: { publish: async () => ({ ok: false, code: 'unavailable', message: 'no bus' }) },
    };
    fleet.startSweeping();
    await fleet.runFor(90 * minuteMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(2);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.recovered']);
  });
});
