import type { Item, ItemKey } from '../control/items.ts';
import type { Answer, Clock, JobStore, Write } from '../control/ports.ts';

// Limits of DynamoDB, so that what works here works there.
const transactionWritesMax = 100;
const itemBytesMax = 400 * 1024;

/**
 * The job store without a database: the same answers as DynamoDB, at once. Items are copied in and out, so
 * nobody shares state by accident, and what DynamoDB would refuse throws here too.
 */
export class InMemoryJobStore implements JobStore {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #partitions = new Map<string, Map<string, Item>>();
  // Due index: shard → items in it. Kept beside the partitions, because a fleet asks for it every minute.
  readonly #shards = new Map<string, Map<string, Due>>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async read(
    keys: readonly ItemKey[],
  ): Promise<Answer<{ items: readonly (Item | undefined)[]; dateMs: number }>> {
    if (keys.length === 0) throw new Error('a read asks for one key at least');
    const items = keys.map((key) => copyOf(this.#get(key)));
    // A Date header has whole seconds.
    return { ok: true, value: { items, dateMs: Math.floor(this.#clock.now() / 1000) * 1000 } };
  }

  async commit(writes: readonly Write[]): ReturnType<JobStore['commit']> {
    assertLegal(writes);
    if (!writes.every((write) => this.#holds(write))) return { kind: 'conflict' };
    for (const write of writes) {
      if ('put' in write) this.#put(copy(write.put) as Item);
      else this.#drop(write.delete);
    }
    return { kind: 'committed' };
  }

  async list(
    pk: string,
    options: { limit: number; skPrefix?: string; newestFirst?: boolean },
  ): Promise<Answer<readonly Item[]>> {
    const { limit, skPrefix = '', newestFirst = false } = options;
    const found = [...(this.#partitions.get(pk)?.values() ?? [])].filter((item) =>
      item.sk.startsWith(skPrefix),
    );
    found.sort((a, b) => compareBytes(a.sk, b.sk));
    if (newestFirst) found.reverse();
    return { ok: true, value: found.slice(0, limit).map((item) => copy(item) as Item) };
  }

  async due(shard: number, options: { beforeMs: number; limit: number }): Promise<Answer<readonly string[]>> {
    const found = [...(this.#shards.get(`DUE#${shard}`)?.values() ?? [])].filter(
      (one) => one.atMs <= options.beforeMs,
    );
    found.sort((a, b) => a.atMs - b.atMs);
    return { ok: true, value: found.slice(0, options.limit).map((one) => one.job) };
  }

  #get(key: ItemKey): Item | undefined {
    return this.#partitions.get(key.pk)?.get(key.sk);
  }

  #holds(write: Write): boolean {
    if (write.seenRev === 'any') return true;
    const held = this.#get('put' in write ? write.put : write.delete);
    return write.seenRev === 'absent' ? held === undefined : held?.rev === write.seenRev;
  }

  #put(item: Item): void {
    this.#drop(item);
    const partition = this.#partitions.get(item.pk) ?? new Map<string, Item>();
    this.#partitions.set(item.pk, partition.set(item.sk, item));
    const due = dueOf(item);
    if (due === undefined) return;
    const shard = this.#shards.get(due.shard) ?? new Map<string, Due>();
    this.#shards.set(due.shard, shard.set(nameOf(item), due));
  }

  #drop(key: ItemKey): void {
    const held = this.#get(key);
    if (held === undefined) return;
    this.#partitions.get(key.pk)?.delete(key.sk);
    const due = dueOf(held);
    if (due) this.#shards.get(due.shard)?.delete(nameOf(key));
  }
}

interface Due {
  readonly shard: string;
  readonly atMs: number;
  readonly job: string;
}

/** Only items that have both attributes are in the index, as in DynamoDB. */
function dueOf(item: Item): Due | undefined {
  if (item.kind !== 'record') return undefined;
  return { shard: item.dueShard, atMs: item.dueAtMs, job: item.job };
}

function assertLegal(writes: readonly Write[]): void {
  if (writes.length > transactionWritesMax)
    throw new Error(`a commit has at most ${transactionWritesMax} writes`);
  const names = writes.map((write) => nameOf('put' in write ? write.put : write.delete));
  if (new Set(names).size < names.length) throw new Error('a commit writes each item once');
  for (const write of writes) {
    if (!('put' in write)) continue;
    const bytes = Buffer.byteLength(JSON.stringify(write.put));
    if (bytes > itemBytesMax)
      throw new Error(`${nameOf(write.put)} has ${bytes} bytes, more than DynamoDB takes`);
  }
}

function copyOf(item: Item | undefined): Item | undefined {
  return item && (copy(item) as Item);
}

/** A deep copy without `undefined`, as an item comes back from DynamoDB. */
function copy(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`${value} is no number that DynamoDB stores`);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.filter((one) => one !== undefined).map(copy);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, copy(one)]));
}

/** DynamoDB sorts strings by their UTF-8 bytes. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function nameOf({ pk, sk }: ItemKey): string {
  return JSON.stringify([pk, sk]);
}
