import { describe, expect, it, onTestFinished } from 'vitest';
import { DynamoDbJobStore } from '../../src/aws/dynamodb-job-store.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { Clock } from '../../src/control/ports.ts';
import { startDynamoDb } from '../../src/local/dynamodb/server.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { openDynamoDb } from '../contract/dynamodb.ts';
import { keyOf, newScope, note, readOne } from '../contract/items.ts';
import { clientsOf, failing, type Step, scripted } from './scripted-server.ts';

const item = note('TEST#1', 'A');
const wire = {
  pk: { S: 'TEST#1' },
  sk: { S: 'A' },
  kind: { S: 'pace' },
  schema: { N: '1' },
  rev: { N: '1' },
};

async function storeWith(steps: readonly Step[], clock: Clock = systemClock) {
  const server = await scripted(...steps);
  const client = clientsOf(server, { retries: 'none' }).dynamodb;
  return { server, store: new DynamoDbJobStore({ client, table: 'checkpilot', clock }) };
}

function found(rows: readonly object[], unprocessed: readonly object[] = []): Step {
  const UnprocessedKeys = unprocessed.length > 0 ? { checkpilot: { Keys: unprocessed } } : {};
  return { status: 200, body: { Responses: { checkpilot: rows }, UnprocessedKeys } };
}

function cancelled(...codes: readonly string[]): Step {
  return failing('TransactionCanceledException', {
    body: { CancellationReasons: codes.map((Code) => ({ Code })) },
  });
}

describe('read', () => {
  it('asks consistently, once for a key that is named twice', async () => {
    const { server, store } = await storeWith([found([wire])]);
    const read = await store.read([keyOf(item), keyOf(item)]);
    expect(read).toMatchObject({ ok: true, value: { items: [{ rev: 1 }, { rev: 1 }] } });
    expect(JSON.parse(server.requests[0]?.body ?? '').RequestItems.checkpilot).toEqual({
      ConsistentRead: true,
      Keys: [{ pk: wire.pk, sk: wire.sk }],
    });
  });

  it('asks again for unprocessed keys, waits in between, and gives up after five rounds', async () => {
    const waitsMs: number[] = [];
    const clock = { now: () => Date.now(), sleep: async (ms: number) => void waitsMs.push(ms) };
    const key = { pk: wire.pk, sk: wire.sk };
    const once = await storeWith([found([], [key]), found([wire])], clock);
    expect(await once.store.read([keyOf(item)])).toMatchObject({ ok: true, value: { items: [{ rev: 1 }] } });
    const never = await storeWith([found([], [key])], clock);
    expect(await never.store.read([keyOf(item)])).toMatchObject({ ok: false, code: 'throttled' });
    expect(never.server.requests).toHaveLength(5);
    expect(waitsMs).toEqual([100, 100, 200, 400, 800]);
  });

  it.each(['kind', 'rev', 'schema'])(
    'is malformed for an item without %s and names its key',
    async (field) => {
      const { store } = await storeWith([found([{ ...wire, [field]: undefined }])]);
      const said = { ok: false, code: 'malformed', message: expect.stringMatching(`TEST#1 / A: ${field}`) };
      expect(await store.read([keyOf(item)])).toMatchObject(said);
    },
  );

  it('is malformed when the answer has no date', async () => {
    const { store } = await storeWith([{ status: 200, body: { Responses: {} }, dateMs: 'none' }]);
    expect(await store.read([keyOf(item)])).toMatchObject({ ok: false, code: 'malformed' });
  });

  it('throws when DynamoDB calls the request wrong, and answers when it is down', async () => {
    const wrong = await storeWith([failing('ValidationException')]);
    await expect(wrong.store.read([keyOf(item)])).rejects.toThrow();
    const down = await storeWith([failing('InternalServerError', { status: 500 })]);
    expect(await down.store.list('TEST#1', { limit: 1 })).toMatchObject({ ok: false, code: 'unavailable' });
    const slow = await storeWith([failing('ProvisionedThroughputExceededException')]);
    expect(await slow.store.due(1, { beforeMs: 1, limit: 1 })).toMatchObject({
      ok: false,
      code: 'throttled',
    });
  });
});

