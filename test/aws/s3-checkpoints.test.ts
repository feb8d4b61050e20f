import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { S3Checkpoints } from '../../src/aws/s3-checkpoints.ts';
import { localS3 } from './s3-support.ts';
import { clientsOf, scripted } from './scripted-server.ts';

async function checkpointsOver(...keys: readonly string[]) {
  const { objects, s3 } = await localS3();
  for (const key of keys) objects.put(`data/${key}`, '{}', 'world');
  return new S3Checkpoints(s3);
}

it('tells the last planned and the last committed batch', async () => {
  const checkpoints = await checkpointsOver(
    'cp/offsets/9',
    'cp/offsets/10',
    'cp/offsets/11',
    'cp/commits/9',
    'cp/commits/10',
  );
  const head = { ok: true, value: { committedBatch: 10, plannedBatch: 11 } };
  expect(await checkpoints.head('s3://data/cp')).toMatchObject(head);
  expect(await checkpoints.head('s3a://data//cp/')).toMatchObject(head);
});

it('reads a checkpoint that a real query left with a planned batch', async () => {
  const root = 'test/fixtures/checkpoints/kinesis-planned-uncommitted';
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const checkpoints = await checkpointsOver(
    ...names.map((entry) => `${entry.parentPath.replace(root, 'cp')}/${entry.name}`),
  );
  const head = await checkpoints.head('s3://data/cp');
  expect(head.ok && head.value.plannedBatch - head.value.committedBatch).toBe(1);
});

it('counts no leftover, no log and nothing deeper as a batch', async () => {
  const checkpoints = await checkpointsOver(
    'cp/offsets/3',
    'cp/offsets/.9.6e2b1f0a-0c1d-4a7e-9d2f-7a2f9e0f1b2c.tmp',
    'cp/offsets/.8.crc',
    'cp/offsets/7.compact',
    'cp/offsets/12.bak',
    'cp/offsets/99/part-0',
    'cp/commits/3',
    'cp/commits/.4.6e2b1f0a-0c1d-4a7e-9d2f-7a2f9e0f1b2c.tmp',
    'cp-other/offsets/50',
  );
  expect(await checkpoints.head('s3://data/cp')).toMatchObject({
    ok: true,
    value: { committedBatch: 3, plannedBatch: 3 },
  });
});

it('is before the first batch when there is nothing', async () => {
  const checkpoints = await checkpointsOver();
  expect(await checkpoints.head('s3://data/cp')).toMatchObject({
    ok: true,
    value: { committedBatch: -1, plannedBatch: -1 },
  });
});

it('finds the last of more batches than one listing holds', async () => {
  const numbers = Array.from({ length: 1_203 }, (_, index) => index);
  const checkpoints = await checkpointsOver(
    ...numbers.map((number) => `cp/offsets/${number}`),
    'cp/commits/1201',
  );
  expect(await checkpoints.head('s3://data/cp')).toMatchObject({
    ok: true,
    value: { committedBatch: 1_201, plannedBatch: 1_202 },
  });
});

it('reads a checkpoint at the root of a bucket', async () => {
  const checkpoints = await checkpointsOver('offsets/0', 'commits/0');
  expect(await checkpoints.head('s3://data')).toMatchObject({
    ok: true,
    value: { committedBatch: 0, plannedBatch: 0 },
  });
});

it('says when there is no such bucket, no right to list it, or no such place', async () => {
  const checkpoints = await checkpointsOver();
  expect(await checkpoints.head('s3://elsewhere/cp')).toMatchObject({ ok: false, code: 'not-found' });
  expect(await checkpoints.head('hdfs://namenode/cp')).toMatchObject({ ok: false, code: 'malformed' });
  const body =
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
  const denied = await scripted({ status: 403, body, headers: { 'content-type': 'application/xml' } });
  const head = await new S3Checkpoints(clientsOf(denied).s3).head('s3://data/cp');
  expect(head).toMatchObject({
    ok: false,
    code: 'denied',
    message: expect.stringContaining('Access Denied'),
  });
});

it('gives up on a folder that goes on and on', async () => {
  const body =
    '<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>';
  const endless = await scripted({ status: 200, body, headers: { 'content-type': 'application/xml' } });
  const head = await new S3Checkpoints(clientsOf(endless).s3).head('s3://data/cp');
  expect(head).toMatchObject({
    ok: false,
    code: 'malformed',
    message: expect.stringContaining('no log of Spark'),
  });
  expect(endless.requests).toHaveLength(5);
});
