import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/local/http-server.ts';
import { failureOf } from './clients.ts';
import { type Database, startDatabase, TableName } from './dynamodb-support.ts';

type Writes = NonNullable<TransactWriteCommandInput['TransactItems']>;

const lockKey = { pk: 'CHECKPOINT#x', sk: 'LOCK' };
const recordKey = { pk: 'JOB#a', sk: 'RECORD' };

const put = (item: Record<string, unknown>, more: object = {}) => ({
  Put: { TableName, Item: item, ...more },
});

function write(database: Database, items: Writes, token?: string) {
  return database.documents.send(
    new TransactWriteCommand({ TransactItems: items, ClientRequestToken: token }),
  );
}

async function read(database: Database, key: Record<string, unknown>) {
  return (await database.documents.send(new GetCommand({ TableName, Key: key, ConsistentRead: true }))).Item;
}

describe('transactions in the local DynamoDB', () => {
  it('puts, deletes and checks together', async () => {
    const database = await startDatabase();
    await database.put({ ...lockKey, rev: 1 });
    await database.put({ pk: 'GRANT', sk: '1' });

    await write(database, [
      put({ ...recordKey, version: 1 }, { ConditionExpression: 'attribute_not_exists(pk)' }),
      { Delete: { TableName, Key: { pk: 'GRANT', sk: '1' }, ConditionExpression: 'attribute_exists(pk)' } },
      {
        ConditionCheck: {
          TableName,
          Key: lockKey,
          ConditionExpression: 'rev = :seen AND attribute_not_exists(#lock.claim)',
          ExpressionAttributeNames: { '#lock': 'lock' },
          ExpressionAttributeValues: { ':seen': 1 },
        },
      },
    ]);

    expect(await read(database, recordKey)).toEqual({ ...recordKey, version: 1 });
    expect(await read(database, { pk: 'GRANT', sk: '1' })).toBeUndefined();
    expect(await read(database, lockKey)).toEqual({ ...lockKey, rev: 1 });
  });

  it('does nothing when one condition fails, and gives a reason for each item', async () => {
    const database = await startDatabase();
    await database.put({ ...lockKey, rev: 2 });

    const failure = await failureOf(
      write(database, [
        put({ ...recordKey, version: 1 }),
        put(
          { ...lockKey, rev: 2 },
          {
            ConditionExpression: 'rev = :seen',
            ExpressionAttributeValues: { ':seen': 1 },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        ),
      ]),
    );

    expect(failure).toBeInstanceOf(TransactionCanceledException);
    expect(failure.message).toBe(
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
    );
    expect(failure.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { pk: { S: lockKey.pk }, sk: { S: lockKey.sk }, rev: { N: '2' } },
      },
    ]);
    expect(await read(database, recordKey)).toBeUndefined();
  });

  it('gives an item it cannot store as the reason of the cancellation', async () => {
    const database = await startDatabase();

    const failure = await failureOf(write(database, [put({ ...recordKey, dueAtMs: 'soon', dueShard: 'a' })]));

    expect(failure.CancellationReasons).toMatchObject([{ Code: 'ValidationError' }]);
  });
});

describe('transactions that the local DynamoDB refuses', () => {
  it('refuses to touch one item twice', async () => {
    const database = await startDatabase();

    const failure = await failureOf(
      write(database, [put(recordKey), { Delete: { TableName, Key: recordKey } }]),
    );

    expect(failure).toMatchObject({
      name: 'ValidationException',
      message: 'Transaction request cannot include multiple operations on one item',
    });
  });

  it('takes 100 items and refuses 101', async () => {
    const database = await startDatabase();
    const items = Array.from({ length: 101 }, (_, index) => put({ pk: 'many', sk: String(index) }));

    await write(database, items.slice(0, 100));
    const failure = await failureOf(write(database, items));

    expect(failure.message).toMatch(
      /'transactItems' failed to satisfy constraint.* less than or equal to 100/,
    );
  });
});

describe('client request tokens in the local DynamoDB', () => {
  const once = put(recordKey, { ConditionExpression: 'attribute_not_exists(pk)' });

  it('answers a repeated transaction without doing it again, for ten minutes of the clock', async () => {
    const database = await startDatabase();
    await write(database, [once], 'token-1');

    database.clock.advance(10 * 60_000 - 1);
    await write(database, [once], 'token-1');
    database.clock.advance(1);
    const failure = await failureOf(write(database, [once], 'token-1'));

    expect(failure.name).toBe('TransactionCanceledException');
  });

  it('refuses the token with other items', async () => {
    const database = await startDatabase();
    await write(database, [once], 'token-1');

    const failure = await failureOf(write(database, [put({ pk: 'other', sk: 'x' })], 'token-1'));

    expect(failure.name).toBe('IdempotentParameterMismatchException');
    expect(await read(database, { pk: 'other', sk: 'x' })).toBeUndefined();
  });

  it('forgets the token of a transaction that was cancelled', async () => {
    const database = await startDatabase();
    await database.put(recordKey);

    await failureOf(write(database, [once], 'token-1'));
    await write(database, [put(lockKey)], 'token-1');

    expect(await read(database, lockKey)).toEqual(lockKey);
  });

  it('refuses a token of more than 36 characters', async () => {
    const database = await startDatabase();

    expect((await failureOf(write(database, [once], 'x'.repeat(37)))).message).toMatch(
      /'clientRequestToken'/,
    );
  });

  it('makes a lost answer harmless', async () => {
    const faults: { next?: Fault } = {};
    const database = await startDatabase(faults);

    faults.next = { kind: 'reset-after' };
    await failureOf(write(database, [once], 'token-1'));
    delete faults.next;
    await write(database, [once], 'token-1');

    expect(await read(database, recordKey)).toEqual(recordKey);
  });
});
