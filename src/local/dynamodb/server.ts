import type { z } from 'zod';
import { type Clock, type RunningServer, type ServerHooks, startServer } from '../http-server.ts';
import { jsonProtocol, readInput, WireError } from '../json-protocol.ts';
import { type ConditionFields, isMet, parseCondition } from './condition.ts';
import { conditionFailed, validationError } from './error.ts';
import { runQuery } from './query.ts';
import * as requests from './requests.ts';
import { describe, toTableSchema } from './schema.ts';
import { Table } from './table.ts';
import { checkDistinct, checkLength, Transactions, transactItemsMax } from './transactions.ts';
import type { Item } from './values.ts';

// The DynamoDB API reference, BatchGetItem: 100 items.
const batchGetItemsMax = 100;

/**
 * DynamoDB on loopback, in memory, as far as the job store uses it: single items, queries, batch reads and
 * transactions, with conditions. It has no UpdateItem, no scans, no expiry by TTL, and reads are always
 * consistent. Everything else is refused by name.
 */
export async function startDynamoDb(hooks: ServerHooks): Promise<RunningServer> {
  const protocol = jsonProtocol({
    target: 'DynamoDB_20120810',
    namespace: 'com.amazonaws.dynamodb.v20120810',
    operations: operationsOf(new Database(hooks.clock)),
    errors: {
      throttle: new WireError(
        'ThrottlingException',
        'Throughput exceeds the current capacity of your table or index. Please retry.',
      ),
      'internal-error': new WireError('InternalServerError', 'Internal server error', { status: 500 }),
      'request-too-large': new WireError('RequestEntityTooLargeException', 'The request is too large', {
        status: 413,
      }),
    },
  });
  return startServer({ ...hooks, name: 'dynamodb', ...protocol });
}

function operationsOf(database: Database) {
  return {
    CreateTable: takes(requests.createTable, (input) => database.createTable(input)),
    DescribeTable: takes(requests.describeTable, (input) => database.describeTable(input)),
    PutItem: takes(requests.putItem, (input) => database.putItem(input)),
    GetItem: takes(requests.getItem, (input) => database.getItem(input)),
    DeleteItem: takes(requests.deleteItem, (input) => database.deleteItem(input)),
    Query: takes(requests.query, (input) => runQuery(database.table(input.TableName), input)),
    BatchGetItem: takes(requests.batchGetItem, (input) => database.batchGetItem(input)),
    TransactGetItems: takes(requests.transactGetItems, (input) => database.transactGetItems(input)),
    TransactWriteItems: takes(requests.transactWriteItems, (input) => database.transactWriteItems(input)),
  };
}

function takes<S extends z.ZodType>(
  schema: S,
  run: (input: z.output<S>) => unknown,
): (input: unknown) => unknown {
  return (input) => run(readInput(schema, input, validationError));
}

class Database {
  readonly #clock: Clock;
  readonly #tables = new Map<string, Table>();
  readonly #transactions: Transactions;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#transactions = new Transactions(clock);
  }

  table(name: string): Table {
    const table = this.#tables.get(name);
    if (table) return table;
    throw new WireError('ResourceNotFoundException', 'Requested resource not found');
  }

  createTable(input: z.output<typeof requests.createTable>) {
    if (this.#tables.has(input.TableName)) {
      throw new WireError('ResourceInUseException', `Table already exists: ${input.TableName}`);
    }
    const table = new Table(toTableSchema(input), this.#clock.now());
    this.#tables.set(input.TableName, table);
    return { TableDescription: describe(table) };
  }

  describeTable(input: z.output<typeof requests.describeTable>) {
    return { Table: describe(this.table(input.TableName)) };
  }

  putItem(input: z.output<typeof requests.putItem>) {
    const table = this.table(input.TableName);
    table.checkItem(input.Item);
    const old = checkCondition(table, input.Item, input);
    table.put(input.Item);
    return oldItem(old, input.ReturnValues);
  }

  deleteItem(input: z.output<typeof requests.deleteItem>) {
    const table = this.table(input.TableName);
    table.checkKey(input.Key);
    const old = checkCondition(table, input.Key, input);
    table.delete(input.Key);
    return oldItem(old, input.ReturnValues);
  }

  getItem(input: z.output<typeof requests.getItem>) {
    return this.#read(input.TableName, input.Key);
  }

  batchGetItem(input: z.output<typeof requests.batchGetItem>) {
    const wanted = Object.entries(input.RequestItems);
    checkLength(
      'requestItems',
      wanted.reduce((sum, [, { Keys }]) => sum + Keys.length, 0),
      batchGetItemsMax,
    );
    const found = wanted.map(([name, { Keys }]) => {
      const table = this.table(name);
      if (new Set(Keys.map((key) => table.keyText(key))).size !== Keys.length) {
        throw validationError('Provided list of item keys contains duplicates');
      }
      return [name, Keys.map((key) => this.#read(name, key).Item).filter((item) => item !== undefined)];
    });
    return { Responses: Object.fromEntries(found), UnprocessedKeys: {} };
  }

  transactGetItems(input: z.output<typeof requests.transactGetItems>) {
    checkLength('transactItems', input.TransactItems.length, transactItemsMax);
    const gets = input.TransactItems.map(({ Get }) => Get);
    const responses = gets.map((get) => this.#read(get.TableName, get.Key));
    checkDistinct(gets.map((get) => ({ table: this.table(get.TableName), item: get.Key })));
    return { Responses: responses };
  }

  transactWriteItems(input: z.output<typeof requests.transactWriteItems>) {
    this.#transactions.write(input.TransactItems, input.ClientRequestToken, (name) => this.table(name));
    return {};
  }

  #read(tableName: string, key: Item): { Item?: Item } {
    const table = this.table(tableName);
    table.checkKey(key);
    const item = table.get(key);
    return item ? { Item: item } : {};
  }
}

type WriteFields = ConditionFields & { ReturnValuesOnConditionCheckFailure?: 'NONE' | 'ALL_OLD' | undefined };

// Returns the item as it was; throws ConditionalCheckFailedException.
function checkCondition(table: Table, key: Item, fields: WriteFields): Item | undefined {
  const old = table.get(key);
  if (isMet(parseCondition(fields), old)) return old;
  throw conditionFailed(fields.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? old : undefined);
}

function oldItem(old: Item | undefined, returnValues: 'NONE' | 'ALL_OLD' | undefined): { Attributes?: Item } {
  return old && returnValues === 'ALL_OLD' ? { Attributes: old } : {};
}
