import { describe, expect, it } from 'vitest';
import { inFlightRange } from '../../src/checkpoint/in-flight.ts';
import { inspectCheckpoint } from '../../src/checkpoint/inspect.ts';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { MemoryFiles } from './support.ts';

describe('the batch in flight, in words', () => {
  it('is where it starts in each shard of Kinesis', async () => {
    const read = await inspectCheckpoint(MemoryFiles.of('kinesis-planned-uncommitted'));
    const { inFlight } = read.ok ? read.value : {};
    expect(inFlight?.batch).toBe(5);
    expect(inFlight?.range).toContain(
      's1 shardId-000000000002 from 49680469464159375134044222003351592601285088415328501794, s1 shardId-000000000003 from ',
    );
  });

  it('is the log of files from one to the next', async () => {
    const read = await inspectCheckpoint(MemoryFiles.of('file-stateful-planned-uncommitted'));
    expect(read).toMatchObject({ value: { inFlight: { batch: 3, range: 'file 0 from 2 to 3' } } });
  });

  it('is from the end of the batch before to its own end in each partition of Kafka that it reads', async () => {
    const files = MemoryFiles.of('kafka-4p').drop('commits/1');
    const lines = files.text('offsets/0').split('\n');
    files.put('offsets/0', [...lines.slice(0, 2), '{"t4":{"0":100,"1":125,"2":0,"3":125}}'].join('\n'));
    const read = await readCheckpoint(files);
    expect(read.ok && inFlightRange(read.value)).toBe('t4 0 from 100 to 125, t4 2 from 0 to 125');
  });

  it('is nothing when all is committed', async () => {
    expect(await inspectCheckpoint(MemoryFiles.of('file-stateless'))).toEqual({
      ok: true,
      value: { health: 'clean' },
    });
  });
});
