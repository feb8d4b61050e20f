import { validationError } from './error.ts';
import type { CreateTableInput, KeySchemaInput } from './requests.ts';
import type { KeySchema, Table, TableSchema } from './table.ts';

/** Throws where the definition is not one we can keep: a string partition key and a sort key, S or N, each. */
export function toTableSchema(input: CreateTableInput): TableSchema {
  const types = new Map(
    input.AttributeDefinitions.map((entry) => [entry.AttributeName, entry.AttributeType]),
  );
  const schema: TableSchema = {
    name: input.TableName,
    ...toKeySchema(input.KeySchema, types),
    indexes: (input.GlobalSecondaryIndexes ?? []).map((index) => ({
      name: index.IndexName,
      projection: index.Projection.ProjectionType,
      ...toKeySchema(index.KeySchema, types),
    })),
  };
  const used = new Set([schema, ...schema.indexes].flatMap((keys) => [keys.hash, keys.range]));
  if (used.size !== types.size) {
    throw validationError(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
  }
  return schema;
}

/** The `Table` member of CreateTable and DescribeTable. */
export function describe(table: Table): Record<string, unknown> {
  const { schema } = table;
  const types = new Map<string, string>();
  for (const keys of [schema, ...schema.indexes]) types.set(keys.hash, 'S').set(keys.range, keys.rangeType);
  return {
    TableName: schema.name,
    TableArn: `arn:aws:dynamodb:us-east-1:111122223333:table/${schema.name}`,
    TableStatus: 'ACTIVE',
    CreationDateTime: table.createdAtMs / 1000,
    ItemCount: table.itemCount,
    KeySchema: describeKeys(schema),
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    GlobalSecondaryIndexes: schema.indexes.map((index) => ({
      IndexName: index.name,
      IndexStatus: 'ACTIVE',
      KeySchema: describeKeys(index),
      Projection: { ProjectionType: index.projection },
    })),
  };
}

function toKeySchema(input: KeySchemaInput, types: ReadonlyMap<string, string>): KeySchema {
  const [hash, range, ...more] = input;
  if (hash?.KeyType !== 'HASH' || range?.KeyType !== 'RANGE' || more.length > 0) {
    throw validationError('the local server supports key schemas of one HASH and one RANGE key only');
  }
  const rangeType = types.get(range.AttributeName);
  if (types.get(hash.AttributeName) !== 'S' || (rangeType !== 'S' && rangeType !== 'N')) {
    throw validationError(
      'the local server supports partition keys of type S and sort keys of type S or N only',
    );
  }
  return { hash: hash.AttributeName, range: range.AttributeName, rangeType };
}

function describeKeys(keys: KeySchema) {
  return [
    { AttributeName: keys.hash, KeyType: 'HASH' },
    { AttributeName: keys.range, KeyType: 'RANGE' },
  ];
}
