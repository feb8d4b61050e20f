import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { auditSeam } from '../../src/checkpoint/seam.ts';
import type { ShardEndTable } from '../../src/checkpoint/shard-ends.ts';
import { oldestUnread } from '../../src/checkpoint/unread.ts';
import { MemoryFiles } from './support.ts';

/** The same checkpoint as its connector would have written it with a table: what lay in `shard-source` is there. */
function withTable(name: string): { files: MemoryFiles; table: ShardEndTable; rows: Map<string, string> } {
  const files = MemoryFiles.of(name);
  const rows = new Map<string, string>();
  for (const path of [...files.bytes.keys()]) {
    const [, key] = /^sources\/0\/shard-source\/(\d+\/shardId-\d+)$/.exec(path) ?? [];
    if (key !== undefined) rows.set(key, files.text(path));
  }
  files.drop('sources/0/shard-source');
  const table: ShardEndTable = {
    name: 'clicks',
    ends: async (batch, endsMax) => ({
      ok: true,
      value: [...rows]
        .filter(([key]) => key.startsWith(`${batch}/`))
        .slice(0, endsMax)
        .map(([key, text]) => ({ shard: key.split('/')[1] ?? '', text })),
    }),
  };
  return { files, table, rows };
}

describe('ends of shards in a DynamoDB table', () => {
  it.each(['kinesis-2-shards', 'kinesis-planned-uncommitted'])(
    'read %s as the folder beside it does',
    async (name) => {
      const { files, table } = withTable(name);
      const beside = await readCheckpoint(MemoryFiles.of(name));
      expect(await readCheckpoint(files, { shardEnds: table })).toEqual(beside);
    },
  );

  it('tell where the unread part of each shard begins', async () => {
    const { files, table } = withTable('kinesis-2-shards');
    const read = await readCheckpoint(files, { shardEnds: table });
    expect(read.ok && oldestUnread(read.value)[0]).toMatchObject({
      stream: 's1',
      id: 'shardId-000000000000',
      position: '49680469429504017095527633640776444979389919767606329346',
    });
  });

  it('that are gone are missed there, and named', async () => {
    const { files, table, rows } = withTable('kinesis-2-shards');
    rows.clear();
    expect(await readCheckpoint(files, { shardEnds: table })).toMatchObject({
      value: {
        health: 'corrupt',
        problems: [{ code: 'source-log-missing', path: 'table clicks, batch 0' }],
      },
    });
  });

  it('that cannot be read say nothing of the checkpoint', async () => {
    const { files } = withTable('kinesis-2-shards');
    const failure = { ok: false, code: 'denied', message: 'no right' } as const;
    const table = { name: 'clicks', ends: async () => failure };
    expect(await readCheckpoint(files, { shardEnds: table })).toEqual(failure);
  });

  it('are what the first batch after a start is compared with', async () => {
    const { files, table, rows } = withTable('kinesis-planned-uncommitted');
    expect(await auditSeam(files, 4, { shardEnds: table })).toEqual({ ok: true, value: [] });
    const key = '4/shardId-000000000002';
    const end = JSON.parse(rows.get(key) ?? '{}') as { iteratorPosition: string };
    rows.set(key, JSON.stringify({ ...end, iteratorPosition: String(BigInt(end.iteratorPosition) - 5n) }));
    expect(await auditSeam(files, 4, { shardEnds: table })).toMatchObject({
      value: [{ kind: 'skipped', id: 'shardId-000000000002' }],
    });
    expect(await auditSeam(files, 4)).toEqual({ ok: true, value: undefined });
  });
});
