import { expect, it } from 'vitest';
import type { JobStore } from '../../src/control/ports.ts';
import { big, commitOf, keyOf, newScope, note, readOne, record } from './items.ts';

export function conditionTests(store: () => JobStore): void {
  it('writes an absent item once and then says conflict', async () => {
    const item = note(newScope(), 'A');
    expect(await store().commit([{ put: item, seenRev: 'absent' }])).toEqual({ kind: 'committed' });
    expect(await store().commit([{ put: { ...item, tokens: 9 }, seenRev: 'absent' }])).toEqual({
      kind: 'conflict',
    });
    expect(await readOne(store(), item)).toEqual(item);
  });

  it('writes over the rev that it names and over no other', async () => {
    const item = note(newScope(), 'A');
    await commitOf(store(), item);
    const next = { ...item, rev: 2, tokens: 2 };
    expect(await store().commit([{ put: next, seenRev: 2 }])).toEqual({ kind: 'conflict' });
    expect(await store().commit([{ put: next, seenRev: 1 }])).toEqual({ kind: 'committed' });
    expect(await store().commit([{ put: { ...next, rev: 3 }, seenRev: 1 }])).toEqual({ kind: 'conflict' });
    expect(await readOne(store(), item)).toEqual(next);
  });

  it('says conflict when it names a rev of an item that is not there', async () => {
    const item = note(newScope(), 'A');
    expect(await store().commit([{ put: item, seenRev: 1 }])).toEqual({ kind: 'conflict' });
    expect(await readOne(store(), item)).toBeUndefined();
  });

  it('writes without looking when told any', async () => {
    const item = note(newScope(), 'A');
    for (const tokens of [1, 2]) {
      expect(await store().commit([{ put: { ...item, tokens }, seenRev: 'any' }])).toEqual({
        kind: 'committed',
      });
    }
    expect(await readOne(store(), item)).toEqual({ ...item, tokens: 2 });
  });

  it('deletes under a rev, under any, and not under an old rev', async () => {
    const item = note(newScope(), 'A');
    await commitOf(store(), { ...item, rev: 5 });
    expect(await store().commit([{ delete: keyOf(item), seenRev: 4 }])).toEqual({ kind: 'conflict' });
    expect(await store().commit([{ delete: keyOf(item), seenRev: 5 }])).toEqual({ kind: 'committed' });
    expect(await readOne(store(), item)).toBeUndefined();
    expect(await store().commit([{ delete: keyOf(item), seenRev: 5 }])).toEqual({ kind: 'conflict' });
    expect(await store().commit([{ delete: keyOf(item), seenRev: 'any' }])).toEqual({ kind: 'committed' });
  });
}

export function transactionTests(store: () => JobStore): void {
  it('leaves nothing written when one of many conditions does not hold', async () => {
    const scope = newScope();
    const [old, fresh, gone] = [note(scope, 'OLD'), note(scope, 'FRESH'), note(scope, 'GONE')];
    await commitOf(store(), old, gone);
    const answer = await store().commit([
      { put: fresh, seenRev: 'absent' },
      { delete: keyOf(gone), seenRev: 1 },
      { put: { ...old, rev: 3 }, seenRev: 2 },
    ]);
    expect(answer).toEqual({ kind: 'conflict' });
    const read = await store().read([fresh, old, gone].map(keyOf));
    expect(read).toMatchObject({ ok: true, value: { items: [undefined, old, gone] } });
  });

  it('commits puts, overwrites and deletes of thirty items as one', async () => {
    const scope = newScope();
    const items = Array.from({ length: 30 }, (_, index) => note(scope, `S${String(index).padStart(2, '0')}`));
    await commitOf(store(), ...items);
    const answer = await store().commit(
      items.map((item, index) =>
        index % 3 === 0
          ? { delete: keyOf(item), seenRev: 1 }
          : { put: { ...item, rev: 2 }, seenRev: index % 3 === 1 ? 1 : 'any' },
      ),
    );
    expect(answer).toEqual({ kind: 'committed' });
    const left = await store().list(scope, { limit: 100 });
    expect(left.ok && left.value.map((item) => item.rev)).toEqual(Array.from({ length: 20 }, () => 2));
  });

  it('has committed when there is nothing to write', async () => {
    expect(await store().commit([])).toEqual({ kind: 'committed' });
  });

  it('throws for a commit that writes one item twice', async () => {
    const item = note(newScope(), 'A');
    const write = { put: item, seenRev: 'any' } as const;
    await expect(store().commit([write, write])).rejects.toThrow();
  });
}

export function contentTests(store: () => JobStore): void {
  it('keeps an item of 300 KB', async () => {
    const item = big(newScope(), 300 * 1024);
    await commitOf(store(), item);
    expect(await readOne(store(), item)).toEqual(item);
  });

  it('throws for an item that is too large for any database of ours', async () => {
    await expect(store().commit([{ put: big(newScope(), 500 * 1024), seenRev: 'any' }])).rejects.toThrow();
  });

  it('returns numbers, empty strings, nulls and nested lists as they were, and drops what is undefined', async () => {
    const observation = {
      zero: 0,
      negative: -1.5,
      large: 1_795_377_267_004,
      tiny: 0.000001,
      empty: '',
      none: null,
      no: false,
      list: [[], {}, [1, 'a']],
      unicode: 'ß → 𝄞',
      nested: { gone: undefined, kept: 'x' },
    };
    const item = record(newScope(), { shard: 1, atMs: 0, extra: observation });
    await commitOf(store(), item);
    const { nested: _, ...same } = observation;
    expect(await readOne(store(), item)).toStrictEqual({
      ...item,
      extra: { ...same, nested: { kept: 'x' } },
    });
  });

  it('gives out copies: changing one changes nothing stored', async () => {
    const item = record(newScope(), { shard: 1, atMs: 0, extra: { list: [1] } });
    await commitOf(store(), item);
    const first = (await readOne(store(), item)) as unknown as { extra: { list: number[] } };
    first.extra.list.push(2);
    expect(await readOne(store(), item)).toEqual(item);
  });
}
