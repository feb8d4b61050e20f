import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { Host } from '../../src/cli/host.ts';
import { startS3 } from '../../src/local/s3.ts';
import { ObjectStore } from '../../src/world/object-store.ts';
import { fixtureNames, fixturesRoot, metaOf } from '../checkpoint/support.ts';
import { cli } from './support.ts';

const fixture = (name: string) => join(fixturesRoot, name);
const filesOf = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** A copy of a fixture that may be spoilt. */
function copyOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'checkpilot-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(fixture(name), folder, { recursive: true });
  return folder;
}

/** Our S3 server with fixtures under `data/cp/<name>/`, and what the command needs to find it. */
async function s3With(...names: readonly string[]) {
  const objects = new ObjectStore({ clock: systemClock, buckets: ['data'] });
  for (const name of names)
    for (const file of filesOf(fixture(name)))
      objects.put(`data/cp/${relative(fixturesRoot, file)}`, readFileSync(file), 'world');
  const server = await startS3({ clock: systemClock, store: objects });
  onTestFinished(() => server.close());
  const host: Partial<Host> = {
    env: { AWS_ENDPOINT_URL_S3: server.url, AWS_REGION: 'eu-west-1' },
    aws: { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, retries: 'none' },
  };
  return { objects, host };
}

describe('checkpoint PATH --json', () => {
  const fields = [
    'health',
    'queryId',
    'plannedBatch',
    'committedBatch',
    'inFlight',
    'watermarkMs',
    'frozen',
    'sources',
    'problems',
  ];

  it.each(fixtureNames)('prints the agreed fields and exits 0, whatever the damage: %s', async (name) => {
    const meta = metaOf(name);
    const { code, out, err } = await cli(['checkpoint', fixture(name), '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const document = JSON.parse(out);
    expect(Object.keys(document).toSorted()).toEqual(fields.toSorted());
    expect(document).toMatchObject({ queryId: meta.queryId, plannedBatch: meta.lastPlannedBatch });
  });

  it('gives positions as they are written', async () => {
    const json = async (name: string) => JSON.parse((await cli(['checkpoint', fixture(name), '--json'])).out);
    const [kafka] = (await json('kafka-4p')).sources;
    expect(kafka).toEqual({
      kind: 'kafka',
      stream: 't4',
      partitions: ['0', '1', '2', '3'].map((id) => ({ id, position: 125, positionType: 'OFFSET' })),
    });
    const [kinesis] = (await json('kinesis-planned-uncommitted')).sources;
    const [offset = {}] = metaOf('kinesis-planned-uncommitted').offsetsAtLastPlanned;
    const { metadata: _, ...shards } = offset as Record<
      string,
      { iteratorPosition: string; iteratorType: string }
    >;
    const wanted = Object.entries(shards)
      .map(([id, { iteratorPosition: position, iteratorType: positionType }]) => ({
        id,
        position,
        positionType,
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(kinesis).toEqual({ kind: 'kinesis', stream: 's1', partitions: wanted });
    const [file] = (await json('file-stateful-hdfs')).sources;
    expect(file).toEqual({
      kind: 'file',
      stream: null,
      partitions: [{ id: '0', position: 11, positionType: 'LOG_OFFSET' }],
    });
  });

  it('says the same of a checkpoint in S3 as of its copy in a folder', async () => {
    const { host } = await s3With(...fixtureNames);
    for (const name of fixtureNames) {
      const inFolder = await cli(['checkpoint', fixture(name), '--json']);
      expect(await cli(['checkpoint', `s3a://data/cp/${name}/`, '--json'], host), name).toEqual(inFolder);
    }
  });

  it('calls a prefix without anything empty, and says that the spelling may be wrong', async () => {
    const { host } = await s3With();
    const { code, out } = await cli(['checkpoint', 's3://data/none', '--json'], host);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      health: 'empty',
      plannedBatch: null,
      problems: [{ code: 'nothing-there' }],
    });
  });
});

describe('checkpoint PATH', () => {
  it('tells people what Spark would do, and how to mend what is wrong', async () => {
    const { code, out } = await cli(['checkpoint', 'corrupt-empty-commit'], { cwd: fixturesRoot });
    expect(code).toBe(0);
    expect(out).toMatch(/^health +corrupt: Spark would fail/m);
    expect(out).toMatch(/^batches +planned 11, committed 11$/m);
    expect(out).toMatch(/^file +0 +LOG_OFFSET +11$/m);
    expect(out).toMatch(
      /corrupt {2}commit-damaged {2}commits\/11\n.*it is empty; Spark refuses.*\n +To mend it: /,
    );
  });

  it('calls a folder in place of metadata damage, as Spark cannot open it', async () => {
    const folder = copyOf('kafka-4p');
    rmSync(join(folder, 'metadata'));
    mkdirSync(join(folder, 'metadata'));
    expect(await cli(['checkpoint', folder])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/corrupt.*metadata-damaged.*it is a folder/s),
    });
  });

  it('names the batch that comes next', async () => {
    const text = async (name: string) => (await cli(['checkpoint', fixture(name)])).out;
    expect(await text('kafka-4p')).toContain('clean: Spark would go on with batch 2');
    expect(await text('kinesis-planned-uncommitted')).toContain('in-flight: Spark would run batch 5 again');
    expect(await text('kafka-4p')).not.toContain('Problems');
  });

  it('takes file URIs', async () => {
    const { code, out } = await cli(['checkpoint', `file://${fixture('kafka-4p')}`]);
    expect({ code, isClean: out.includes('clean') }).toEqual({ code: 0, isClean: true });
  });

  it('shows the first positions of very many', async () => {
    const folder = copyOf('kafka-4p');
    const [version, metadata] = readFileSync(join(folder, 'offsets/1'), 'utf8').split('\n');
    const offsets = Object.fromEntries(Array.from({ length: 100 }, (_, id) => [id, id]));
    writeFileSync(join(folder, 'offsets/1'), [version, metadata, JSON.stringify({ t4: offsets })].join('\n'));
    expect((await cli(['checkpoint', folder])).out).toContain('60 more, with --json');
  });
});

describe('checkpoint of what cannot be read exits 1 and says where, what and how to mend it', () => {
  it.each([
    ['nowhere', 'nowhere: there is no such folder; name the folder or s3:// URI of a checkpoint\n'],
    [
      'kafka-4p/metadata',
      'kafka-4p/metadata: this is a file; name the folder that holds offsets/ and commits/\n',
    ],
    [
      'hdfs://namenode/cp',
      'hdfs://namenode/cp: neither a folder nor an s3:// URI; copy the checkpoint to one of them\n',
    ],
    ['s3://', 's3://: not an s3 location\n'],
  ])('%s', async (path, err) => {
    expect(await cli(['checkpoint', path], { cwd: fixturesRoot })).toEqual({ code: 1, out: '', err });
  });

  it('a folder over several checkpoints, by naming them', async () => {
    const { code, err } = await cli(['checkpoint', fixturesRoot]);
    expect(code).toBe(1);
    expect(err).toContain(`no checkpoint itself, but holds ${fixtureNames.length}; name one of them:\n`);
    for (const name of fixtureNames) expect(err).toContain(`  ${fixture(name)}\n`);
    const { host } = await s3With('kafka-4p', 'file-stateless');
    expect(await cli(['checkpoint', 's3://data/cp'], host)).toMatchObject({
      code: 1,
      err: 's3://data/cp: no checkpoint itself, but holds 2; name one of them:\n  s3://data/cp/file-stateless\n  s3://data/cp/kafka-4p\n',
    });
  });

  it('the inside of a checkpoint', async () => {
    const { code, err } = await cli(['checkpoint', join(fixture('kafka-4p'), 'offsets')]);
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('name the folder above it'),
    });
  });

  it('a bucket that is not there, and a server that does not answer', async () => {
    const { host } = await s3With();
    const missing = await cli(['checkpoint', 's3://elsewhere/cp'], host);
    expect(missing).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/s3:\/\/elsewhere\/cp cannot be read: .*\n.*spelling/),
    });
    const down = await cli(['checkpoint', 's3://data/cp', '--endpoint-url', 'http://127.0.0.1:1'], host);
    expect(down).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/no connection .*\nCheck the network/),
    });
  });
});

it('changes nothing under a checkpoint, in a folder or in S3', async () => {
  const folder = copyOf('kinesis-planned-uncommitted');
  const state = () =>
    filesOf(folder).map((file) => [file, statSync(file).mtimeMs, readFileSync(file, 'hex')]);
  const before = state();
  await cli(['checkpoint', folder]);
  expect(state()).toEqual(before);
  const { host, objects } = await s3With('kinesis-planned-uncommitted');
  const written: string[] = [];
  const [put, drop] = [objects.put.bind(objects), objects.delete.bind(objects)];
  objects.put = (...args) => {
    written.push(args[0]);
    return put(...args);
  };
  objects.delete = (...args) => {
    written.push(args[0]);
    return drop(...args);
  };
  expect(await cli(['checkpoint', 's3://data/cp/kinesis-planned-uncommitted'], host)).toMatchObject({
    code: 0,
  });
  expect(written).toEqual([]);
});
