import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { FileAnswer } from '../checkpoint/files.ts';
import type { ShardEndTable, ShardEndText } from '../checkpoint/shard-ends.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** The table of the Kinesis connector's DynamoDB committer: `metadataKey` is the batch, `metadataSortKey` the shard. */
export class DynamoDbShardEnds implements ShardEndTable {
  readonly name: string;
  readonly #client: DynamoDBDocumentClient;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.name = table;
  }

  async ends(connectorBatch: number, endsMax: number): Promise<FileAnswer<readonly ShardEndText[]>> {
    const found: ShardEndText[] = [];
    let from: Record<string, unknown> | undefined;
    try {
      do {
        const { Items = [], LastEvaluatedKey } = await this.#client.send(
          new QueryCommand({
            TableName: this.name,
            KeyConditionExpression: 'metadataKey = :batch',
            ExpressionAttributeValues: { ':batch': String(connectorBatch) },
            ConsistentRead: true,
            Limit: endsMax - found.length,
            ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          }),
        );
        for (const { metadataSortKey: shard, metadataValue: text } of Items) {
          if (typeof shard !== 'string' || typeof text !== 'string')
            return malformed(`${this.name}: no table of the Kinesis connector's committer`);
          found.push({ shard, text });
        }
        from = LastEvaluatedKey;
      } while (from !== undefined && found.length < endsMax);
      return { ok: true, value: found };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const shardEndPermissions: Permissions = {
  title: 'read the ends of shards in the tables of the parameter CommitterTableArns',
  actions: ['dynamodb:Query'],
};
