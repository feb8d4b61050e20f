import { describe, expect, it } from 'vitest';
import { S3CheckpointFiles } from '../../src/aws/s3-checkpoint-files.ts';
import { localS3 } from './s3-support.ts';
import { clientsOf, scripted } from './scripted-server.ts';

const msMax = 60_000;

async function filesWith(objects: Readonly<Record<string, string>>, location = 's3://data/cp') {
  const local = await localS3();
  for (const [key, body] of Object.entries(objects)) local.objects.put(`data/${key}`, body, 'world');
  const files = S3CheckpointFiles.at(local.s3, location, msMax);
  return files.ok ? files.value : expect.fail(files.message);
}

describe('a listing', () => {
  const objects = {
    'cp/metadata': 'm',
    'cp/state/0/0/1.delta': 'abc',
    'cp/state/0/1/1.delta': '',
    'cp-2/x': '',
  };

  const modifiedMs = expect.any(Number);

  it('tells what is directly in a folder, and its folders', async () => {
    const files = await filesWith(objects);
    expect(await files.list('', 'direct')).toEqual({
      ok: true,
      value: { files: [{ name: 'metadata', sizeBytes: 1, modifiedMs }], folders: ['state'], isCut: false },
    });
  });

  it('tells all that is below a folder, with sizes', async () => {
    const files = await filesWith(objects);
    expect(await files.list('state', 'deep')).toEqual({
      ok: true,
      value: {
        files: [
          { name: '0/0/1.delta', sizeBytes: 3, modifiedMs },
          { name: '0/1/1.delta', sizeBytes: 0, modifiedMs },
        ],
        folders: [],
        isCut: false,
      },
    });
    expect(await files.list('none', 'deep')).toMatchObject({ ok: true, value: { files: [] } });
  });

  it('works at the root of a bucket', async () => {
    const files = await filesWith({ 'offsets/1': 'a' }, 's3a://data/');
    expect(files.location).toBe('s3://data');
    expect(await files.list('offsets', 'direct')).toMatchObject({ value: { files: [{ name: '1' }] } });
  });

  it('ends after 5 pages of a folder and 50 below one', async () => {
    const body =
      '<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>';
    const endless = await scripted({ status: 200, body, headers: { 'content-type': 'application/xml' } });
    const files = S3CheckpointFiles.at(clientsOf(endless).s3, 's3://data/cp', msMax);
    if (!files.ok) expect.fail(files.message);
    expect(await files.value.list('offsets', 'direct')).toMatchObject({ ok: true, value: { isCut: true } });
    expect(endless.requests).toHaveLength(5);
    await files.value.list('state', 'deep');
    expect(endless.requests).toHaveLength(55);
  });
});

describe('a read', () => {
  it('gives a whole file, the start of a larger one, and says what is not there', async () => {
    const files = await filesWith({
      'cp/offsets/1': 'v1\nabc',
      'cp/large': 'x'.repeat(3_000_000),
      'cp/none': '',
    });
    const text = async (path: string, bytesMax: number) => {
      const read = await files.read(path, bytesMax);
      return read.ok ? [Buffer.from(read.value.bytes).toString(), read.value.isCut] : read.code;
    };
    expect(await text('offsets/1', 6)).toEqual(['v1\nabc', false]);
    expect(await text('offsets/1', 5)).toEqual(['v1\nab', true]);
    expect(await text('large', 10)).toEqual(['x'.repeat(10), true]);
    expect(await text('none', 10)).toEqual(['', false]);
    expect(await text('offsets/2', 10)).toBe('not-found');
  });

  it('is unavailable when the connection breaks', async () => {
    const broken = await scripted('reset');
    const files = S3CheckpointFiles.at(clientsOf(broken, { retries: 'none' }).s3, 's3://data/cp', msMax);
    expect(files.ok && (await files.value.read('metadata', 10))).toMatchObject({
      ok: false,
      code: 'unavailable',
    });
  });
});

describe('an answer whose body never ends', () => {
  const answers = ['stalls', 'drips'] as const;

  it.each(answers)('is unavailable when the time for all calls together is over: %s', async (endless) => {
    const xml = '<?xml version="1.0"?><ListBucketResult>';
    for (const body of [xml, 'v1']) {
      const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' };
      const server = await scripted({ status: 200, body, endless, headers });
      const client = clientsOf(server, { timeouts: { connectMs: 1_000, requestMs: 30_000 } }).s3;
      const files = S3CheckpointFiles.at(client, 's3://data/cp', 300);
      if (!files.ok) expect.fail(files.message);
      const answer = await (body === xml
        ? files.value.list('offsets', 'direct')
        : files.value.read('offsets/1', 1_000_000));
      const message = 's3://data/cp: not read within 0.3 s';
      expect(answer).toEqual({ ok: false, code: 'unavailable', message });
      // Nor is there any time left for another.
      expect(await files.value.read('metadata', 10)).toEqual(answer);
      expect(server.requests).toHaveLength(1);
    }
  });

  it('is given up where nothing moves for as long as a request may take', async () => {
    for (const headers of [{}, { 'x-amz-checksum-crc32': 'AAAAAA==' }]) {
      const server = await scripted({ status: 200, body: 'v1', endless: 'stalls', headers });
      const files = S3CheckpointFiles.at(clientsOf(server, { retries: 'none' }).s3, 's3://data/cp', msMax);
      expect(files.ok && (await files.value.read('offsets/1', 10))).toMatchObject({
        ok: false,
        code: 'unavailable',
      });
    }
  });
});

it('is at an s3 location only', async () => {
  const { s3 } = await localS3();
  expect(S3CheckpointFiles.at(s3, 'hdfs://namenode/cp', msMax)).toMatchObject({
    ok: false,
    code: 'malformed',
  });
});
