import { describe, expect, it } from 'vitest';
import type { FileAnswer } from '../../src/checkpoint/files.ts';
import { auditGap } from '../../src/checkpoint/gap.ts';
import { proveGaps, type Shards, type StreamShard } from '../../src/checkpoint/shards.ts';
import { shardsWithin } from '../../src/checkpoint/shards-within.ts';
import type { PartitionPosition, SourcePositions } from '../../src/checkpoint/sources.ts';

const readTo = (id: string, position: string): PartitionPosition => ({
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
  const ended = source(readTo('shardId-0', '100'));
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

  it('is not proven to be read when nobody knows whether it was closed', async () => {
    expect(await prove(stream('denied'), ended, started)).toEqual(['unproven shardId-0: denied: no']);
  });

  it('is neither when the stream may not be asked', async () => {
    expect(await prove(stream('denied', { 'shardId-0': 'denied' }), ended, started)).toEqual([
      'unproven shardId-0: denied: no',
    ]);
  });
});

describe('an open shard that the next batch does not go on with', () => {
  it('is left before its end, though nothing lies behind it yet', async () => {
    const shards = stream([open('shardId-0'), open('shardId-1')]);
    const ended = source(readTo('shardId-0', '100'), readTo('shardId-1', '100'));
    expect(await prove(shards, ended, source(readTo('shardId-0', '100')))).toEqual(['vanished shardId-1']);
    expect(shards.asked).toEqual([]);
  });
});

describe('a stream of many shards that is split while the job is down', () => {
  const id = (n: number) => `shardId-${String(n).padStart(12, '0')}`;
  const split = (shards: number) => {
    const parents = Array.from({ length: shards }, (_, n) => id(n));
    const children = Array.from({ length: 2 * shards }, (_, n) => id(shards + n));
    return {
      ended: source(...parents.map((parent) => readTo(parent, '100'))),
      started: source(
        ...children.map((child) => ({ id: child, position: '', positionType: 'TRIM_HORIZON' })),
      ),
      listed: [
        ...parents.map((parent) => closed(parent)),
        ...children.map((child, n) => open(child, id(Math.floor(n / 2)))),
      ],
    };
  };

  it('has no gap when every parent was read to its end', async () => {
    const { ended, started, listed } = split(100);
    const shards = stream(listed);
    expect(await prove(shards, ended, started)).toEqual([]);
    expect(shards.asked).toHaveLength(100);
  });

  it('is asked for 256 shards at most, 16 at once, and what was not asked is not proven', async () => {
    const { ended, started, listed } = split(258);
    const shards = stream(listed, { [id(200)]: 5 });
    let now = 0;
    let most = 0;
    const counted: Shards = {
      list: shards.list,
      firstRecord: async (...about) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise(setImmediate);
        now -= 1;
        return shards.firstRecord(...about);
      },
    };
    const why = 'more than 256 shards would have to be asked';
    expect(await prove(counted, ended, started)).toEqual([
      `vanished ${id(200)}`,
      `unproven ${id(256)}: ${why}`,
      `unproven ${id(257)}: ${why}`,
    ]);
    expect([shards.asked.length, most]).toEqual([256, 16]);
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

describe('a stream that does not answer', () => {
  const ids = Array.from({ length: 256 }, (_, index) => `shardId-${index}`);
  const ended = source(...ids.map((id) => readTo(id, '1')));
  const listed = ids.map((id) => closed(id));
  const silent = { ok: false, code: 'unavailable', message: 'no' } as const;

  it('is not asked for every shard: what is left is not proven, and no gap', async () => {
    let asked = 0;
    const shards: Shards = {
      list: async () => ({ ok: true, value: listed }),
      firstRecord: async () => {
        asked += 1;
        return silent;
      },
    };
    const gaps = await prove(shardsWithin(shards, 10_000), ended, source());
    expect(gaps).toHaveLength(256);
    expect(gaps.every((gap) => gap.startsWith('unproven'))).toBe(true);
    expect(asked).toBeLessThanOrEqual(16);
  });

  it('holds nobody up for longer than one look may take', async () => {
    const never = new Promise<never>(() => {});
    const shards: Shards = { list: () => never, firstRecord: () => never };
    const gaps = await prove(shardsWithin(shards, 50), ended, source());
    expect(gaps[0]).toBe('unproven shardId-0: unavailable: the stream gave no answer in time');
  });
});
