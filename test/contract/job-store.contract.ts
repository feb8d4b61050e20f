import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStore } from '../../src/control/ports.ts';
import { dueShardOf } from '../../src/control/writes.ts';
import { conditionTests, contentTests, transactionTests } from './commit.contract.ts';
import { absentKey, big, commitOf, keyOf, newScope, note, record } from './items.ts';
import { acceptedUnderBudget, mostInAnyHour } from './ring-race.ts';

export interface OpenStore {
  readonly store: JobStore;
  /** What `dateMs` is compared with. */
  nowMs(): number;
  close(): Promise<void>;
}

/**
 * What the protocol needs of a database, asked of each one in the same words. The store is opened once; every
 * test works in partitions of its own.
 */
export function describeJobStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`job store: ${name}`, () => {
    let opened: OpenStore;
    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(() => opened?.close());

    describe('reads', () => readTests(() => opened));
    describe('conditions', () => conditionTests(() => opened.store));
    describe('transactions', () => transactionTests(() => opened.store));
    describe('contents', () => contentTests(() => opened.store));
    describe('races', () => raceTests(() => opened.store));
    describe('lists', () => listTests(() => opened.store));
    describe('the due index', () => dueTests(() => opened.store));
  });
}

function readTests(opened: () => OpenStore): void {
  it('answers in the order of the keys, with nothing for an absent item', async () => {
    const { store } = opened();
    const [a, b] = [note(newScope(), 'A'), note(newScope(), 'B')];
    await commitOf(store, a, b);
    const read = await store.read([keyOf(b), absentKey(), keyOf(a), keyOf(b)]);
    expect(read).toMatchObject({ ok: true, value: { items: [b, undefined, a, b] } });
  });

  it('tells the time of the database within two seconds', async () => {
    const read = await opened().store.read([absentKey()]);
    const dateMs = read.ok ? read.value.dateMs : 0;
    expect(Math.abs(dateMs - opened().nowMs())).toBeLessThanOrEqual(2_000);
  });

  it('reads more keys than one request of DynamoDB takes', async () => {
    const { store } = opened();
    const scope = newScope();
    const items = Array.from({ length: 120 }, (_, index) => note(scope, `S${index}`));
    await commitOf(store, ...items.slice(0, 60));
    await commitOf(store, ...items.slice(60));
    const read = await store.read(items.map(keyOf));
    expect(read).toMatchObject({ ok: true, value: { items } });
  });

  it('does not ask without a key', async () => {
    await expect(opened().store.read([])).rejects.toThrow(/one key at least/);
  });
}

function raceTests(store: () => JobStore): void {
  it('lets exactly one of two concurrent commits win, fifty times', async () => {
    const winners: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const scope = newScope();
      const [shared, a, b] = [note(scope, 'SHARED'), note(scope, 'A'), note(scope, 'B')];
      await commitOf(store(), shared);
      const answers = await Promise.all(
        [a, b].map((own) =>
          store().commit([
            { put: { ...shared, rev: 2 }, seenRev: 1 },
            { put: own, seenRev: 'absent' },
          ]),
        ),
      );
      const written = await store().read([keyOf(a), keyOf(b)]);
      const count = written.ok ? written.value.items.filter((item) => item !== undefined).length : -1;
      expect(answers.filter((answer) => answer.kind === 'committed')).toHaveLength(count);
      winners.push(count);
    }
    expect(winners).toEqual(Array.from({ length: 50 }, () => 1));
  });

  it('lets exactly one of two concurrent single writes win, fifty times', async () => {
    for (let round = 0; round < 50; round += 1) {
      const item = note(newScope(), 'A');
      const answers = await Promise.all(
        [1, 2].map((tokens) => store().commit([{ put: { ...item, tokens }, seenRev: 'absent' }])),
      );
      expect(answers.map((answer) => answer.kind).sort()).toEqual(['committed', 'conflict']);
    }
  });

  it('never lets more starts than the budget into any rolling hour, however many passes race', async () => {
    const perHour = 3;
    const acceptedAtMs = await acceptedUnderBudget(store(), { perHour, passes: 8, rounds: 25 });
    expect(acceptedAtMs.length).toBeGreaterThan(perHour);
    expect(mostInAnyHour(acceptedAtMs)).toBe(perHour);
  });
}

