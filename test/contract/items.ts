import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Item, type ItemKey, keys, type PaceItem, type RecordItem } from '../../src/control/items.ts';
import type { JobStore } from '../../src/control/ports.ts';
import { newMemory } from '../../src/core/memory.ts';

/** A partition that no other test uses. */
export function newScope(): string {
  return `TEST#${randomUUID()}`;
}

/** The plainest item there is; the stores do not look into it. */
export function note(pk: string, sk: string): PaceItem {
  return { pk, sk, kind: 'pace', schema: 1, rev: 1, tokens: 1, atMs: 0 };
}

/** About `bytes` large. */
export function big(pk: string, bytes: number): Item {
  return { ...note(pk, 'BIG'), filler: 'x'.repeat(bytes - 200) } as Item;
}

export function record(job: string, given: { shard: number; atMs: number; extra?: unknown }): RecordItem {
  const item: RecordItem = {
    ...keys.record(job),
    kind: 'record',
    schema: 1,
    rev: 1,
    job,
    memory: newMemory,
    policyHash: '',
    dueShard: `DUE#${given.shard}`,
    dueAtMs: given.atMs,
  };
  return given.extra === undefined ? item : ({ ...item, extra: given.extra } as RecordItem);
}

export function keyOf({ pk, sk }: ItemKey): ItemKey {
  return { pk, sk };
}

export function absentKey(): ItemKey {
  return { pk: newScope(), sk: 'NOTHING' };
}

/** Writes new items, which must succeed. */
export async function commitOf(store: JobStore, ...items: readonly Item[]): Promise<void> {
  const answer = await store.commit(items.map((put) => ({ put, seenRev: 'absent' })));
  expect(answer).toEqual({ kind: 'committed' });
}

export async function readOne(store: JobStore, key: ItemKey): Promise<Item | undefined> {
  const read = await store.read([keyOf(key)]);
  if (!read.ok) throw new Error(read.message);
  return read.value.items[0];
}
