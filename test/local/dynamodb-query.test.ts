import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { failureOf } from './clients.ts';
import { type Database, startDatabase, TableName } from './dynamodb-support.ts';

type Input = Omit<QueryCommandInput, 'TableName'>;

const ofPartition = (pk: string): Input => ({
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': pk },
});

const dueBefore = (ms: number): Input => ({
  IndexName: 'due',
  KeyConditionExpression: '#shard = :shard AND dueAtMs <= :now',
  ExpressionAttributeNames: { '#shard': 'dueShard' },
  ExpressionAttributeValues: { ':shard': 'due#3', ':now': ms },
});

function query(database: Database, input: Input) {
  return database.documents.send(new QueryCommand({ TableName, ...input }));
}

async function pages(database: Database, input: Input): Promise<unknown[][]> {
  const found: unknown[][] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await query(database, { ...input, ExclusiveStartKey: start });
    found.push((page.Items ?? []).map((item) => item.sk));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return found;
}

async function withRuns(): Promise<Database> {
  const database = await startDatabase();
  for (const sk of ['RUN#2', 'RECORD', 'RUN#10', 'RUN#1']) await database.put({ pk: 'JOB#a', sk });
  await database.put({ pk: 'JOB#b', sk: 'RUN#1' });
  return database;
}

describe('queries of a partition', () => {
  it('finds its items in the order of their sort keys', async () => {
    const database = await withRuns();

    expect(await pages(database, ofPartition('JOB#a'))).toEqual([['RECORD', 'RUN#1', 'RUN#10', 'RUN#2']]);
    expect(await pages(database, { ...ofPartition('JOB#a'), ScanIndexForward: false })).toEqual([
      ['RUN#2', 'RUN#10', 'RUN#1', 'RECORD'],
    ]);
  });

  it('finds only sort keys with the prefix it is given', async () => {
    const database = await withRuns();

    const page = await query(database, {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :run)',
      ExpressionAttributeValues: { ':pk': 'JOB#a', ':run': 'RUN#1' },
      ConsistentRead: true,
    });

    expect(page.Items).toEqual([
      { pk: 'JOB#a', sk: 'RUN#1' },
      { pk: 'JOB#a', sk: 'RUN#10' },
    ]);
    expect(page.Count).toBe(2);
  });

  it('goes from page to page, forwards and backwards, with a last page that may be empty', async () => {
    const database = await withRuns();
    const two = { ...ofPartition('JOB#a'), Limit: 2 };

    expect(await pages(database, two)).toEqual([['RECORD', 'RUN#1'], ['RUN#10', 'RUN#2'], []]);
    expect(await pages(database, { ...two, Limit: 3, ScanIndexForward: false })).toEqual([
      ['RUN#2', 'RUN#10', 'RUN#1'],
      ['RECORD'],
    ]);
  });

  it('ends a page behind one megabyte', async () => {
    const database = await startDatabase();
    for (const sk of ['1', '2', '3', '4']) {
      await database.put({ pk: 'big', sk, text: 'x'.repeat(350 * 1024) });
    }

    expect(await pages(database, ofPartition('big'))).toEqual([['1', '2', '3'], ['4']]);
  });
});

describe('queries of the due index', () => {
  it('finds what is due by number, earliest first, and heeds updates and deletes', async () => {
    const database = await startDatabase();
    const due = (sk: string, dueAtMs: number, dueShard = 'due#3') =>
      database.put({ pk: 'J', sk, dueShard, dueAtMs });
    await due('late', 1000);
    await due('soon', 99);
    await due('sooner', 5);
    await due('moved', 7);
    await due('moved', 2000);
    await due('elsewhere', 6, 'due#4');
    await database.put({ pk: 'J', sk: 'never' });

    expect(await pages(database, dueBefore(1000))).toEqual([['sooner', 'soon', 'late']]);
    expect(await pages(database, dueBefore(99))).toEqual([['sooner', 'soon']]);
  });

  it('goes through items with the same due time page by page, missing none', async () => {
    const database = await startDatabase();
    for (const pk of ['a', 'b', 'c', 'd', 'e']) {
      await database.put({ pk, sk: pk, dueShard: 'due#3', dueAtMs: 50 });
    }

    expect(await pages(database, { ...dueBefore(50), Limit: 2 })).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('names the keys of index and table in LastEvaluatedKey', async () => {
    const database = await startDatabase();
    const item = { pk: 'a', sk: 'b', dueShard: 'due#3', dueAtMs: 50 };
    await database.put({ ...item, more: 'x' });

    const page = await query(database, { ...dueBefore(50), Limit: 1 });

    expect(page.LastEvaluatedKey).toEqual(item);
  });
});

describe('queries that are refused', () => {
  it.each([
    {
      case: 'a consistent read of an index',
      input: { ...dueBefore(1), ConsistentRead: true },
      message: /Consistent reads are not supported on global secondary indexes/,
    },
    {
      case: 'an index that is not there',
      input: { ...dueBefore(1), IndexName: 'none' },
      message: /does not have the specified index: none/,
    },
    {
      case: 'no partition key',
      input: { KeyConditionExpression: 'sk = :sk', ExpressionAttributeValues: { ':sk': 'a' } },
      message: /missed key schema element: pk/,
    },
    {
      case: 'a condition on another attribute',
      input: { KeyConditionExpression: 'pk = :a AND job = :a', ExpressionAttributeValues: { ':a': 'a' } },
      message: /key condition not supported/,
    },
    {
      case: 'a disjunction',
      input: { KeyConditionExpression: 'pk = :a OR sk = :a', ExpressionAttributeValues: { ':a': 'a' } },
      message: /Invalid operator used in KeyConditionExpression/,
    },
    {
      case: 'a key of another type',
      input: { KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': 1 } },
      message: /Condition parameter type does not match schema type/,
    },
    {
      case: 'a start key that is no key',
      input: { ...ofPartition('a'), ExclusiveStartKey: { pk: 'a' } },
      message: /The provided starting key is invalid/,
    },
    {
      case: 'a filter',
      input: { ...ofPartition('a'), FilterExpression: 'x = :pk' },
      message: /does not support the parameter FilterExpression/,
    },
  ])('$case', async ({ input, message }) => {
    const database = await startDatabase();

    const failure = await failureOf(query(database, input));

    expect(failure).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
  });
});
