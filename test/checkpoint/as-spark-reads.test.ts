import { describe, expect, it } from 'vitest';
import { inspectCheckpoint } from '../../src/checkpoint/inspect.ts';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { MemoryFiles } from './support.ts';

/** Health, and code and path of each problem. */
async function judged(files: MemoryFiles): Promise<readonly string[]> {
  const read = await readCheckpoint(files);
  const { health, problems } = read.ok ? read.value : expect.fail(read.message);
  return [health, ...problems.map(({ code, path }) => `${code} ${path}`)];
}

const files11 = () => MemoryFiles.of('file-stateful-hdfs');
/** Batch 11 is the last one, whose text is changed. */
const changed = (path: string, change: (text: string) => string) =>
  files11().put(path, change(files11().text(path)));
const shown = (text: string) => JSON.stringify(text);

// What Spark does with each of these was asked of its own classes: 4.1.1 was run on them.
describe('the version of a log', () => {
  const logs = ['offsets/11', 'offsets/10', 'commits/11', 'sources/0/11'];
  const damage = (path: string) =>
    `${path.startsWith('sources') ? 'source-log' : path.split('/')[0]?.replace('commits', 'commit')}-damaged ${path}`;

  it.each(['\uFEFFv1', '\u00A0v1', 'v1\u2028', 'v1\u00A0', 'v-1', 'v0', 'V1', 'v1.0', 'v99999999999'])(
    'is refused everywhere: %j',
    async (version) => {
      for (const path of logs)
        expect(await judged(changed(path, (text) => text.replace('v1', version))), path).toEqual([
          'corrupt',
          damage(path),
        ]);
    },
  );

  it.each([' v1', 'v1 ', 'v1\t', '\0v1', 'v1\v'])('is refused but in a commit: %j', async (version) => {
    for (const path of logs)
      expect(await judged(changed(path, (text) => text.replace('v1', version))), path).toEqual(
        path === 'commits/11' ? ['clean'] : ['corrupt', damage(path)],
      );
  });

  it.each(['v+1', 'v01'])('is read as Java reads a number: %s', async (version) => {
    for (const path of logs)
      expect(await judged(changed(path, (text) => text.replace('v1', version))), path).toEqual(['clean']);
  });
});

describe('the lines of a log', () => {
  it('end at a carriage return, too', async () => {
    for (const end of ['\r', '\r\n'])
      for (const path of ['offsets/11', 'offsets/10', 'commits/11', 'sources/0/11'])
        expect(await judged(changed(path, (text) => text.replaceAll('\n', end))), path).toEqual(['clean']);
    const cut = (path: string) => judged(changed(path, (text) => text.replace('{', '{\r')));
    expect(await cut('offsets/11')).toEqual(['corrupt', 'offsets-damaged offsets/11']);
    expect(await cut('commits/11')).toEqual(['corrupt', 'commit-damaged commits/11']);
    expect(await cut('sources/0/11')).toEqual(['corrupt', 'source-log-damaged sources/0/11']);
  });

  it('may have text behind their object, and none before it', async () => {
    const paths = ['metadata', 'offsets/11', 'offsets/10', 'commits/11', 'sources/0/11'];
    for (const behind of ['x', '}', '{}', '\u00A0', '\uFEFF', ' {"a":'])
      for (const path of paths)
        expect(await judged(changed(path, (text) => text.trimEnd() + behind)), path + shown(behind)).toEqual([
          'clean',
        ]);
    for (const before of ['\u00A0{', '\uFEFF{', 'x{', '\v{'])
      for (const path of ['metadata', 'commits/11', 'sources/0/11'])
        expect((await judged(changed(path, (text) => text.replace('{', before))))[0], path).toBe('corrupt');
    // Of the settings alone Spark trims the line.
    expect(await judged(changed('offsets/11', (text) => text.replace('{', '\v\0{')))).toEqual(['clean']);
    expect(await judged(changed('offsets/11', (text) => text.replace('{', '\u00A0{')))).toEqual([
      'corrupt',
      'offsets-damaged offsets/11',
    ]);
  });

  it('may write a time as a fraction or as null, and not as text', async () => {
    const watermark = (value: string) =>
      judged(
        changed('offsets/11', (text) =>
          text.replace(/"batchWatermarkMs":\d+/, `"batchWatermarkMs":${value}`),
        ),
      );
    for (const value of ['1795377269710.5', '1795377269710', 'null'])
      expect((await watermark(value))[0], value).toBe('clean');
    for (const value of ['"5"', '{}', 'true', 'NaN'])
      expect(await watermark(value), value).toEqual(['corrupt', 'offsets-damaged offsets/11']);
  });

  it('may hold in metadata what is not UTF-8', async () => {
    const files = files11();
    const text = files.text('metadata').replace('}', ',"x":"?"}');
    files.bytes.set(
      'metadata',
      Buffer.from(text).map((byte) => (byte === 0x3f ? 0xff : byte)),
    );
    expect(await judged(files)).toEqual(['clean']);
  });
});

