import { describe, expect, it } from 'vitest';
import { auditGap } from '../../src/checkpoint/gap.ts';
import { parseOffsets } from '../../src/checkpoint/logs.ts';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { parseShardEnd, parseSourceOffset, type SourcePositions } from '../../src/checkpoint/sources.ts';
import { oldestUnread } from '../../src/checkpoint/unread.ts';
import { MemoryFiles } from './support.ts';

/** Two shards were split into four while it ran, then it was killed in batch 5. */
const resharded = MemoryFiles.of('kinesis-planned-uncommitted');
const kafka = MemoryFiles.of('kafka-4p');

function plannedOf(files: MemoryFiles, batch: number): readonly SourcePositions[] {
  const log = parseOffsets(files.bytes.get(`offsets/${batch}`) ?? new Uint8Array());
  const offset = parseSourceOffset(log.ok ? (log.value.sources[0] ?? null) : null);
  return offset.ok ? offset.value.positions : expect.fail(offset.why);
}

function endsOf(batch: number): readonly SourcePositions[] {
  const folder = `sources/0/shard-source/${batch}/`;
  const partitions = [...resharded.bytes.keys()]
    .filter((path) => path.startsWith(folder))
    .map((path) => {
      const end = parseShardEnd(resharded.text(path));
      return end.ok ? end.value : expect.fail(end.why);
    });
  return [{ kind: 'kinesis', stream: 's1', partitions }];
}

const shard = (id: string, positionType: string, position = ''): SourcePositions => ({
  kind: 'kinesis',
  stream: 's1',
  partitions: [{ id, position, positionType }],
});
const topic = (...offsets: readonly number[]): SourcePositions => ({
  kind: 'kafka',
  stream: 't',
  partitions: offsets.map((position, id) => ({ id: String(id), position, positionType: 'OFFSET' })),
});
const kinds = (before: SourcePositions, after: SourcePositions) =>
  auditGap([before], [after]).map(({ kind, id }) => `${kind} ${id}`);

describe('between two batches of a real query', () => {
  it.each([0, 1, 2, 3, 4])('Kinesis leaves no gap after batch %i, not when its shards are split', (batch) => {
    expect(auditGap(endsOf(batch), plannedOf(resharded, batch + 1))).toEqual([]);
  });

  it('finds that a batch which is left out was skipped', () => {
    expect(auditGap(endsOf(0), plannedOf(resharded, 2)).map(({ kind }) => kind)).toEqual([
      'skipped',
      'skipped',
    ]);
    expect(auditGap(endsOf(1), plannedOf(resharded, 1)).map(({ kind }) => kind)).toEqual([
      'went-back',
      'went-back',
    ]);
  });

  it('finds the shards that a reshard would have lost, had they not been read to their end', () => {
    const gaps = auditGap(endsOf(1), plannedOf(resharded, 3));
    expect(gaps.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'vanished shardId-000000000000',
      'vanished shardId-000000000001',
    ]);
  });

  it('compares offsets of Kafka', () => {
    expect(auditGap(plannedOf(kafka, 0), plannedOf(kafka, 0))).toEqual([]);
    const [first] = auditGap(plannedOf(kafka, 0), plannedOf(kafka, 1));
    expect(first).toMatchObject({ kind: 'skipped', id: '0', from: { position: 100 }, to: { position: 125 } });
  });
});

