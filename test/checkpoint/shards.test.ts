import { describe, expect, it } from 'vitest';
import type { FileAnswer } from '../../src/checkpoint/files.ts';
import { auditGap } from '../../src/checkpoint/gap.ts';
import { proveGaps, type Shards, type StreamShard } from '../../src/checkpoint/shards.ts';
import type { PartitionPosition, SourcePositions } from '../../src/checkpoint/sources.ts';

const after = (id: string, position: string): PartitionPosition => ({
  id,
  position,
  positionType: 'AFTER_SEQUENCE_NUMBER',
});
const source = (...partitions: readonly PartitionPosition[]): SourcePositions => ({
  kind: 'kinesis',
  stream: 'clicks',
  partitions,
});
const closed = (id: string, ...parents: readonly string[]): StreamShard => ({ id, parents, isClosed: true });
const open = (id: string, ...parents: readonly string[]): StreamShard => ({ id, parents, isClosed: false });

/** A stream with these shards; the first record of each, wherever one looks, came at this time. */
function stream(
  listed: readonly StreamShard[] | 'denied',
  first: Readonly<Record<string, number | 'gone' | 'denied'>> = {},
): Shards & { readonly asked: string[] } {
  const asked: string[] = [];
  const no = (code: 'denied' | 'not-found'): FileAnswer<never> => ({ ok: false, code, message: 'no' });
  return {
    asked,
    list: async () => (listed === 'denied' ? no('denied') : { ok: true, value: listed }),
    firstRecord: async (_stream, { id, positionType }) => {
      asked.push(`${id} ${positionType}`);
      const found = first[id];
      if (found === 'gone') return no('not-found');
      return found === 'denied' ? no('denied') : { ok: true, value: found };
    },
  };
}

async function prove(shards: Shards, ended: SourcePositions, started: SourcePositions) {
  const gaps = await proveGaps(shards, { ended, started: [started] }, auditGap([ended], [started]));
  return gaps.map(({ kind, id, why }) => (why === undefined ? `${kind} ${id}` : `${kind} ${id}: ${why}`));
}

describe('a closed parent that the next batch does not go on with', () => {
  const ended = source(after('shardId-0', '100'));
  const started = source({ id: 'shardId-1', position: '', positionType: 'TRIM_HORIZON' });

  it('was read to its end when no record lies behind its last one', async () => {
    const shards = stream([closed('shardId-0'), open('shardId-1', 'shardId-0')]);
    expect(await prove(shards, ended, started)).toEqual([]);
    expect(shards.asked).toEqual(['shardId-0 AFTER_SEQUENCE_NUMBER']);
  });

  it('was left before its end when one does, or when the stream has dropped the shard', async () => {
    const listed = [closed('shardId-0'), open('shardId-1', 'shardId-0')];
    expect(await prove(stream(listed, { 'shardId-0': 5 }), ended, started)).toEqual(['vanished shardId-0']);
    expect(await prove(stream(listed, { 'shardId-0': 'gone' }), ended, started)).toEqual([
      'vanished shardId-0',
    ]);
  });

  it('is neither when the stream may not be asked', async () => {
    expect(await prove(stream('denied', { 'shardId-0': 'denied' }), ended, started)).toEqual([
      'unproven shardId-0: denied: no',
    ]);
  });
});

describe('a shard that was opened and closed while nobody read', () => {
  const ended = source({ id: 'shardId-0', position: '', positionType: 'SHARD_END' });
  const started = source({ id: 'shardId-4', position: '', positionType: 'TRIM_HORIZON' });
  const listed = [
    closed('shardId-0'),
    closed('shardId-1', 'shardId-0'),
    closed('shardId-2', 'shardId-0'),
    closed('shardId-3', 'shardId-1'),
    open('shardId-4', 'shardId-3', 'shardId-2'),
    closed('shardId-9', 'shardId-8'),
  ];

  it('is found over generations, where it held a record', async () => {
    const shards = stream(listed, { 'shardId-1': 5, 'shardId-3': 6 });
    expect(await prove(shards, ended, started)).toEqual(['vanished shardId-1', 'vanished shardId-3']);
    expect(shards.asked.every((asked) => asked.endsWith('TRIM_HORIZON'))).toBe(true);
  });
});

describe('a new shard that begins at the time of the start', () => {
  const ended = source({ id: 'shardId-0', position: '', positionType: 'SHARD_END' });
  const started = source({ id: 'shardId-1', position: '5000', positionType: 'AT_TIMESTAMP' });
  const listed = [closed('shardId-0'), open('shardId-1', 'shardId-0')];

  it('has lost what arrived before, and nothing when nothing did', async () => {
    expect(await prove(stream(listed, { 'shardId-1': 4_999 }), ended, started)).toEqual([
      'late-start shardId-1',
    ]);
    expect(await prove(stream(listed, { 'shardId-1': 5_000 }), ended, started)).toEqual([]);
    expect(await prove(stream(listed), ended, started)).toEqual([]);
  });
});
