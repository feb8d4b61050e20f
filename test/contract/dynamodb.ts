import { randomUUID } from 'node:crypto';
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '../../src/aws/clients.ts';
import { DynamoDbJobStore } from '../../src/aws/dynamodb-job-store.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { tableDefinition } from '../../src/aws/table.ts';
import type { OpenStore } from './job-store.contract.ts';

/** A job store over a new table at `endpoint`, with the keys and the index that the stack gives it. */
export async function openDynamoDb(endpoint: string, closeServer: () => Promise<void>): Promise<OpenStore> {
  const client = dynamodbClient({
    region: 'us-east-1',
    clock: systemClock,
    endpoints: { dynamodb: endpoint },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const table = `checkpilot-${randomUUID()}`;
  await client.send(new CreateTableCommand(tableDefinition(table)));
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: table });
  return {
    store: new DynamoDbJobStore({ client, table, clock: systemClock }),
    nowMs: () => Date.now(),
    close: async () => {
      client.destroy();
      await closeServer();
    },
  };
}
