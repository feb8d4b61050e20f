import { describe, expect, it } from 'vitest';
import { type ReadOptions, readCheckpoint } from '../../src/checkpoint/read.ts';
import { fixtureNames, MemoryFiles } from './support.ts';

/** Health, and code and path of each problem. */
async function judged(files: MemoryFiles, options?: ReadOptions) {
  const answer = await readCheckpoint(files, options);
  const { health, problems } = answer.ok ? answer.value : expect.fail(answer.message);
  return [health, ...problems.map(({ code, path }) => `${code} ${path}`)];
}

const stateful = () => MemoryFiles.of('file-stateful-hdfs');
const kinesis = () => MemoryFiles.of('kinesis-2-shards');
const killed = () => MemoryFiles.of('kinesis-planned-uncommitted');
const offsets11 = stateful().text('offsets/11');

/** A planned batch of a rate source. */
const rate = (seconds: number) =>
  [...MemoryFiles.of('kafka-4p').text('offsets/1').split('\n').slice(0, 2), seconds].join('\n');

describe('what Spark refuses is corrupt or incompatible', () => {
  it.each([
    ['empty offsets', stateful().put('offsets/11', ''), 'offsets-damaged offsets/11'],
    ['no line after the version', stateful().put('offsets/11', 'v1\n'), 'offsets-damaged offsets/11'],
    [
      'an empty line of metadata',
      MemoryFiles.of('kafka-4p').put('offsets/1', 'v1\n\n{"t4":{"0":125}}\n'),
      'offsets-damaged offsets/1',
    ],
    [
      'a join without one of its partitions',
      stateful().put('state/1/0/left-keyToNumValues/12.snapshot', 'x'),
      'state-missing state/1/1',
    ],
    [
      'a start of a rate that is cut',
      MemoryFiles.of('kafka-4p')
        .put('offsets/0', rate(3))
        .put('offsets/1', rate(5))
        .put('sources/0/0', 'v1\n'),
      'source-log-damaged sources/0/0',
    ],
    ['no source', stateful().put('offsets/11', 'v1\n{}\n'), 'offsets-damaged offsets/11'],
    ['damaged offsets before the last', stateful().put('offsets/10', 'v1\n{}'), 'offsets-damaged offsets/10'],
    ['no version', stateful().put('offsets/11', offsets11.slice(1)), 'offsets-damaged offsets/11'],
    ['a commit that is cut', stateful().put('commits/11', 'v1\n{"next'), 'commit-damaged commits/11'],
    ['a gap before the last batch', stateful().drop('offsets/10'), 'offset-gap offsets/10'],
    ['offsets behind commits', stateful().drop('offsets/11'), 'offsets-behind-commits offsets'],
    [
      'commits without offsets',
      stateful().drop('offsets').drop('sources').drop('state'),
      'offsets-behind-commits offsets',
    ],
    ['an id that is none', stateful().put('metadata', '{"id":"x"}'), 'metadata-damaged metadata'],
    ['an empty id', stateful().put('metadata', ''), 'metadata-damaged metadata'],
    ['no compact log', stateful().drop('sources/0/9.compact'), 'source-log-missing sources/0/9'],
    ['a log that is cut', stateful().put('sources/0/10', 'v1\n{"pa'), 'source-log-damaged sources/0/10'],
    ['an empty delta', stateful().put('state/0/1/12.delta', ''), 'state-missing state/0/1'],
    ['a partition without state', stateful().drop('state/0/1'), 'state-missing state/0/1'],
    ['no state under a watermark', stateful().drop('state'), 'state-gone state'],
    [
      'another kind of source',
      stateful().put('offsets/11', offsets11.replace('{"logOffset":11}', '{"t":{"0":1}}')),
      'sources-differ offsets/11',
    ],
    ['one source more', stateful().put('offsets/11', `${offsets11}\n-`), 'sources-differ offsets/11'],
    [
      'other partitions than the state',
      stateful().put('offsets/11', offsets11.replace('partitions":"2"', 'partitions":"1"')),
      'settings-changed offsets',
    ],
    ['no ends of shards', kinesis().drop('sources'), 'source-log-missing sources/0/shard-source/0'],
    [
      'no ends of the last committed batch',
      killed().drop('sources/0/shard-source/4'),
      'source-log-missing sources/0/shard-source/4',
    ],
    [
      'an end that is cut',
      kinesis().put('sources/0/shard-source/0/shardId-000000000001', '{"sh'),
      'source-log-damaged sources/0/shard-source/0/shardId-000000000001',
    ],
    [
      'a shard without isLast',
      kinesis().put('offsets/0', kinesis().text('offsets/0').replace('"isLast":"true",', '')),
      'source-offset-damaged offsets/0',
    ],
    [
      'a start of batch 0 that is cut',
      MemoryFiles.of('kafka-4p').drop('commits').drop('offsets/1').put('sources/0/0', '\0v1\n{"t'),
      'source-log-damaged sources/0/0',
    ],
  ])('%s', async (_, files, found) => {
    expect(await judged(files)).toEqual(['corrupt', found]);
  });

  it('log versions that Spark 3.5 does not know', async () => {
    const newer = (path: string) => stateful().put(path, stateful().text(path).replace('v1', 'v99'));
    for (const path of ['offsets/11', 'offsets/10', 'commits/11', 'sources/0/11'])
      expect(await judged(newer(path))).toEqual(['incompatible', `log-version-unsupported ${path}`]);
  });

  it('damage weighs more than another version', async () => {
    const files = stateful().put('commits/11', 'v2\n{}').put('metadata', '');
    expect((await judged(files))[0]).toBe('corrupt');
  });
});

