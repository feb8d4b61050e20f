import { z } from 'zod';
import { parseItem } from './values.ts';

// Strict throughout: what is not listed here is refused by name.
const item = z.record(z.string(), z.unknown()).transform((raw) => parseItem(raw));
const names = z.record(z.string(), z.string());
const table = { TableName: z.string().min(1) };
const condition = {
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: names.optional(),
  ExpressionAttributeValues: item.optional(),
  ReturnValuesOnConditionCheckFailure: z.enum(['NONE', 'ALL_OLD']).optional(),
};
const returnValues = { ReturnValues: z.enum(['NONE', 'ALL_OLD']).optional() };
const read = { ...table, Key: item };

export const getItem = z.strictObject({ ...read, ConsistentRead: z.boolean().optional() });
export const putItem = z.strictObject({ ...table, Item: item, ...condition, ...returnValues });
export const deleteItem = z.strictObject({ ...table, Key: item, ...condition, ...returnValues });

export const query = z.strictObject({
  ...table,
  IndexName: z.string().optional(),
  KeyConditionExpression: z.string(),
  ExpressionAttributeNames: names.optional(),
  ExpressionAttributeValues: item.optional(),
  Limit: z.int().min(1).optional(),
  ExclusiveStartKey: item.optional(),
  ScanIndexForward: z.boolean().optional(),
  ConsistentRead: z.boolean().optional(),
});
export type QueryInput = z.output<typeof query>;

export const batchGetItem = z.strictObject({
  RequestItems: z.record(
    z.string(),
    z.strictObject({ Keys: z.array(item).min(1), ConsistentRead: z.boolean().optional() }),
  ),
});

export const transactGetItems = z.strictObject({
  TransactItems: z.array(z.strictObject({ Get: z.strictObject(read) })).min(1),
});

const transactWrite = z.strictObject({
  Put: z.strictObject({ ...table, Item: item, ...condition }).optional(),
  Delete: z.strictObject({ ...table, Key: item, ...condition }).optional(),
  ConditionCheck: z
    .strictObject({ ...table, Key: item, ...condition, ConditionExpression: z.string() })
    .optional(),
});
export type TransactWrite = z.output<typeof transactWrite>;

export const transactWriteItems = z.strictObject({
  TransactItems: z.array(transactWrite).min(1),
  ClientRequestToken: z.string().optional(),
});

export const describeTable = z.strictObject(table);

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
export type KeySchemaInput = z.output<typeof keySchema>;

export const createTable = z.strictObject({
  ...table,
  KeySchema: keySchema,
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.strictObject({ ProjectionType: z.enum(['ALL', 'KEYS_ONLY']) }),
      }),
    )
    .optional(),
  BillingMode: z.literal('PAY_PER_REQUEST').optional(),
});
export type CreateTableInput = z.output<typeof createTable>;
