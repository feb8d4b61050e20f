import { validationError } from './error.ts';
import { type AttributeValue, compareValues, type Item, itemSizeBytes, typeOf } from './values.ts';

// The DynamoDB developer guide, "Quotas": an item with its names 400 KB, a partition key 2048 and a sort key 1024 bytes.
const itemBytesMax = 400 * 1024;
const hashKeyBytesMax = 2048;
const rangeKeyBytesMax = 1024;

/** The partition key is always a string here. */
export interface KeySchema {
  hash: string;
  range: string;
  rangeType: 'S' | 'N';
}

export interface IndexSchema extends KeySchema {
  name: string;
  projection: 'ALL' | 'KEYS_ONLY';
}

export interface TableSchema extends KeySchema {
  name: string;
  indexes: readonly IndexSchema[];
}

type Partitions = Map<string, Map<string, Item>>;

/** Items by key, and the same items by the keys of each index. Items handed in and out are never changed. */
export class Table {
  readonly schema: TableSchema;
  readonly createdAtMs: number;
  readonly #items: Partitions = new Map();
  readonly #indexes = new Map<string, Partitions>();
  #count = 0;

  constructor(schema: TableSchema, createdAtMs: number) {
    this.schema = schema;
    this.createdAtMs = createdAtMs;
    for (const index of schema.indexes) this.#indexes.set(index.name, new Map());
  }

  get itemCount(): number {
    return this.#count;
  }

  get(key: Item): Item | undefined {
    return this.#items.get(text(key[this.schema.hash]))?.get(text(key[this.schema.range]));
  }

  /** The item must have passed `checkItem`. */
  put(item: Item): void {
    this.delete(item);
    add(this.#items, text(item[this.schema.hash]), text(item[this.schema.range]), item);
    this.#count += 1;
    for (const index of this.schema.indexes) {
      const partitions = this.#indexes.get(index.name);
      if (partitions && isIn(index, item)) add(partitions, text(item[index.hash]), this.keyText(item), item);
    }
  }

  delete(key: Item): void {
    const old = this.get(key);
    if (old === undefined) return;
    remove(this.#items, text(old[this.schema.hash]), text(old[this.schema.range]));
    this.#count -= 1;
    for (const index of this.schema.indexes) {
      const partitions = this.#indexes.get(index.name);
      if (partitions && isIn(index, old)) remove(partitions, text(old[index.hash]), this.keyText(old));
    }
  }

  /** One partition of an index, or of the table itself, by its sort key and then by the table's own key. */
  partition(index: IndexSchema | undefined, hash: string): Item[] {
    const partitions = index ? this.#indexes.get(index.name) : this.#items;
    const items = [...(partitions?.get(hash)?.values() ?? [])];
    return items.sort((left, right) => this.compare(index ?? this.schema, left, right));
  }

  /** The order within a partition of `schema`. */
  compare(schema: KeySchema, left: Item, right: Item): number {
    const keys = [schema.range, this.schema.hash, this.schema.range];
    for (const key of keys) {
      const order = compareValues(left[key] ?? { S: '' }, right[key] ?? { S: '' }) ?? 0;
      if (order !== 0) return order;
    }
    return 0;
  }

  index(name: string): IndexSchema {
    const index = this.schema.indexes.find((candidate) => candidate.name === name);
    if (index) return index;
    throw validationError(`The table does not have the specified index: ${name}`);
  }

  keyOf(item: Item): Item {
    return pick(item, [this.schema.hash, this.schema.range]);
  }

  keyText(item: Item): string {
    return JSON.stringify([text(item[this.schema.hash]), text(item[this.schema.range])]);
  }

  checkKey(key: Item): void {
    const { hash, range, rangeType } = this.schema;
    const types = [key[hash], key[range]].map((value) => value && typeOf(value));
    if (Object.keys(key).length !== 2 || types[0] !== 'S' || types[1] !== rangeType) {
      throw validationError('The provided key element does not match the schema');
    }
    this.#checkKeySizes(key);
  }

  checkItem(item: Item): void {
    checkKeyType(item, this.schema.hash, 'S');
    checkKeyType(item, this.schema.range, this.schema.rangeType);
    this.#checkKeySizes(item);
    for (const index of this.schema.indexes) {
      checkIndexKeyType(item, index, index.hash, 'S');
      checkIndexKeyType(item, index, index.range, index.rangeType);
    }
    if (itemSizeBytes(item) > itemBytesMax)
      throw validationError('Item size has exceeded the maximum allowed size');
  }

  #checkKeySizes(item: Item): void {
    const limits = [
      { name: this.schema.hash, bytesMax: hashKeyBytesMax, words: 'hashkey' },
      { name: this.schema.range, bytesMax: rangeKeyBytesMax, words: 'rangekey' },
    ];
    for (const { name, bytesMax, words } of limits) {
      const sizeBytes = Buffer.byteLength(text(item[name]));
      if (sizeBytes === 0) {
        throw validationError(
          `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
        );
      }
      if (sizeBytes > bytesMax) {
        throw validationError(
          `One or more parameter values were invalid: Size of ${words} has exceeded the maximum size limit of ${bytesMax} bytes`,
        );
      }
    }
  }
}

/** The named attributes, as far as the item has them. */
export function pick(item: Item, names: readonly string[]): Item {
  const picked: Item = {};
  for (const name of names) {
    const value = item[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

// Items without both keys are simply not in the index: it is sparse.
function isIn(index: IndexSchema, item: Item): boolean {
  return item[index.hash] !== undefined && item[index.range] !== undefined;
}

function checkKeyType(item: Item, name: string, type: string): void {
  const value = item[name];
  if (value === undefined) {
    throw validationError(`One or more parameter values were invalid: Missing the key ${name} in the item`);
  }
  if (typeOf(value) !== type) {
    throw validationError(
      `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`,
    );
  }
}

function checkIndexKeyType(item: Item, index: IndexSchema, name: string, type: string): void {
  const value = item[name];
  if (value === undefined) return;
  if (typeOf(value) !== type) {
    throw validationError(
      `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
    );
  }
  if (text(value) === '') {
    throw validationError(
      `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index.name}, IndexKey: ${name}`,
    );
  }
}

function text(value: AttributeValue | undefined): string {
  if (value === undefined) return '';
  if ('S' in value) return value.S;
  return 'N' in value ? value.N : '';
}

function add(partitions: Partitions, hash: string, key: string, item: Item): void {
  const members = partitions.get(hash) ?? new Map<string, Item>();
  partitions.set(hash, members.set(key, item));
}

function remove(partitions: Partitions, hash: string, key: string): void {
  const members = partitions.get(hash);
  members?.delete(key);
  if (members?.size === 0) partitions.delete(hash);
}
