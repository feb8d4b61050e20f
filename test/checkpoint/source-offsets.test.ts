import { describe, expect, it } from 'vitest';
import { inspectCheckpoint } from '../../src/checkpoint/inspect.ts';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { auditSeam } from '../../src/checkpoint/seam.ts';
import { MemoryFiles } from './support.ts';

const metadata = '{"batchWatermarkMs":0,"batchTimestampMs":1,"conf":{"spark.sql.shuffle.partitions":"2"}}';

/** A stateless query at batch 1, which is committed. */
function query(before: string, last = before): MemoryFiles {
  return new MemoryFiles()
    .put('metadata', '{"id":"6f9c1a3e-2a7b-4c1d-9e8f-0a1b2c3d4e5f"}')
    .put('offsets/0', `v1\n${metadata}\n${before}`)
    .put('offsets/1', `v1\n${metadata}\n${last}`)
    .put('commits/0', 'v1\n{}')
    .put('commits/1', 'v1\n{}');
}

async function judged(files: MemoryFiles) {
  const read = await readCheckpoint(files);
  const { health, problems, sources } = read.ok ? read.value : expect.fail(read.message);
  return { health, problems: problems.map(({ code, path }) => `${code} ${path}`), kind: sources[0]?.kind };
}

async function isStopped(files: MemoryFiles): Promise<boolean> {
  const read = await inspectCheckpoint(files);
  return read.ok ? read.value.fault !== undefined : expect.fail(read.message);
}

const kafka = '{"orders":{"0":5,"1":6}}';
const shard = '{"iteratorType":"AFTER_SEQUENCE_NUMBER","iteratorPosition":"495"}';
const qubole = `{"metadata":{"streamName":"s","batchId":"1"},"shardId-000000000000":${shard}}`;

describe('an offset that its source reads stops nothing', () => {
  it.each([
    ['a topic called metadata', '{"metadata":{"0":5,"1":6}}', 'kafka'],
    ['a topic called metadata beside another', '{"orders":{"0":5},"metadata":{"0":5}}', 'kafka'],
    ['a topic called logOffset', '{"logOffset":{"0":5}}', 'kafka'],
    ['text behind the object, which Kafka does not look at', `${kafka} x`, 'kafka'],
    ['an object with a key metadata', '{"metadata":{"table":"x"},"version":4}', 'other'],
    ['positions of a Python source', '{"shard-a":{"pos":17}}', 'other'],
    ['a fraction under a name', '{"state":{"lsn":12.5}}', 'other'],
    ['a number of Python that JSON does not have', '{"state":{"lsn":Infinity}}', 'other'],
    ['objects without an entry', '{"state":{}}', 'other'],
    ['a number and a timestamp', '{"offset":1000,"timestamp":1}', 'other'],
    ['streams of Redis', '{"offsets":{"s1":{"groupName":"g","offset":"154-0"}}}', 'other'],
    ['a time', '2026-11-28T10:00:00Z', 'other'],
    ['a map of Java', '{orders=5}', 'other'],
    ['a path', 'part-00001', 'other'],
    ['a list', '[1,2]', 'other'],
  ])('%s', async (_, line, kind) => {
    const files = query(line);
    expect(await judged(files)).toEqual({ health: 'clean', problems: [], kind });
    expect(await isStopped(files)).toBe(false);
  });

  it('one number of a socket or of MQTT, which keep no start time', async () => {
    const files = query('3', '5');
    expect(await judged(files)).toEqual({
      health: 'clean',
      problems: ['not-checked sources/0/0'],
      kind: 'rate',
    });
    expect(await isStopped(files)).toBe(false);
    files.put('sources/0/0', 'v1\n{"of":"its own"}');
    expect(await judged(files)).toMatchObject({ health: 'clean', problems: [] });
  });

  it('the older Kinesis connector, whose ends are not looked at', async () => {
    const files = query(qubole, qubole.replace('"1"', '"2"'));
    const clean = { health: 'clean', problems: ['not-checked sources/0'], kind: 'kinesis' };
    expect(await judged(files)).toEqual(clean);
    expect(await isStopped(files)).toBe(false);
    const read = await readCheckpoint(files);
    // Where it goes on lies in its own files.
    expect(read.ok && read.value.resume).toEqual([]);
    const again = await readCheckpoint(files.drop('commits/1'));
    expect(again.ok && again.value.resume[0]).toMatchObject({
      stream: 's',
      partitions: [{ id: 'shardId-000000000000', position: '495' }],
    });
  });

  it('one that changes its form', async () => {
    for (const [before, last] of [
      ['5', '{"shard-a":{"0":5}}'],
      ['{"shard-a":{"pos":17}}', '{"shard-a":{"0":5}}'],
    ] as const)
      expect(await judged(query(before, last))).toMatchObject({ health: 'clean', problems: [] });
    const seam = await auditSeam(query('{"shard-a":{"0":5}}', '{"shard-a":{"pos":17}}'), 0);
    expect(seam).toEqual({ ok: true, value: [] });
    expect(await auditSeam(query(kafka, '{"orders":{"0":5}}'), 0)).toMatchObject({
      value: [{ kind: 'vanished' }],
    });
    // A file source reads both.
    const files = MemoryFiles.of('file-stateless');
    files.put('offsets/9', files.text('offsets/9').replace('{"logOffset":9}', '9'));
    expect(await judged(files)).toMatchObject({ kind: 'file', problems: [] });
  });

  it('what the parser of Kafka takes of an offset written by hand', async () => {
    for (const line of [
      '{"orders":{"0":5.7}}',
      '{"orders":{"0":null}}',
      '{"orders":{"00":5}}',
      '{"orders":{}}',
      '{}',
    ])
      expect(await isStopped(query(kafka, line)), line).toBe(false);
  });
});

