import { expect, it } from 'vitest';
import { auditSeam, type SeamOptions } from '../../src/checkpoint/seam.ts';
import type { Shards } from '../../src/checkpoint/shards.ts';
import { MemoryFiles } from './support.ts';

const [first, second, third] = ['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000002'];

function offsets(...sources: readonly string[]): string {
  return ['v1', '{"batchWatermarkMs":0,"batchTimestampMs":1700000000000,"conf":{}}', ...sources].join('\n');
}

const position = (at: string) => ({ iteratorType: 'AFTER_SEQUENCE_NUMBER', iteratorPosition: at });

function kinesis(batch: number, starts: Readonly<Record<string, string>>): string {
  const shards = Object.entries(starts).map(([id, at]) => [
    id,
    { ...position(at), subSequenceNumber: '-1', isLast: 'true' },
  ]);
  return JSON.stringify({
    metadata: { streamName: 'clicks', batchId: String(batch) },
    ...Object.fromEntries(shards),
  });
}

/** Two shards of which batch 1 read from 100 to 150 and to 160; some ends may be damaged. */
function afterBatch1(next: Readonly<Record<string, string>>, damaged: readonly string[] = []): MemoryFiles {
  const files = new MemoryFiles()
    .put('offsets/1', offsets(kinesis(1, { [first]: '100', [second]: '100' })))
    .put('offsets/2', offsets(kinesis(2, next)));
  for (const [shardId, at] of [
    [first, '150'],
    [second, '160'],
  ] as const) {
    const end = { shardId, ...position(at), subSequenceNumber: -1, isLast: true };
    const text = JSON.stringify(end);
    files.put(`sources/0/shard-source/1/${shardId}`, damaged.includes(shardId) ? text.slice(0, 30) : text);
  }
  return files;
}

async function kinds(files: MemoryFiles, options: SeamOptions = {}) {
  const audited = await auditSeam(files, 1, options);
  if (!audited.ok) return audited;
  return audited.value?.map(({ kind, id }) => `${kind} ${id}`);
}

/** Both shards are closed and hold records; one was split. */
const split: Shards = {
  list: async () => ({
    ok: true,
    value: [
      { id: first, parents: [], isClosed: true },
      { id: second, parents: [first], isClosed: true },
      { id: third, parents: [second], isClosed: false },
    ],
  }),
  firstRecord: async () => ({ ok: true, value: 5 }),
};

it('a shard that goes on where it ended has no gap, and one that does not is named', async () => {
  expect(await kinds(afterBatch1({ [first]: '150', [second]: '160' }))).toEqual([]);
  expect(await kinds(afterBatch1({ [first]: '150', [second]: '999' }))).toEqual([`skipped ${second}`]);
});

it('an end that cannot be read hides no gap of another shard', async () => {
  expect(await kinds(afterBatch1({ [first]: '150', [second]: '999' }, [first]))).toEqual([
    `skipped ${second}`,
  ]);
});

it('an end that cannot be read leaves it untold whether there is a gap', async () => {
  expect(await kinds(afterBatch1({ [first]: '999', [second]: '160' }, [first]))).toBeUndefined();
  expect(await kinds(afterBatch1({ [first]: '999', [second]: '999' }, [first, second]))).toBeUndefined();
});

it('a shard whose end cannot be read is neither new nor one that nobody ever read', async () => {
  const next = { [first]: '150', [third]: '170' };
  expect(await kinds(afterBatch1(next, [second]), { shards: split })).toBeUndefined();
});

it('an open shard that drops out of the batch is a gap, though nothing lies behind it now', async () => {
  const shards: Shards = {
    list: async () => ({
      ok: true,
      value: [
        { id: first, parents: [], isClosed: false },
        { id: second, parents: [], isClosed: false },
      ],
    }),
    firstRecord: async () => ({ ok: true, value: undefined }),
  };
  expect(await kinds(afterBatch1({ [first]: '150' }), { shards })).toEqual([`vanished ${second}`]);
});

it('a source that is gone from the batch leaves its partitions before their end', async () => {
  const files = new MemoryFiles()
    .put('offsets/1', offsets('{"orders":{"0":5}}', '{"refunds":{"0":7}}'))
    .put('offsets/2', offsets('{"orders":{"0":6}}'));
  expect(await kinds(files)).toEqual(['vanished 0']);
});

it('sources that change their places get the positions of each other from Spark, and have gaps', async () => {
  const files = new MemoryFiles()
    .put('offsets/1', offsets('{"orders":{"0":5}}', '{"refunds":{"0":7}}'))
    .put('offsets/2', offsets('{"refunds":{"0":7}}', '{"orders":{"0":5}}'));
  expect(await kinds(files)).toEqual(['vanished 0', 'vanished 0']);
});
