import { describe, expect, it } from 'vitest';
import { kinesisClient } from '../../src/aws/clients.ts';
import { KinesisShards } from '../../src/aws/kinesis-shards.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { failing, type Step, scripted } from './scripted-server.ts';

async function shardsAt(...steps: readonly Step[]) {
  const server = await scripted(...steps);
  const client = kinesisClient({
    region: 'us-east-1',
    clock: systemClock,
    endpoints: { kinesis: server.url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    retries: 'none',
  });
  const bodies = () => server.requests.map(({ body }) => JSON.parse(body));
  return { shards: new KinesisShards(client), bodies };
}

const ok = (body: object): Step => ({ status: 200, body });
const from = { id: 'shardId-0', position: '4968', positionType: 'AFTER_SEQUENCE_NUMBER' };

describe('the shards of a stream', () => {
  it('are listed over all pages, with their parents, and whether they are closed', async () => {
    const { shards, bodies } = await shardsAt(
      ok({
        Shards: [
          {
            ShardId: 'shardId-0',
            SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '9' },
          },
        ],
        NextToken: 'two',
      }),
      ok({
        Shards: [
          {
            ShardId: 'shardId-1',
            ParentShardId: 'shardId-0',
            SequenceNumberRange: { StartingSequenceNumber: '9' },
          },
        ],
      }),
    );
    expect(await shards.list('clicks')).toEqual({
      ok: true,
      value: [
        { id: 'shardId-0', parents: [], isClosed: true },
        { id: 'shardId-1', parents: ['shardId-0'], isClosed: false },
      ],
    });
    expect(bodies()).toEqual([{ StreamName: 'clicks' }, { NextToken: 'two' }]);
  });

  it('are named by ARN where the connector was', async () => {
    const { shards, bodies } = await shardsAt(ok({ Shards: [] }));
    await shards.list('arn:aws:kinesis:us-east-1:1:stream/clicks');
    expect(bodies()).toEqual([{ StreamARN: 'arn:aws:kinesis:us-east-1:1:stream/clicks' }]);
  });
});

describe('the first record behind a position', () => {
  it('is asked for alone, over answers without any', async () => {
    const { shards, bodies } = await shardsAt(
      ok({ ShardIterator: 'a' }),
      ok({ Records: [], NextShardIterator: 'b', MillisBehindLatest: 4_000 }),
      ok({
        Records: [
          {
            ApproximateArrivalTimestamp: 1_795_000_000,
            Data: 'eA==',
            PartitionKey: 'k',
            SequenceNumber: '5',
          },
        ],
      }),
    );
    expect(await shards.firstRecord('clicks', from)).toEqual({ ok: true, value: 1_795_000_000_000 });
    expect(bodies()).toEqual([
      {
        StreamName: 'clicks',
        ShardId: 'shardId-0',
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
        StartingSequenceNumber: '4968',
      },
      { ShardIterator: 'a', Limit: 1 },
      { ShardIterator: 'b', Limit: 1 },
    ]);
  });

  it('is none at the end of a closed shard, and at the tip of an open one', async () => {
    const atEnd = await shardsAt(ok({ ShardIterator: 'a' }), ok({ Records: [], MillisBehindLatest: 0 }));
    expect(await atEnd.shards.firstRecord('clicks', from)).toEqual({ ok: true, value: undefined });
    const atTip = await shardsAt(
      ok({ ShardIterator: 'a' }),
      ok({ Records: [], NextShardIterator: 'b', MillisBehindLatest: 0 }),
    );
    expect(await atTip.shards.firstRecord('clicks', from)).toEqual({ ok: true, value: undefined });
  });

  it('is not known after ten answers that lead nowhere, or without the right to ask', async () => {
    const endless = await shardsAt(
      ok({ ShardIterator: 'a' }),
      ok({ Records: [], NextShardIterator: 'b', MillisBehindLatest: 9 }),
    );
    expect(await endless.shards.firstRecord('clicks', from)).toMatchObject({
      ok: false,
      code: 'unavailable',
    });
    const denied = await shardsAt(failing('AccessDeniedException'));
    expect(await denied.shards.firstRecord('clicks', from)).toMatchObject({ ok: false, code: 'denied' });
    const gone = await shardsAt(failing('ResourceNotFoundException'));
    expect(await gone.shards.firstRecord('clicks', from)).toMatchObject({ ok: false, code: 'not-found' });
  });
});
