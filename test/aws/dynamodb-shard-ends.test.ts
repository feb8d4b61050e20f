import { describe, expect, it } from 'vitest';
import { DynamoDbShardEnds } from '../../src/aws/dynamodb-shard-ends.ts';
import { clientsOf, failing, type Step, scripted } from './scripted-server.ts';

async function tableAt(...steps: readonly Step[]) {
  const server = await scripted(...steps);
  const timeouts = { connectMs: 5_000, requestMs: 5_000 };
  const { dynamodb } = clientsOf(server, { retries: 'none', timeouts });
  return { table: new DynamoDbShardEnds(dynamodb, 'clicks'), requests: server.requests };
}

const item = (shard: string) => ({
  metadataKey: { S: '7' },
  metadataSortKey: { S: shard },
  metadataValue: { S: `{"shardId":"${shard}"}` },
});
const page = (body: object): Step => ({ status: 200, body });

describe('the table of the DynamoDB committer', () => {
  it('gives the ends of one batch, over all its pages, read consistently', async () => {
    const key = { metadataKey: { S: '7' }, metadataSortKey: { S: 'shardId-1' } };
    const { table, requests } = await tableAt(
      page({ Items: [item('shardId-1')], LastEvaluatedKey: key }),
      page({ Items: [item('shardId-2')] }),
    );
    expect(await table.ends(7, 257)).toEqual({
      ok: true,
      value: [
        { shard: 'shardId-1', text: '{"shardId":"shardId-1"}' },
        { shard: 'shardId-2', text: '{"shardId":"shardId-2"}' },
      ],
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      TableName: 'clicks',
      ConsistentRead: true,
      KeyConditionExpression: 'metadataKey = :batch',
      ExpressionAttributeValues: { ':batch': { S: '7' } },
      Limit: 257,
    });
  });

  it('is asked for no more than is wanted', async () => {
    const key = { metadataKey: { S: '7' }, metadataSortKey: { S: 'shardId-1' } };
    const { table, requests } = await tableAt(page({ Items: [item('shardId-1')], LastEvaluatedKey: key }));
    expect(await table.ends(7, 1)).toMatchObject({ ok: true });
    expect(requests).toHaveLength(1);
  });

  it('of another shape, or without the right to read it, is a failure and not an empty one', async () => {
    const other = await tableAt(page({ Items: [{ pk: { S: 'x' } }] }));
    expect(await other.table.ends(7, 1)).toMatchObject({ ok: false, code: 'malformed' });
    const denied = await tableAt(failing('AccessDeniedException'));
    expect(await denied.table.ends(7, 1)).toMatchObject({ ok: false, code: 'denied' });
  });
});
