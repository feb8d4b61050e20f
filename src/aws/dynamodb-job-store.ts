import { randomUUID } from 'node:crypto';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Item, ItemKey } from '../control/items.ts';
import type { Answer, Clock, Failure, JobStore, Write } from '../control/ports.ts';
import { watchAttempts } from './attempts.ts';
import { commitOutcome, isRefusedCommit, readFailure } from './dynamodb-errors.ts';
import { parseItem } from './dynamodb-items.ts';
import { malformed } from './failures.ts';
import type { Permissions } from './permissions.ts';

// Limits of the service (API reference of BatchGetItem and TransactWriteItems).
const batchKeysMax = 100;
const transactionWritesMax = 100;

// Unprocessed keys are a throttle in other words: five rounds are about 1.5 s with the waits between them.
const batchRoundsMax = 5;
const batchWaitMs = 50;

// A page holds 1 MB. Our items are 32 KB at most but for launches, and limits are in the hundreds.
const queryPagesMax = 50;

/**
 * The single table in DynamoDB: items as they are, keys `pk` and `sk`, index `due` (hash `dueShard`, range
 * `dueAtMs`, keys suffice). Throws when DynamoDB calls a request of ours wrong.
 */
export class DynamoDbJobStore implements JobStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(options: {
    readonly client: DynamoDBDocumentClient;
    readonly table: string;
    readonly clock: Clock;
  }) {
    this.#client = options.client;
    this.#table = options.table;
    this.#clock = options.clock;
  }

  async read(
    keys: readonly ItemKey[],
  ): Promise<Answer<{ items: readonly (Item | undefined)[]; dateMs: number }>> {
    if (keys.length === 0) throw new Error('a read asks for one key at least');
    // The service refuses a key that is named twice.
    const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
    const found = new Map<string, Item>();
    let dateMs: number | undefined;
    for (let from = 0; from < distinct.length; from += batchKeysMax) {
      const batch = await this.#readBatch(distinct.slice(from, from + batchKeysMax), found);
      if (!batch.ok) return batch;
      dateMs ??= batch.value.dateMs;
    }
    if (dateMs === undefined) return malformed('BatchGetItem: the answer has no Date header');
    return { ok: true, value: { items: keys.map((key) => found.get(nameOf(key))), dateMs } };
  }

  async commit(writes: readonly Write[]): ReturnType<JobStore['commit']> {
    const [first, ...more] = writes;
    if (first === undefined) return { kind: 'committed' };
    if (writes.length > transactionWritesMax)
      throw new Error(`a commit has at most ${transactionWritesMax} writes`);
    // One write alone costs half of a transaction. What it lacks is the token: see commitOutcome.
    return more.length === 0 ? this.#commitOne(first) : this.#commitAll(writes);
  }

  async list(
    pk: string,
    options: { limit: number; skPrefix?: string; newestFirst?: boolean },
  ): Promise<Answer<readonly Item[]>> {
    const { limit, skPrefix = '', newestFirst = false } = options;
    const rows = await this.#query(limit, {
      ConsistentRead: true,
      KeyConditionExpression: skPrefix === '' ? '#pk = :pk' : '#pk = :pk AND begins_with(#sk, :prefix)',
      ExpressionAttributeNames: skPrefix === '' ? { '#pk': 'pk' } : { '#pk': 'pk', '#sk': 'sk' },
      ExpressionAttributeValues: skPrefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': skPrefix },
      ScanIndexForward: !newestFirst,
    });
    if (!rows.ok) return rows;
    const items: Item[] = [];
    for (const row of rows.value) {
      const item = parseItem(row);
      if (!item.ok) return item;
      items.push(item.value);
    }
    return { ok: true, value: items };
  }

  async due(shard: number, options: { beforeMs: number; limit: number }): Promise<Answer<readonly string[]>> {
    const rows = await this.#query(options.limit, {
      IndexName: 'due',
      KeyConditionExpression: '#shard = :shard AND #at <= :before',
      ExpressionAttributeNames: { '#shard': 'dueShard', '#at': 'dueAtMs' },
      ExpressionAttributeValues: { ':shard': `DUE#${shard}`, ':before': options.beforeMs },
    });
    if (!rows.ok) return rows;
    const jobs: string[] = [];
    for (const { pk, sk } of rows.value) {
      // From the key, which an index always has, whatever else it projects.
      const job = /^JOB#(.+)$/s.exec(String(pk))?.[1];
      if (job === undefined || sk !== 'RECORD') return malformed(`index due: ${pk} / ${sk} is no job record`);
      jobs.push(job);
    }
    return { ok: true, value: jobs };
  }

  async #readBatch(
    keys: readonly ItemKey[],
    found: Map<string, Item>,
  ): Promise<Answer<{ dateMs: number | undefined }>> {
    let wanted: readonly object[] = keys.map(({ pk, sk }) => ({ pk, sk }));
    let dateMs: number | undefined;
    for (let round = 0; round < batchRoundsMax; round += 1) {
      if (round > 0) await this.#clock.sleep(batchWaitMs * 2 ** round);
      const command = new BatchGetCommand({
        RequestItems: { [this.#table]: { Keys: [...wanted], ConsistentRead: true } },
      });
      const attempts = watchAttempts(command);
      try {
        const answer = await this.#client.send(command);
        const failure = keep(answer.Responses?.[this.#table] ?? [], found);
        if (failure) return failure;
        dateMs ??= attempts.dateMs;
        wanted = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
      } catch (error) {
        return readFailure(error);
      }
      if (wanted.length === 0) return { ok: true, value: { dateMs } };
    }
    return {
      ok: false,
      code: 'throttled',
      message: `${wanted.length} keys unprocessed after ${batchRoundsMax} rounds`,
    };
  }

  async #commitOne(write: Write): ReturnType<JobStore['commit']> {
    const target = { TableName: this.#table, ...conditionOf(write.seenRev) };
    const command =
      'put' in write
        ? new PutCommand({ ...target, Item: write.put })
        : new DeleteCommand({ ...target, Key: { pk: write.delete.pk, sk: write.delete.sk } });
    const attempts = watchAttempts(command, { isRefusal: isRefusedCommit });
    try {
      await this.#client.send(command as PutCommand);
      return { kind: 'committed' };
    } catch (error) {
      return commitOutcome(error, { isUnclear: attempts.unclear > 0, hasToken: false });
    }
  }

  async #commitAll(writes: readonly Write[]): ReturnType<JobStore['commit']> {
    const command = new TransactWriteCommand({
      // The same for all attempts of this call: a retry of one that took effect answers "done".
      ClientRequestToken: randomUUID(),
      TransactItems: writes.map((write) => {
        const target = { TableName: this.#table, ...conditionOf(write.seenRev) };
        if ('put' in write) return { Put: { ...target, Item: write.put } };
        return { Delete: { ...target, Key: { pk: write.delete.pk, sk: write.delete.sk } } };
      }),
    });
    const attempts = watchAttempts(command, { isRefusal: isRefusedCommit });
    try {
      await this.#client.send(command);
      return { kind: 'committed' };
    } catch (error) {
      return commitOutcome(error, { isUnclear: attempts.unclear > 0, hasToken: true });
    }
  }

  async #query(
    limit: number,
    input: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<Answer<Record<string, unknown>[]>> {
    const rows: Record<string, unknown>[] = [];
    let from: Record<string, unknown> | undefined;
    for (let page = 0; page < queryPagesMax && rows.length < limit; page += 1) {
      const rest = { Limit: limit - rows.length, ...(from ? { ExclusiveStartKey: from } : {}) };
      try {
        const answer = await this.#client.send(
          new QueryCommand({ TableName: this.#table, ...input, ...rest }),
        );
        rows.push(...(answer.Items ?? []));
        from = answer.LastEvaluatedKey;
      } catch (error) {
        return readFailure(error);
      }
      if (from === undefined) return { ok: true, value: rows };
    }
    if (rows.length < limit) return malformed(`Query: more than ${queryPagesMax} pages for ${limit} items`);
    return { ok: true, value: rows };
  }
}

function keep(rows: readonly Record<string, unknown>[], found: Map<string, Item>): Failure | undefined {
  for (const row of rows) {
    const item = parseItem(row);
    if (!item.ok) return item;
    found.set(nameOf(item.value), item.value);
  }
  return undefined;
}

function conditionOf(seenRev: number | 'absent' | 'any') {
  if (seenRev === 'any') return {};
  if (seenRev === 'absent') {
    return { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } };
  }
  return {
    ConditionExpression: '#rev = :rev',
    ExpressionAttributeNames: { '#rev': 'rev' },
    ExpressionAttributeValues: { ':rev': seenRev },
  };
}

function nameOf({ pk, sk }: ItemKey): string {
  return JSON.stringify([pk, sk]);
}

export const jobStorePermissions: Permissions = {
  title: 'keep state in the table',
  // A transaction needs the rights of the writes in it.
  actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
};

/** Of those who look for items that they do not know by name. */
export const jobListPermissions: Permissions = {
  title: 'list what waits in the table: wishes, notices, jobs that are due',
  actions: ['dynamodb:Query'],
};
