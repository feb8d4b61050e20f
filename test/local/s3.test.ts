import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/local/http-server.ts';
import { failureOf, type s3Client } from './clients.ts';
import { Bucket, startBucket } from './s3-support.ts';

async function textOf(client: ReturnType<typeof s3Client>, Key: string, Range?: string) {
  const response = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
  return { text: await response.Body?.transformToString(), range: response.ContentRange };
}

describe('objects over the wire', () => {
  it('gives back what was put, with its size, tag, type and time', async () => {
    const { client, clock } = await startBucket();
    const put = await client.send(
      new PutObjectCommand({ Bucket, Key: 'a/b.json', Body: '{"ü":1}', ContentType: 'application/json' }),
    );

    clock.advance(5000);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a/b.json' }));

    expect((await textOf(client, 'a/b.json')).text).toBe('{"ü":1}');
    expect(head).toMatchObject({
      ContentLength: 8,
      ContentType: 'application/json',
      ETag: put.ETag,
      LastModified: new Date(clock.now() - 5000),
    });
  });

  it('unpacks the aws-chunked body of a stream', async () => {
    const { client, store } = await startBucket();
    const parts = ['x'.repeat(70_000), 'y'.repeat(70_000), '\r\n0\r\n\r\n'];

    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'stream',
        Body: Readable.from(parts.map((part) => Buffer.from(part))),
        ContentLength: parts.join('').length,
      }),
    );

    expect(store.get(`${Bucket}/stream`)?.body.toString()).toBe(parts.join(''));
  });

  it.each([
    { range: 'bytes=2-4', text: '234', content: 'bytes 2-4/10' },
    { range: 'bytes=7-', text: '789', content: 'bytes 7-9/10' },
    { range: 'bytes=-3', text: '789', content: 'bytes 7-9/10' },
    { range: 'bytes=8-99', text: '89', content: 'bytes 8-9/10' },
  ])('reads the range $range', async ({ range, text, content }) => {
    const { client, store } = await startBucket();
    store.put(`${Bucket}/digits`, '0123456789', 'world');

    expect(await textOf(client, 'digits', range)).toEqual({ text, range: content });
  });

  it('refuses a range beyond the object', async () => {
    const { client, store } = await startBucket();
    store.put(`${Bucket}/digits`, '0123456789', 'world');

    expect((await failureOf(textOf(client, 'digits', 'bytes=10-'))).name).toBe('InvalidRange');
  });

  it.each(['with space', 'plus+sign', 'ü/😀', 'a//b', '../up', 'per%20cent', 'quote\'&<">', 'tail/', '?q#f'])(
    'keeps the key %s as it is',
    async (Key) => {
      const { client, store } = await startBucket();

      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

      expect(store.get(`${Bucket}/${Key}`)?.body.toString()).toBe(Key);
      expect((await textOf(client, Key)).text).toBe(Key);
    },
  );
});

describe('writes over the wire', () => {
  it('create an object only once with If-None-Match', async () => {
    const { client, store } = await startBucket();
    const create = (Body: string) => new PutObjectCommand({ Bucket, Key: 'once', Body, IfNoneMatch: '*' });

    await client.send(create('first'));
    const failure = await failureOf(client.send(create('second')));

    expect(failure).toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
    expect(store.get(`${Bucket}/once`)?.body.toString()).toBe('first');
  });

  it('are logged as the work of the API, deletes included', async () => {
    const { client, store } = await startBucket();
    store.put(`${Bucket}/a`, '1', 'world');

    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '2' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));

    expect(store.mutations.map(({ op, writer }) => `${op} by ${writer}`)).toEqual([
      'put by world',
      'put by api',
      'delete by api',
    ]);
    expect(store.get(`${Bucket}/a`)).toBeUndefined();
  });

  it('are refused when the body is cut or does not match its checksum', async () => {
    const { url, store } = await startBucket();
    const put = (headers: Record<string, string>, body: string) =>
      fetch(`${url}/${Bucket}/bad`, { method: 'PUT', headers, body }).then((response) => response.text());

    const chunked = { 'content-encoding': 'aws-chunked' };
    const answers = [
      await put(chunked, '5\r\nab'),
      await put(chunked, 'no size'),
      await put({ ...chunked, 'x-amz-decoded-content-length': '4' }, '2\r\nab\r\n0\r\n\r\n'),
      await put({ 'x-amz-checksum-crc32': 'AAAAAA==' }, 'ab'),
    ];

    const codes = answers.map((answer) => /<Code>(\w+)<\/Code>/.exec(answer)?.[1]);
    expect(codes).toEqual(['IncompleteBody', 'IncompleteBody', 'IncompleteBody', 'BadDigest']);
    expect(store.mutations).toEqual([]);
  });
});

describe('what S3 refuses', () => {
  it('a key or a bucket that is not there', async () => {
    const { client } = await startBucket();

    const noKey = await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'none & <none>' })));
    const noHead = await failureOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' })));
    const noBucket = await failureOf(client.send(new GetObjectCommand({ Bucket: 'other', Key: 'a' })));

    expect(noKey).toBeInstanceOf(NoSuchKey);
    expect(noKey).toMatchObject({ message: 'The specified key does not exist.', Key: 'none & <none>' });
    expect(noHead.name).toBe('NotFound');
    expect(noBucket.name).toBe('NoSuchBucket');
  });

  it('what it does not know, by name', async () => {
    const { client } = await startBucket();
    const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` });

    const failures = [
      await failureOf(client.send(copy)),
      await failureOf(client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }] } }))),
      await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'v1' }))),
      await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'a', IfMatch: '"x"' }))),
    ];

    expect(failures.map((failure) => failure.name)).toEqual(Array(4).fill('NotImplemented'));
    expect(
      failures.map((failure) => failure.message.replace('the local server does not support ', '')),
    ).toEqual([
      'PutObject with the header x-amz-copy-source',
      'POST of a bucket',
      'GetObject with the parameter versionId',
      'GetObject with the header if-match',
    ]);
  });

  it('a path that cannot be decoded', async () => {
    const { url } = await startBucket();

    const response = await fetch(`${url}/${Bucket}/%ff`);

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>InvalidURI</Code>');
  });
});

describe('faults of S3', () => {
  it.each([
    { kind: 'throttle', name: 'SlowDown', isStored: false },
    { kind: 'internal-error', name: 'InternalError', isStored: false },
    { kind: 'reset-before', name: 'TimeoutError', isStored: false },
    { kind: 'reset-after', name: 'TimeoutError', isStored: true },
  ] as const)(
    'on $kind the caller sees $name and the object is stored: $isStored',
    async ({ kind, name, isStored }) => {
      const fault: Fault = { kind };
      const { client, store } = await startBucket(fault);

      const failure = await failureOf(client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' })));

      expect(failure.name).toBe(name);
      expect(store.get(`${Bucket}/a`) !== undefined).toBe(isStored);
    },
  );
});