describe('what Spark accepts is sound', () => {
  it.each([
    [
      'one number without a start time, as of a socket',
      MemoryFiles.of('kafka-4p').put('offsets/0', rate(3)).put('offsets/1', rate(5)).drop('sources'),
      ['clean', 'not-checked sources/0/0'],
    ],
    ['missing last commits', stateful().drop('commits/11'), ['in-flight']],
    [
      'more missing commits',
      stateful().drop('commits/11').drop('commits/10'),
      ['in-flight', 'commits-behind commits'],
    ],
    ['no commits', stateful().drop('commits'), ['in-flight', 'commits-behind commits']],
    [
      'old batches that are purged',
      stateful().drop('offsets/0').drop('offsets/5').drop('commits/5'),
      ['clean'],
    ],
    [
      'a setting that is written as a number',
      stateful().put('offsets/11', offsets11.replace('partitions":"2"', 'partitions":2')),
      ['clean'],
    ],
    [
      'a rate that knows when it started',
      MemoryFiles.of('kafka-4p')
        .put('offsets/0', rate(3))
        .put('offsets/1', rate(5))
        .put('sources/0/0', 'v1\n1795424078741'),
      ['clean'],
    ],
    ['a commit without its second line', stateful().put('commits/11', 'v1\n'), ['clean']],
    [
      'a snapshot in place of deltas',
      stateful().put('state/0/0/11.snapshot', 'x').drop('state/0/0/5.delta'),
      ['clean'],
    ],
    [
      'an archive and what changed since',
      stateful()
        .drop('state/0/1')
        .put('state/0/1/10.zip', 'x')
        .put('state/0/1/11.changelog', 'x')
        .put('state/0/1/12.changelog', 'x'),
      ['clean'],
    ],
    [
      'stores with names, as of a join',
      stateful().put('state/1/0/left/12.snapshot', 'x').put('state/1/1/left/12.snapshot', 'x'),
      ['clean'],
    ],
    [
      'a state over everything in one partition',
      stateful().drop('state/0/1').put('state/0/0/_metadata/schema', '{"type":"struct","fields":[]}'),
      ['clean'],
    ],
    [
      'a source without an offset yet',
      stateful()
        .put('offsets/11', `${offsets11}\n-`)
        .put('offsets/10', `${stateful().text('offsets/10')}\n-`),
      ['clean'],
    ],
    [
      'a source log that is ahead',
      stateful().put('sources/0/12', stateful().text('sources/0/11')),
      ['clean'],
    ],
    [
      'a connector that has read nothing yet',
      kinesis()
        .drop('sources')
        .put('offsets/0', kinesis().text('offsets/0').replace('"batchId":"0"', '"batchId":"-1"')),
      ['clean'],
    ],
    [
      'some shards without an end',
      kinesis().drop('sources/0/shard-source/0/shardId-000000000001'),
      ['clean', 'shard-end-missing sources/0/shard-source/0'],
    ],
    ['no shard of the batch in flight begun', killed().drop('sources/0/shard-source/5'), ['in-flight']],
    [
      'offsets of Kafka that went back',
      MemoryFiles.of('kafka-4p').put(
        'offsets/0',
        MemoryFiles.of('kafka-4p').text('offsets/1').replaceAll(':125', ':900'),
      ),
      ['clean', 'offsets-went-back sources/0'],
    ],
    [
      'sources of a first run that died',
      stateful().drop('offsets').drop('commits').drop('state'),
      ['empty', 'log-gone offsets'],
    ],
    ['a query that never planned', new MemoryFiles().put('metadata', stateful().text('metadata')), ['empty']],
    ['nothing', new MemoryFiles(), ['empty', 'nothing-there ']],
  ])('%s', async (_, files, wanted) => {
    expect(await judged(files)).toEqual(wanted);
  });

  it('no ends of shards, when the connector keeps them in DynamoDB', async () => {
    const options = { kinesisCommitter: 'dynamodb' } as const;
    const files = kinesis().drop('sources');
    expect(await judged(files, options)).toEqual(['clean', 'shard-ends-elsewhere sources/0/shard-source/0']);
  });
});

