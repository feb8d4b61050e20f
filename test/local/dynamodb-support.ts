import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '../../src/local/dynamodb/server.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { dynamoDbClient, ManualClock, started } from './clients.ts';

export const TableName = 'checkpilot';

export interface Database {
  clock: ManualClock;
  url: string;
  client: DynamoDBClient;
  documents: DynamoDBDocumentClient;
  put(item: Record<string, unknown>): Promise<unknown>;
}

/** A server with one empty table of the product's shape. `fault` may be set after the table is there. */
export async function startDatabase(faults: { next?: Fault } = {}): Promise<Database> {
  const clock = new ManualClock();
  const fault = () => faults.next;
  const { url } = await started(startDynamoDb({ clock, fault }));
  const client = dynamoDbClient(url);
  await client.send(createTable);
  const documents = DynamoDBDocumentClient.from(client);
  return {
    clock,
    url,
    client,
    documents,
    put: (item) => documents.send(new PutCommand({ TableName, Item: item })),
  };
}

export const createTable = new CreateTableCommand({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    { AttributeName: 'dueShard', AttributeType: 'S' },
    { AttributeName: 'dueAtMs', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'due',
      KeySchema: [
        { AttributeName: 'dueShard', KeyType: 'HASH' },
        { AttributeName: 'dueAtMs', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
});