describe('what a failed commit means', () => {
  const two = [
    { put: item, seenRev: 'absent' },
    { delete: { pk: 'TEST#1', sk: 'B' }, seenRev: 1 },
  ] as const;

  it.each<[string, Step, string]>([
    ['a failed condition', cancelled('None', 'ConditionalCheckFailed'), 'conflict'],
    ['a collision', cancelled('TransactionConflict', 'None'), 'conflict'],
    [
      'a failed condition beside a throttle',
      cancelled('ThrottlingError', 'ConditionalCheckFailed'),
      'conflict',
    ],
    ['a throttle inside the transaction', cancelled('ThrottlingError', 'None'), 'unavailable'],
    ['a throttle', failing('ThrottlingException'), 'unavailable'],
    ['a transaction in progress', failing('TransactionInProgressException'), 'unavailable'],
    ['a 500', failing('InternalServerError', { status: 500 }), 'unavailable'],
    ['a time-out', 'hang', 'unavailable'],
    ['a lost connection', 'reset', 'unavailable'],
  ])('%s is answered well', async (_case, step, kind) => {
    const { store } = await storeWith([step]);
    expect((await store.commit(two)).kind).toBe(kind);
  });

  it.each<[string, Step]>([
    ['the request is wrong', failing('ValidationException')],
    ['a reason says that a write is wrong', cancelled('ValidationError', 'None')],
    ['a token was used for other writes', failing('IdempotentParameterMismatchException')],
  ])('throws when %s, which is a slip of ours', async (_case, step) => {
    const { store } = await storeWith([step]);
    await expect(store.commit(two)).rejects.toThrow();
  });

  it('is a conflict for a single write that collides with a transaction', async () => {
    const { store } = await storeWith([failing('TransactionConflictException')]);
    expect(await store.commit([two[0]])).toEqual({ kind: 'conflict' });
  });

  it('leaves a collision open after a time-out, because the first attempt may still arrive', async () => {
    const server = await scripted('hang', cancelled('TransactionConflict', 'None'));
    const client = clientsOf(server).dynamodb;
    const store = new DynamoDbJobStore({ client, table: 'checkpilot', clock: systemClock });
    expect((await store.commit(two)).kind).toBe('unavailable');
    const tokens = server.requests.map((one) => JSON.parse(one.body).ClientRequestToken);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(tokens[1]).toBe(tokens[0]);
  });
});

describe('a commit whose answer is lost after it took effect', () => {
  async function storeThatLoses(operation: string) {
    let isLost = false;
    const fault = (call: { operation: string }): Fault | undefined => {
      if (isLost || call.operation !== operation) return undefined;
      isLost = true;
      return { kind: 'reset-after' };
    };
    const server = await startDynamoDb({ clock: systemClock, fault });
    const opened = await openDynamoDb(server.url, () => server.close());
    onTestFinished(() => opened.close());
    return opened.store;
  }

  it('is committed for a transaction, which the SDK sends again under the same token', async () => {
    const store = await storeThatLoses('TransactWriteItems');
    const [a, b] = [note(newScope(), 'A'), note(newScope(), 'B')];
    const answer = await store.commit([
      { put: a, seenRev: 'absent' },
      { put: b, seenRev: 'absent' },
    ]);
    expect(answer).toEqual({ kind: 'committed' });
    expect(await readOne(store, b)).toEqual(b);
  });

  it('is left open for a single write: its retry meets its own work', async () => {
    const store = await storeThatLoses('PutItem');
    const a = note(newScope(), 'A');
    expect((await store.commit([{ put: a, seenRev: 'absent' }])).kind).toBe('unavailable');
    expect(await readOne(store, a)).toEqual(a);
  });
});