describe('a read that fails', () => {
  it('is a failure, never a damage', async () => {
    for (const code of ['denied', 'throttled', 'unavailable'] as const) {
      const calls = MemoryFiles.of('kinesis-planned-uncommitted');
      await readCheckpoint(calls);
      for (const call of calls.calls) {
        const files = MemoryFiles.of('kinesis-planned-uncommitted');
        const path = call.slice('list '.length);
        files.failures.set(path, { ok: false, code, message: 'no' });
        expect(await readCheckpoint(files), call).toMatchObject({ ok: false, code });
      }
    }
  });

  it('is also one when what was listed is gone, or larger than any log of Spark', async () => {
    const gone = stateful();
    gone.failures.set('offsets/11', { ok: false, code: 'not-found', message: 'no' });
    expect(await readCheckpoint(gone)).toMatchObject({ ok: false, code: 'not-found' });
    const large = stateful().put('offsets/11', 'v1\n'.padEnd(5_000_000));
    expect(await readCheckpoint(large)).toMatchObject({
      ok: false,
      code: 'malformed',
      message: expect.stringContaining('memory/offsets/11: larger than'),
    });
  });
});

describe('what it costs', () => {
  it('is the same with many batches as with few', async () => {
    const few = MemoryFiles.of('kafka-4p');
    const many = MemoryFiles.of('kafka-4p');
    for (let batch = 2; batch <= 900; batch += 1)
      many.put(`offsets/${batch}`, few.text('offsets/1')).put(`commits/${batch}`, few.text('commits/1'));
    expect((await judged(few))[0]).toBe('clean');
    expect((await judged(many))[0]).toBe('clean');
    expect(few.calls).toHaveLength(7);
    expect(many.calls).toHaveLength(7);
  });

  it('is at most twelve reads of a log of files, and one for each shard', async () => {
    const files = stateful();
    files.drop('sources/0/9.compact').put('sources/0/9', files.text('sources/0/8'));
    for (let batch = 12; batch <= 200; batch += 1)
      files.put(`sources/0/${batch}`, files.text('sources/0/11'));
    await judged(files);
    expect(files.calls).toHaveLength(7 + 1 + 12);
    const shards = killed();
    await judged(shards);
    // Two listings of ends, and the two shards that the killed batch had read.
    expect(shards.calls).toHaveLength(7 + 2 + 2);
  });

  it('is bounded where a folder or a checkpoint has no end', async () => {
    const files = stateful();
    files.listedMax = 10;
    expect(await readCheckpoint(files)).toMatchObject({ ok: false, code: 'malformed' });
    files.listedMax = 20;
    expect(await judged(files)).toEqual(['clean', 'not-checked state']);
    const wide = kinesis();
    const [version = '', metadata = ''] = wide.text('offsets/0').split('\n');
    const line = wide.text('offsets/0').split('\n')[2] ?? '';
    wide.put('offsets/0', [version, metadata, ...Array.from({ length: 30 }, () => line)].join('\n'));
    const [, ...problems] = await judged(wide, { kinesisCommitter: 'dynamodb' });
    expect(problems.at(-1)).toBe('not-checked sources');
    expect(wide.calls.length).toBeLessThan(40);
  });

  it('is no deep nesting either', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const path of ['metadata', 'offsets/11', 'commits/11', 'sources/0/11'])
      expect((await judged(stateful().put(path, `v1\n${deep}\n${deep}`)))[0], path).toBe('corrupt');
  });
});

