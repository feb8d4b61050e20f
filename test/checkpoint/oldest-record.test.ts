import { describe, expect, it } from 'vitest';
import type { FileFailure } from '../../src/checkpoint/files.ts';
import { oldestRecord } from '../../src/checkpoint/oldest-record.ts';
import type { Shards, StreamShard } from '../../src/checkpoint/shards.ts';
import { MemoryFiles } from './support.ts';

const first = 'shardId-000000000000';
const second = 'shardId-000000000001';
const child = 'shardId-000000000002';
const open = (id: string, ...parents: readonly string[]): StreamShard => ({ id, parents, isClosed: false });
const no = (code: FileFailure['code']): FileFailure => ({ ok: false, code, message: 'no' });

/** A stream of which the first record behind each position came at this time; none where it is left out. */
function stream(
  arrivals: Readonly<Record<string, number | FileFailure>>,
  listed: readonly StreamShard[] | FileFailure = [open(first), open(second)],
): Shards & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    list: async () => ('ok' in listed ? listed : { ok: true, value: listed }),
    firstRecord: async (name, { id, positionType }) => {
      asked.push(`${name} ${id} ${positionType}`);
      const found = arrivals[id];
      return typeof found === 'object' ? found : { ok: true, value: found };
    },
  };
}

const ofKinesis = (shards: Shards) => oldestRecord(MemoryFiles.of('kinesis-2-shards'), { shards });

describe('the oldest record behind a checkpoint', () => {
  it('is the oldest of the first ones behind where each shard was left', async () => {
    const shards = stream({ [first]: 2_000, [second]: 1_000 });
    expect(await ofKinesis(shards)).toEqual({ ok: true, value: { batch: 0, arrivedMs: 1_000, shards: 2 } });
    expect(shards.asked.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      `${first} AFTER_SEQUENCE_NUMBER`,
      `${second} AFTER_SEQUENCE_NUMBER`,
    ]);
  });

  it('is none where no shard holds one', async () => {
    expect(await ofKinesis(stream({}))).toEqual({ ok: true, value: { batch: 0, shards: 2 } });
  });

  it('may lie in a shard that came out of a reshard and that no batch has read', async () => {
    const shards = stream({ [second]: 3_000, [child]: 2_500 }, [
      open(first),
      open(second),
      open(child, first),
    ]);
    expect(await ofKinesis(shards)).toMatchObject({ ok: true, value: { arrivedMs: 2_500, shards: 3 } });
    expect(shards.asked.at(-1)).toContain(`${child} TRIM_HORIZON`);
  });

  it('does not lie in a shard that is gone with all that it held', async () => {
    const shards = stream({ [first]: no('not-found'), [second]: 1_000 });
    expect(await ofKinesis(shards)).toMatchObject({ ok: true, value: { arrivedMs: 1_000 } });
  });

  it('is not told by part of the shards', async () => {
    expect(await ofKinesis(stream({ [first]: 2_000, [second]: no('denied') }))).toEqual(no('denied'));
    expect(await ofKinesis(stream({}, no('throttled')))).toEqual(no('throttled'));
    const many = Array.from({ length: 600 }, (_, index) =>
      open(`shardId-1${String(index).padStart(11, '0')}`, first),
    );
    expect(await ofKinesis(stream({}, many))).toMatchObject({ ok: false, message: /more than 512 shards/ });
  });

  it('is not told where the checkpoint reads no Kinesis stream, or has not begun', async () => {
    const untold = { ok: false, message: expect.stringContaining('cannot be told') };
    const shards = stream({});
    expect(await oldestRecord(MemoryFiles.of('kafka-4p'), { shards })).toMatchObject(untold);
    expect(await oldestRecord(new MemoryFiles(), { shards })).toMatchObject(untold);
    expect(shards.asked).toEqual([]);
  });

  it('passes on that the checkpoint itself cannot be read', async () => {
    const files = MemoryFiles.of('kinesis-2-shards');
    files.failures.set('offsets', no('unavailable'));
    expect(await oldestRecord(files, { shards: stream({}) })).toEqual(no('unavailable'));
  });
});
