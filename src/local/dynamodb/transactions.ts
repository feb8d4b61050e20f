import type { Clock } from '../http-server.ts';
import { WireError } from '../json-protocol.ts';
import { isMet, parseCondition } from './condition.ts';
import { validationError } from './error.ts';
import type { Condition } from './expression.ts';
import type { TransactWrite } from './requests.ts';
import type { Table } from './table.ts';
import { canonicalText, type Item, itemSizeBytes } from './values.ts';

// The DynamoDB API reference, TransactWriteItems: 100 actions, 4 MB together, tokens of 36 characters kept for
// 10 minutes after the request is finished.
export const transactItemsMax = 100;
const transactBytesMax = 4 * 1024 * 1024;
const tokenLengthMax = 36;
const tokenKeptMs = 10 * 60 * 1000;

interface Write {
  table: Table;
  kind: 'put' | 'delete' | 'check';
  /** The whole item of a put, the key otherwise. */
  item: Item;
  condition: Condition | undefined;
  returnsOld: boolean;
}

interface CancellationReason {
  Code: 'None' | 'ConditionalCheckFailed' | 'ValidationError';
  Message?: string;
  Item?: Item;
}

/** All or nothing, in one step; nothing else runs in between. */
export class Transactions {
  readonly #clock: Clock;
  // In the order in which they were finished, so the oldest come first.
  readonly #finished = new Map<string, { fingerprint: string; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A token seen before with the same items does nothing; only a transaction that took place is remembered. */
  write(items: TransactWrite[], token: string | undefined, tableNamed: (name: string) => Table): void {
    checkLength('transactItems', items.length, transactItemsMax);
    if (token !== undefined) checkLength('clientRequestToken', token.length, tokenLengthMax);
    const fingerprint = canonicalText(items);
    if (token !== undefined && this.#isFinished(token, fingerprint)) return;

    const writes = items.map((item) => toWrite(item, tableNamed));
    checkDistinct(writes);
    const sizeBytes = writes.reduce((sum, write) => sum + itemSizeBytes(write.item), 0);
    if (sizeBytes > transactBytesMax)
      throw validationError('Transaction payload size exceeds the limit of 4 MB');

    const reasons = writes.map(judge);
    if (reasons.some((reason) => reason.Code !== 'None')) throw cancelled(reasons);
    for (const write of writes) apply(write);
    if (token !== undefined) this.#finished.set(token, { fingerprint, atMs: this.#clock.now() });
  }

  #isFinished(token: string, fingerprint: string): boolean {
    for (const [old, { atMs }] of this.#finished) {
      if (atMs + tokenKeptMs > this.#clock.now()) break;
      this.#finished.delete(old);
    }
    const finished = this.#finished.get(token);
    if (finished && finished.fingerprint !== fingerprint) {
      throw new WireError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request.',
      );
    }
    return finished !== undefined;
  }
}

/** Throws when two of the keys name one item; for reads as for writes. */
export function checkDistinct(entries: readonly { table: Table; item: Item }[]): void {
  const seen = new Set(entries.map(({ table, item }) => `${table.schema.name}/${table.keyText(item)}`));
  if (seen.size === entries.length) return;
  throw validationError('Transaction request cannot include multiple operations on one item');
}

export function checkLength(member: string, length: number, max: number): void {
  if (length <= max) return;
  throw validationError(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${max}`,
  );
}

function toWrite(input: TransactWrite, tableNamed: (name: string) => Table): Write {
  const { Put, Delete, ConditionCheck } = input;
  if ([Put, Delete, ConditionCheck].filter(Boolean).length !== 1) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const fields = Put ?? Delete ?? ConditionCheck;
  if (fields === undefined) throw validationError('TransactItems can not be empty');
  const table = tableNamed(fields.TableName);
  const item = 'Item' in fields ? fields.Item : fields.Key;
  if (!Put) table.checkKey(item);
  return {
    table,
    kind: Put ? 'put' : Delete ? 'delete' : 'check',
    item,
    condition: parseCondition(fields),
    returnsOld: fields.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
  };
}

function judge(write: Write): CancellationReason {
  const faulty = write.kind === 'put' ? faultOf(write) : undefined;
  if (faulty !== undefined) return { Code: 'ValidationError', Message: faulty };
  const old = write.table.get(write.item);
  if (isMet(write.condition, old)) return { Code: 'None' };
  const reason: CancellationReason = {
    Code: 'ConditionalCheckFailed',
    Message: 'The conditional request failed',
  };
  return write.returnsOld && old ? { ...reason, Item: old } : reason;
}

function faultOf(write: Write): string | undefined {
  try {
    write.table.checkItem(write.item);
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

function cancelled(reasons: CancellationReason[]): WireError {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return new WireError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { fields: { CancellationReasons: reasons } },
  );
}

function apply(write: Write): void {
  if (write.kind === 'put') write.table.put(write.item);
  if (write.kind === 'delete') write.table.delete(write.item);
}
