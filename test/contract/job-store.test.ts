import { systemClock } from '../../src/aws/system-clock.ts';
import { startDynamoDb } from '../../src/local/dynamodb/server.ts';
import { InMemoryJobStore } from '../../src/world/in-memory-job-store.ts';
import { openDynamoDb } from './dynamodb.ts';
import { describeJobStore } from './job-store.contract.ts';

describeJobStore('in memory', async () => ({
  store: new InMemoryJobStore(systemClock),
  nowMs: () => Date.now(),
  close: async () => {},
}));

describeJobStore('DynamoDB over our own local server', async () => {
  const server = await startDynamoDb({ clock: systemClock });
  return openDynamoDb(server.url, () => server.close());
});

// `npm run test:dynamodb` starts Amazon's own DynamoDB Local and sets this; it fails there if it cannot.
const realUrl = process.env.CHECKPILOT_DYNAMODB_LOCAL_URL;

if (realUrl !== undefined) describeJobStore('DynamoDB Local', () => openDynamoDb(realUrl, async () => {}));