describe('an offset that its source cannot read stops the start', () => {
  const damaged = (path: string) => ({ health: 'corrupt', problems: [`source-offset-damaged ${path}`] });

  it.each([
    ['cut off, of Kafka before', kafka, '{"orders":{"0":5,'],
    ['cut in its first name', kafka, '{"or'],
    ['cut off, of a source that is not known', '{"state":{"lsn":12.5}}', '{"state":{"ls'],
    ['no JSON inside, and no batch tells what it is', 'abc', '{"orders"x{"0":5}}'],
    ['text in place of an offset of Kafka', kafka, '{"orders":{"0":"5"}}'],
    ['a name in place of a partition of Kafka', kafka, '{"orders":{"p":5}}'],
    ['a number in place of topics', kafka, '5'],
    ['text in place of topics', kafka, 'abc'],
    ['a file source without its number', '{"logOffset":1}', '{"logOffsat":1}'],
    ['a stream of Kinesis without its shards', qubole, '{}'],
    ['shards of Kinesis without a stream', qubole, `{"shardId-000000000000":${shard}}`],
    [
      'some shards as another connector writes them',
      qubole,
      `${qubole.slice(0, -1)},"shardId-000000000001":{"isLast":"true"}}`,
    ],
  ])('%s', async (_, before, last) => {
    const files = query(before, last);
    files.put('sources/0/0', 'v1').put('sources/0/1', 'v1');
    expect(await judged(files)).toMatchObject(damaged('offsets/1'));
    expect(await isStopped(files)).toBe(true);
  });

  it('in the batch before too, where it is read: of files always, of others while a batch is in flight', async () => {
    const files = query('{"logOffsat":0}', '{"logOffset":1}')
      .put('sources/0/0', 'v1')
      .put('sources/0/1', 'v1');
    expect(await judged(files)).toMatchObject(damaged('offsets/0'));
    const topics = query('{"orders":{"p":5}}', kafka);
    expect(await judged(topics)).toMatchObject({ health: 'clean', problems: [] });
    expect(await judged(topics.drop('commits/1'))).toMatchObject(damaged('offsets/0'));
  });

  it('in batch 0, where what the source keeps beside it tells what it is', async () => {
    const first = (line: string, kept: Readonly<Record<string, string>>) => {
      const files = query(line).drop('offsets/1').drop('commits/1');
      for (const [path, text] of Object.entries(kept)) files.put(path, text);
      return files;
    };
    const end = '{"shardId":"shardId-000000000000"}';
    for (const kept of [
      { 'sources/0/0': `\0v1\n${kafka}` },
      { 'sources/0/0': 'v1\n{"path":"s3://b/a","timestamp":1,"batchId":0}' },
      { 'sources/0/shard-source/0/shardId-000000000000': end },
    ])
      expect(await judged(first('x"orders":{"0":5}}', kept))).toMatchObject(damaged('offsets/0'));
    expect(await judged(first('x"orders":{"0":5}}', { 'sources/0/0': 'v1\nits own' }))).toMatchObject({
      health: 'clean',
      kind: 'other',
    });
  });
});