it('says in each problem where it is, what is wrong and what Spark does', async () => {
  for (const name of fixtureNames.filter((each) => each.startsWith('corrupt-'))) {
    const answer = await readCheckpoint(MemoryFiles.of(name));
    const problems = answer.ok ? answer.value.problems : [];
    expect(problems).toHaveLength(1);
    for (const { message, path } of problems) {
      expect(path).not.toBe('');
      expect(message).toMatch(/^[^;]{8,}; .*(?:refuses|fails)/);
    }
  }
});

describe('state whose files are named by ids (Spark 4, format 2)', () => {
  const version = 'log-version-unsupported commits/3';
  const spark4 = () => MemoryFiles.of('version-mismatch-spark41-state-v2-killed');
  const [id = ''] = /(?<="0":\[\[")[^"]+/.exec(spark4().text('commits/3')) ?? [];

  it('is whole where the last commit names a file that is there, whatever a killed batch left beside it', async () => {
    expect(await judged(spark4())).toEqual(['incompatible', version]);
  });

  // Spark 4.1.1 was run on a checkpoint with each of these.
  it.each<[string, MemoryFiles, readonly string[]]>([
    [
      'only another file of that version is left',
      spark4().drop(`state/0/0/4_${id}.changelog`).put('state/0/0/4_aaaaaaaa.changelog', 'x'),
      [version, `state-missing state/0/0/4_${id}`],
    ],
    [
      'a file that it builds on is gone',
      spark4().drop('state/0/0/2_0487da5b-bbc4-4c17-b58f-b6de80c20c69.changelog'),
      [version, 'state-missing state/0/0'],
    ],
    [
      'the commits that name the newest files are gone',
      spark4().drop('commits/3'),
      [
        'log-version-unsupported commits/2',
        'commits-behind commits',
        expect.stringMatching(/^state-missing state\/0\/0\/4_/),
        expect.stringMatching(/^state-missing state\/0\/1\/4_/),
      ],
    ],
  ])('is corrupt where %s', async (_case, files, problems) => {
    expect(await judged(files)).toEqual(['corrupt', ...problems]);
  });

  it('is damage before it is a newer version, where the commit is cut', async () => {
    expect(await judged(spark4().put('commits/3', 'v2\n{"nextBatch'))).toContain('commit-damaged commits/3');
  });
});
