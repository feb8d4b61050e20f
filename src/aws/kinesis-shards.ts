import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis';
import type { FileAnswer } from '../checkpoint/files.ts';
import type { Shards, StreamShard } from '../checkpoint/shards.ts';
import type { PartitionPosition } from '../checkpoint/sources.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** A thousand shards each. */
const pagesMax = 10;
/** An answer without records that is not at the end of the shard leads on to the next one. */
const readsMax = 10;

/** Shards of a Kinesis stream, and whether a record lies behind a position: one record is read, never a batch. */
export class KinesisShards implements Shards {
  readonly #client: KinesisClient;

  constructor(client: KinesisClient) {
    this.#client = client;
  }

  async list(stream: string): Promise<FileAnswer<readonly StreamShard[]>> {
    const found: StreamShard[] = [];
    let token: string | undefined;
    try {
      for (let page = 0; page < pagesMax; page += 1) {
        const { Shards = [], NextToken } = await this.#client.send(
          new ListShardsCommand(token === undefined ? named(stream) : { NextToken: token }),
        );
        found.push(...Shards.map(shardOf));
        token = NextToken;
        if (token === undefined) return { ok: true, value: found };
      }
      return malformed(`ListShards: ${stream} has more than ${pagesMax} pages of shards`);
    } catch (error) {
      return toFailure(error);
    }
  }

  async firstRecord(stream: string, from: PartitionPosition): Promise<FileAnswer<number | undefined>> {
    try {
      let { ShardIterator: iterator } = await this.#client.send(
        new GetShardIteratorCommand({ ...named(stream), ...startOf(from) }),
      );
      for (let read = 0; read < readsMax && iterator !== undefined; read += 1) {
        const { Records: [record] = [], ...next } = await this.#client.send(
          new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }),
        );
        // Without its time a record has arrived all the same, and before anything that is asked about.
        if (record) return { ok: true, value: record.ApproximateArrivalTimestamp?.getTime() ?? 0 };
        // Of an open shard the tip is the end.
        if (next.MillisBehindLatest === 0) return { ok: true, value: undefined };
        iterator = next.NextShardIterator;
      }
      if (iterator === undefined) return { ok: true, value: undefined };
      return {
        ok: false,
        code: 'unavailable',
        message: `${readsMax} reads of ${from.id} brought neither record nor end`,
      };
    } catch (error) {
      return toFailure(error);
    }
  }
}

/** The connector takes names and ARNs. */
function named(stream: string): { StreamARN: string } | { StreamName: string } {
  return stream.startsWith('arn:') ? { StreamARN: stream } : { StreamName: stream };
}

function startOf({ id, position, positionType }: PartitionPosition) {
  const text = String(position);
  return {
    ShardId: id,
    ShardIteratorType: positionType as ShardIteratorType,
    ...(positionType.endsWith('SEQUENCE_NUMBER') ? { StartingSequenceNumber: text } : {}),
    ...(positionType === 'AT_TIMESTAMP' ? { Timestamp: new Date(Number(text)) } : {}),
  };
}

function shardOf({
  ShardId = '',
  ParentShardId,
  AdjacentParentShardId,
  SequenceNumberRange,
}: Shard): StreamShard {
  return {
    id: ShardId,
    parents: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
    isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined,
  };
}

export const shardPermissions: Permissions = {
  title:
    'ask whether a record was left behind in a shard, once after a start, and how old the oldest unread one is (`retention.exactAge`)',
  actions: ['kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'],
};