function listTests(store: () => JobStore): void {
  it('lists a partition in key order, newest first on demand, up to the limit', async () => {
    const scope = newScope();
    const items = ['B', 'a', 'A#2', 'A#1', 'é'].map((sk) => note(scope, sk));
    await commitOf(store(), ...items, note(newScope(), 'A'));
    const sortKeys = async (options: Parameters<JobStore['list']>[1]) => {
      const listed = await store().list(scope, options);
      return listed.ok ? listed.value.map((item) => item.sk) : listed;
    };
    expect(await sortKeys({ limit: 10 })).toEqual(['A#1', 'A#2', 'B', 'a', 'é']);
    expect(await sortKeys({ limit: 2 })).toEqual(['A#1', 'A#2']);
    expect(await sortKeys({ limit: 2, newestFirst: true })).toEqual(['é', 'a']);
    expect(await sortKeys({ limit: 10, skPrefix: 'A#' })).toEqual(['A#1', 'A#2']);
    expect(await sortKeys({ limit: 1, skPrefix: 'A#', newestFirst: true })).toEqual(['A#2']);
  });

  it('lists whole items, also when they fill several pages', async () => {
    const scope = newScope();
    const items = ['1', '2', '3', '4', '5'].map((sk) => ({ ...big(scope, 300 * 1024), sk }));
    for (const item of items) await commitOf(store(), item);
    const listed = await store().list(scope, { limit: 5 });
    expect(listed).toEqual({ ok: true, value: items });
  });

  it('lists nothing in an empty partition', async () => {
    expect(await store().list(newScope(), { limit: 10 })).toEqual({ ok: true, value: [] });
  });
}

function dueTests(store: () => JobStore): void {
  it('names the jobs whose time has come, soonest first, up to the limit', async () => {
    const at = (job: string, atMs: number, shard = 3) => record(job, { shard, atMs });
    await commitOf(store(), at('late', 30), at('soon', 10), at('next', 20), at('future', 41), at('edge', 40));
    await commitOf(store(), at('elsewhere', 1, 4), note(newScope(), 'not-in-the-index'));
    expect(await store().due(3, { beforeMs: 40, limit: 10 })).toEqual({
      ok: true,
      value: ['soon', 'next', 'late', 'edge'],
    });
    expect(await store().due(3, { beforeMs: 40, limit: 2 })).toEqual({ ok: true, value: ['soon', 'next'] });
    expect(await store().due(4, { beforeMs: 40, limit: 2 })).toEqual({ ok: true, value: ['elsewhere'] });
    expect(await store().due(5, { beforeMs: 40, limit: 2 })).toEqual({ ok: true, value: [] });
  });

  it('follows a job to its new time and forgets a deleted one', async () => {
    const job = `moved-${randomUUID()}`;
    const item = record(job, { shard: 6, atMs: 10 });
    await commitOf(store(), item);
    await store().commit([{ put: { ...item, rev: 2, dueAtMs: 99 }, seenRev: 1 }]);
    expect(await store().due(6, { beforeMs: 50, limit: 9 })).toEqual({ ok: true, value: [] });
    expect(await store().due(6, { beforeMs: 99, limit: 9 })).toEqual({ ok: true, value: [job] });
    await store().commit([{ delete: keyOf(item), seenRev: 2 }]);
    expect(await store().due(6, { beforeMs: 99, limit: 9 })).toEqual({ ok: true, value: [] });
  });

  it('finds a job in the shard that the control code gives it', async () => {
    const job = `sharded-${randomUUID()}`;
    const shard = dueShardOf(job);
    await commitOf(store(), { ...record(job, { shard: 0, atMs: 5 }), dueShard: shard });
    const number = Number(shard.replace('DUE#', ''));
    const due = await store().due(number, { beforeMs: 5, limit: 10 });
    expect(due.ok && due.value).toContain(job);
  });
}
