import {
  DescribeTableCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  TransactGetCommand,
} from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/local/http-server.ts';
import { failureOf } from './clients.ts';
import { createTable, startDatabase, TableName } from './dynamodb-support.ts';

const Key = { pk: 'JOB#orders', sk: 'RECORD' };

describe('single items in the local DynamoDB', () => {
  it('gives back what was put, in every type', async () => {
    const { documents, put } = await startDatabase();
    const item = {
      ...Key,
      version: 7,
      ratio: 0.25,
      flags: { on: true, off: false, none: null },
      list: ['a', 1, { b: 'c' }],
      tags: new Set(['x', 'y']),
      bytes: new Uint8Array([1, 2, 255]),
      text: 'ü😀',
    };

    await put(item);
    const { Item } = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));

    expect(Item).toEqual(item);
  });

  it('has no item under a key that was deleted or never put', async () => {
    const { documents, put } = await startDatabase();
    await put({ ...Key, version: 1 });

    const deleted = await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: 'ALL_OLD' }));

    expect(deleted.Attributes).toEqual({ ...Key, version: 1 });
    expect((await documents.send(new GetCommand({ TableName, Key }))).Item).toBeUndefined();
  });

  it('reads several items at once, and leaves out those that are not there', async () => {
    const { documents, put } = await startDatabase();
    await put({ ...Key, version: 1 });
    const other = { pk: 'JOB#other', sk: 'RECORD' };

    const batch = await documents.send(
      new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [other, Key], ConsistentRead: true } } }),
    );
    const together = await documents.send(
      new TransactGetCommand({
        TransactItems: [other, Key].map((key) => ({ Get: { TableName, Key: key } })),
      }),
    );

    expect(batch.Responses).toEqual({ [TableName]: [{ ...Key, version: 1 }] });
    expect(batch.UnprocessedKeys).toEqual({});
    expect(together.Responses?.map((response) => response.Item)).toEqual([undefined, { ...Key, version: 1 }]);
  });

  it('describes its table', async () => {
    const { client, put, clock } = await startDatabase();
    await put({ ...Key });

    const { Table } = await client.send(new DescribeTableCommand({ TableName }));

    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      ItemCount: 1,
      CreationDateTime: new Date(clock.now()),
      KeySchema: createTable.input.KeySchema,
      GlobalSecondaryIndexes: [{ IndexName: 'due', IndexStatus: 'ACTIVE' }],
    });
  });
});

describe('what the local DynamoDB refuses', () => {
  it.each([
    { case: 'without its sort key', item: { pk: 'a' }, message: /Missing the key sk in the item/ },
    {
      case: 'with a key of another type',
      item: { pk: 'a', sk: 1 },
      message: /Type mismatch for key sk expected: S actual: N/,
    },
    {
      case: 'with an empty key',
      item: { pk: '', sk: 'b' },
      message: /cannot contain an empty string value. Key: pk/,
    },
    {
      case: 'with an index key of another type',
      item: { pk: 'a', sk: 'b', dueAtMs: '5' },
      message: /Index Key dueAtMs Expected: N Actual: S/,
    },
    {
      case: 'of more than 400 KB',
      item: { pk: 'a', sk: 'b', text: 'x'.repeat(400 * 1024) },
      message: /Item size has exceeded/,
    },
  ])('an item $case', async ({ item, message }) => {
    const { put } = await startDatabase();

    const failure = await failureOf(put(item));

    expect(failure).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
  });

  it('a key that is not the key of the table', async () => {
    const { documents } = await startDatabase();

    const failure = await failureOf(documents.send(new GetCommand({ TableName, Key: { pk: 'a' } })));

    expect(failure.message).toBe('The provided key element does not match the schema');
  });

  it('a batch with the same key twice', async () => {
    const { documents } = await startDatabase();
    const read = new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [Key, Key] } } });

    expect((await failureOf(documents.send(read))).message).toMatch(/contains duplicates/);
  });

  it('a table that is not there, and one that is there already', async () => {
    const { client } = await startDatabase();

    const missing = await failureOf(client.send(new DescribeTableCommand({ TableName: 'none' })));
    const twice = await failureOf(client.send(createTable));

    expect([missing.name, twice.name]).toEqual(['ResourceNotFoundException', 'ResourceInUseException']);
  });

  it('operations and parameters it does not know, by name', async () => {
    const { client } = await startDatabase();
    const key = { pk: { S: 'a' }, sk: { S: 'b' } };

    const scan = await failureOf(client.send(new ScanCommand({ TableName })));
    const update = await failureOf(client.send(new UpdateItemCommand({ TableName, Key: key })));
    const parameter = await failureOf(
      client.send(new PutItemCommand({ TableName, Item: key, ReturnConsumedCapacity: 'TOTAL' })),
    );

    expect(scan).toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringMatching(/support Scan;/),
    });
    expect(update.message).toMatch(/does not support UpdateItem;/);
    expect(parameter.message).toBe('the local server does not support the parameter ReturnConsumedCapacity');
  });

  it.each([
    { body: '{"TableName":', type: 'SerializationException' },
    { body: '{"TableName":5}', type: 'ValidationException' },
    { body: '[]', type: 'ValidationException' },
    {
      body: '{"TableName":"checkpilot","Key":{"pk":{"S":"a","N":"1"},"sk":{"S":"b"}}}',
      type: 'ValidationException',
    },
    { body: '{"TableName":"checkpilot","Key":{"pk":null,"sk":{"Q":1}}}', type: 'ValidationException' },
  ])('the malformed body $body', async ({ body, type }) => {
    const { url } = await startDatabase();

    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' },
      body,
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: `com.amazonaws.dynamodb.v20120810#${type}` });
  });
});

describe('faults of the local DynamoDB', () => {
  it.each([
    { kind: 'throttle', name: 'ThrottlingException', isStored: false },
    { kind: 'internal-error', name: 'InternalServerError', isStored: false },
    { kind: 'reset-before', name: 'TimeoutError', isStored: false },
    { kind: 'reset-after', name: 'TimeoutError', isStored: true },
  ] as const)(
    'on $kind the caller sees $name and the item is stored: $isStored',
    async ({ kind, name, isStored }) => {
      const faults: { next?: Fault } = {};
      const { documents } = await startDatabase(faults);

      faults.next = { kind };
      const failure = await failureOf(documents.send(new PutCommand({ TableName, Item: Key })));
      delete faults.next;

      expect(failure.name).toBe(name);
      const { Item } = await documents.send(new GetCommand({ TableName, Key }));
      expect(Item !== undefined).toBe(isStored);
    },
  );
});