describe('a name in offsets or commits', () => {
  const named = (name: string) => {
    const folder = name.split('/')[0];
    return files11().put(name, files11().text(`${folder}/11`));
  };

  it.each(['99999999999999999999', '-2', '007', '+3', '9.compact', ' 12', '1e3', '0x5', '.12.crc', '12.bak'])(
    'is nothing to Spark, or no later batch: %j',
    async (name) => {
      expect(await judged(named(`offsets/${name}`))).toEqual(['clean']);
      expect(await judged(named(`commits/${name}`))).toEqual(['clean']);
    },
  );

  it.each(['+13', '012', '9007199254740993'])('stands for a later batch: %s', async (name) => {
    const files = named(`offsets/${name}`);
    expect(await judged(files)).toEqual(['corrupt', `offsets-damaged offsets/${name}`]);
    expect(await inspectCheckpoint(files)).toMatchObject({ value: { fault: { path: `offsets/${name}` } } });
    expect(await judged(named(`commits/${name}`))).toEqual(['corrupt', `commit-damaged commits/${name}`]);
  });

  it('of a folder is no batch, wherever it stands', async () => {
    expect(await judged(named('offsets/12/x'))).toEqual(['clean']);
    expect(await judged(named('commits/12/x'))).toEqual(['clean']);
    const folder = (path: string) => files11().drop(path).put(`${path}/x`, 'x');
    expect(await judged(folder('offsets/10'))).toEqual(['corrupt', 'offset-gap offsets/10']);
    expect(await judged(folder('commits/11'))).toEqual(['in-flight']);
  });

  it('of a folder in place of metadata is one that Spark cannot open', async () => {
    const files = files11().drop('metadata').put('metadata/x', 'x');
    expect(await judged(files)).toEqual(['corrupt', 'metadata-damaged metadata']);
    expect(await judged(new MemoryFiles().put('metadata/x', 'x'))).toContain('metadata-damaged metadata');
  });
});

describe('a name in the log of a file source', () => {
  const renamed = (from: string, to: string) => {
    const files = files11();
    const text = files.text(`sources/0/${from}`);
    return files.drop(`sources/0/${from}`).put(`sources/0/${to}`, text);
  };
  const missing = (name: string) => ['corrupt', `source-log-missing sources/0/${name}`];

  it.each([
    ['0', '8.compact'],
    ['1', '7.compact'],
    ['2', '6.compact'],
    ['3', '11.compact'],
    ['5', '11.compact'],
    ['7', '11.compact'],
    ['10', '11.compact'],
  ])('tells the interval, so that %s as a compact log hides %s', async (name, hidden) => {
    expect(await judged(renamed(name, `${name}.compact`))).toEqual(missing(hidden));
  });

  it.each(['4', '11'])('may tell another interval under which all is there: %s', async (name) => {
    expect(await judged(renamed(name, `${name}.compact`))).toEqual(['clean']);
  });

  it('without its ending hides a compact log', async () => {
    expect(await judged(renamed('9.compact', '9'))).toEqual(missing('9.compact'));
    expect(await judged(files11().put('sources/0/9', files11().text('sources/0/8')))).toEqual(['clean']);
  });

  it('stands for a later batch only where Spark finds it under that name', async () => {
    expect(await judged(renamed('11', '+11'))).toEqual(missing('11'));
    expect(await judged(files11().put('sources/0/+12', 'v1'))).toEqual(missing('12'));
    for (const name of ['-1', '007', '99999999999999999999', '12/x'])
      expect(await judged(files11().put(`sources/0/${name}`, 'v1')), name).toEqual(['clean']);
  });

  it('is as another setting of the interval has it', async () => {
    const text = files11().text('sources/0/8');
    const log = (batch: number) => text.replaceAll('"batchId":8', `"batchId":${batch}`);
    const every = (interval: number, batches: number, kept = 0) => {
      const files = files11().drop('sources');
      for (let batch = kept; batch < batches; batch += 1)
        files.put(`sources/0/${batch}${(batch + 1) % interval === 0 ? '.compact' : ''}`, log(batch));
      for (const batch of [10, 11])
        files.put(
          `offsets/${batch}`,
          files.text(`offsets/${batch}`).replace(/\d+\}$/, `${batch + batches - 12}}`),
        );
      return files;
    };
    for (const files of [
      every(100, 30),
      every(5, 13),
      every(12, 12),
      every(60, 119, 59),
      every(10, 119, 109),
    ])
      expect(await judged(files), [...files.bytes.keys()].join()).toEqual(['clean']);
    expect(await judged(every(100, 30).drop('sources/0/3'))).toEqual(missing('3'));
    expect(await judged(every(10, 30).drop('sources/0/19.compact').put('sources/0/19', log(19)))).toEqual(
      missing('29'),
    );
    expect(await judged(every(10, 30).drop('sources/0/29.compact').put('sources/0/29', log(29)))).toEqual(
      missing('29.compact'),
    );
  });
});
