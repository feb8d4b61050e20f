import { createHash } from 'node:crypto';

/** Who wrote: the modelled services themselves, or a caller of the S3 API. */
export type Writer = 'world' | 'api';

export interface ObjectHead {
  /** `bucket/key`. */
  key: string;
  sizeBytes: number;
  /** MD5 of the body in hex, without quotes. */
  etag: string;
  lastModifiedMs: number;
  contentType: string;
}

export interface StoredObject extends ObjectHead {
  body: Buffer;
}

export interface Mutation {
  op: 'put' | 'delete';
  key: string;
  writer: Writer;
  atMs: number;
}

export interface PutOptions {
  /** Fails with `exists` when the key is taken, as `If-None-Match: *` does. */
  onlyIfAbsent?: boolean;
  /** `binary/octet-stream` unless told, as in S3. */
  contentType?: string;
}

export type PutResult = { ok: true; object: ObjectHead } | { ok: false; code: 'exists' };

/**
 * Objects in memory, without versions, named `bucket/key`. Buckets are declared at the start; writing to another
 * one throws. `mutations` keeps every write in order, so that a test can say who wrote where.
 */
export class ObjectStore {
  readonly mutations: Mutation[] = [];
  readonly #clock: { now(): number };
  readonly #buckets: ReadonlySet<string>;
  readonly #objects = new Map<string, StoredObject>();
  // Kept sorted by insertion: a listing is far more frequent than a new key, and must not sort the whole store.
  readonly #sortedKeys: string[] = [];

  constructor(options: { clock: { now(): number }; buckets: readonly string[] }) {
    this.#clock = options.clock;
    this.#buckets = new Set(options.buckets);
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  put(key: string, body: string | Buffer, writer: Writer, options: PutOptions = {}): PutResult {
    this.#assertKey(key);
    const isNew = !this.#objects.has(key);
    if (options.onlyIfAbsent === true && !isNew) return { ok: false, code: 'exists' };
    const bytes = Buffer.from(body);
    const object: StoredObject = {
      key,
      body: bytes,
      sizeBytes: bytes.length,
      etag: createHash('md5').update(bytes).digest('hex'),
      lastModifiedMs: this.#clock.now(),
      contentType: options.contentType ?? 'binary/octet-stream',
    };
    this.#objects.set(key, object);
    if (isNew) this.#sortedKeys.splice(this.#positionOf(key), 0, key);
    this.#log('put', key, writer);
    return { ok: true, object: headOf(object) };
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  head(key: string): ObjectHead | undefined {
    const object = this.#objects.get(key);
    return object && headOf(object);
  }

  /** Returns whether there was such an object; the attempt is logged either way. */
  delete(key: string, writer: Writer = 'world'): boolean {
    this.#assertKey(key);
    const existed = this.#objects.delete(key);
    if (existed) this.#sortedKeys.splice(this.#positionOf(key), 1);
    this.#log('delete', key, writer);
    return existed;
  }

  /** Heads in S3's order (UTF-8 bytes), only those after `startAfter`, at most `max` of them. */
  list(prefix: string, options: { startAfter?: string | undefined; max: number }): ObjectHead[] {
    const found: ObjectHead[] = [];
    const after = options.startAfter;
    let position = this.#positionOf(after !== undefined && compareUtf8(after, prefix) > 0 ? after : prefix);
    if (after !== undefined && this.#sortedKeys[position] === after) position += 1;
    for (; position < this.#sortedKeys.length && found.length < options.max; position += 1) {
      const object = this.#objects.get(this.#sortedKeys[position] ?? '');
      if (object === undefined || !object.key.startsWith(prefix)) break;
      found.push(headOf(object));
    }
    return found;
  }

  // The first position whose key is not before `key`.
  #positionOf(key: string): number {
    let low = 0;
    let high = this.#sortedKeys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#sortedKeys[middle] ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #assertKey(key: string): void {
    const slash = key.indexOf('/');
    const bucket = slash === -1 ? key : key.slice(0, slash);
    if (!this.hasBucket(bucket)) throw new Error(`no bucket "${bucket}" in the object store (key "${key}")`);
    if (slash === -1 || slash === key.length - 1) throw new Error(`"${key}" names a bucket but no object`);
  }

  #log(op: Mutation['op'], key: string, writer: Writer): void {
    this.mutations.push({ op, key, writer, atMs: this.#clock.now() });
  }
}

function headOf(object: StoredObject): ObjectHead {
  const { body: _body, ...head } = object;
  return head;
}

// S3 sorts by UTF-8 bytes. UTF-16 units give the same order, except that surrogates (the planes above U+FFFF)
// belong after U+E000 to U+FFFF.
function compareUtf8(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    const isSurrogateA = a >= 0xd800 && a < 0xe000;
    const isSurrogateB = b >= 0xd800 && b < 0xe000;
    if (isSurrogateA !== isSurrogateB && a >= 0xd800 && b >= 0xd800) return isSurrogateA ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