describe('between two positions', () => {
  it('tells numbers of 56 digits apart that are one number to JavaScript', () => {
    const position = '49680469464159375134044222003351592601285088415328501794';
    const next = '49680469464159375134044222003351592601285088415328501795';
    expect(Number(position)).toBe(Number(next));
    expect(
      kinds(shard('a', 'AFTER_SEQUENCE_NUMBER', position), shard('a', 'AFTER_SEQUENCE_NUMBER', next)),
    ).toEqual(['skipped a']);
    expect(kinds(shard('a', 'AFTER_SEQUENCE_NUMBER', next), shard('a', 'AT_SEQUENCE_NUMBER', next))).toEqual([
      'went-back a',
    ]);
  });

  it.each([
    ['a shard that was read to its end is gone', shard('a', 'SHARD_END'), shard('b', 'TRIM_HORIZON'), []],
    [
      'a shard is called read to its end, and was not',
      shard('a', 'TRIM_HORIZON'),
      shard('a', 'SHARD_END'),
      ['vanished a'],
    ],
    [
      'a shard starts from the oldest again',
      shard('a', 'AT_SEQUENCE_NUMBER', '5'),
      shard('a', 'TRIM_HORIZON'),
      ['went-back a'],
    ],
    [
      'a shard jumps to the newest',
      shard('a', 'AT_SEQUENCE_NUMBER', '5'),
      shard('a', 'LATEST'),
      ['skipped a'],
    ],
    [
      'a number became a time',
      shard('a', 'AT_SEQUENCE_NUMBER', '5'),
      shard('a', 'AT_TIMESTAMP', '5'),
      ['unclear a'],
    ],
    ['a time moved on', shard('a', 'AT_TIMESTAMP', '5'), shard('a', 'AT_TIMESTAMP', '6'), ['skipped a']],
    ['a child starts at now', shard('a', 'SHARD_END'), shard('b', 'AT_TIMESTAMP', '6'), ['late-start b']],
    [
      'a child is closed before it was seen',
      shard('a', 'SHARD_END'),
      shard('b', 'SHARD_END'),
      ['vanished b'],
    ],
    [
      'a child starts where its parent was left',
      shard('a', 'AFTER_SEQUENCE_NUMBER', '5'),
      shard('b', 'AFTER_SEQUENCE_NUMBER', '5'),
      ['vanished a'],
    ],
    ['a partition is new', topic(5), topic(5, 0), []],
    ['a partition is new and does not start at 0', topic(5), topic(5, 7), ['late-start 1']],
    ['a partition is gone', topic(5, 6), topic(5), ['vanished 1']],
    ['a topic was made anew', topic(5), topic(2), ['went-back 0']],
  ] as const)('%s', (_, before, after, wanted) => {
    expect(kinds(before, after)).toEqual(wanted);
  });

  it('keeps two sources over one stream apart', () => {
    expect(auditGap([topic(5), topic(7)], [topic(5), topic(8)])).toEqual([
      expect.objectContaining({ kind: 'skipped', from: expect.objectContaining({ position: 7 }) }),
    ]);
  });

  it('finds nothing before the first batch', () => {
    expect(auditGap([], [shard('a', 'LATEST')])).toEqual([]);
  });
});

describe('what is unread', () => {
  async function unreadOf(files: MemoryFiles) {
    const answer = await readCheckpoint(files);
    return answer.ok ? oldestUnread(answer.value) : expect.fail(answer.message);
  }

  it('begins at the ends of the last committed batch, in flight as well', async () => {
    const ends = endsOf(4).flatMap(({ partitions }) =>
      partitions.map((end) => expect.objectContaining({ ...end })),
    );
    const unread = await unreadOf(resharded);
    expect(unread.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(ends);
    expect(unread[0]).toMatchObject({ kind: 'kinesis', stream: 's1' });
  });

  it('begins in shard-source when nothing is in flight, and where the batch started for a shard without an end', async () => {
    const files = MemoryFiles.of('kinesis-2-shards').drop('sources/0/shard-source/0/shardId-000000000001');
    expect(await unreadOf(files)).toMatchObject([
      { id: 'shardId-000000000000', positionType: 'AFTER_SEQUENCE_NUMBER' },
      { id: 'shardId-000000000001', positionType: 'TRIM_HORIZON' },
    ]);
  });

  it('is nothing in a shard that was read to its end', async () => {
    const files = MemoryFiles.of('kinesis-planned-uncommitted');
    for (const batch of [3, 4, 5]) files.drop(`offsets/${batch}`).drop(`commits/${batch}`);
    expect(await unreadOf(files)).toEqual([]);
  });

  it('begins at the end of the last committed batch of Kafka, and where the topic began before there is one', async () => {
    const positions = async (files: MemoryFiles) => (await unreadOf(files)).map(({ position }) => position);
    expect(await positions(kafka)).toEqual([125, 125, 125, 125]);
    const inFlight = MemoryFiles.of('kafka-4p').drop('commits/1');
    expect(await positions(inFlight)).toEqual([100, 100, 100, 100]);
    expect(await positions(inFlight.drop('commits').drop('offsets/1'))).toEqual([0, 0, 0, 0]);
  });
});
