import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { failureOf } from './clients.ts';
import { Bucket, startBucket } from './s3-support.ts';

type Input = Omit<ListObjectsV2CommandInput, 'Bucket'>;

async function startWith(keys: readonly string[]) {
  const { client, store, clock } = await startBucket();
  for (const key of keys) store.put(`${Bucket}/${key}`, key, 'world');
  const list = (input: Input = {}) => client.send(new ListObjectsV2Command({ Bucket, ...input }));
  const pages = async (input: Input) => {
    const found: string[][] = [];
    for await (const page of paginateListObjectsV2({ client }, { Bucket, ...input })) {
      const keysOfPage = (page.Contents ?? []).map((object) => object.Key ?? '');
      found.push([...keysOfPage, ...(page.CommonPrefixes ?? []).map((common) => `${common.Prefix}*`)]);
    }
    return found;
  };
  return { client, clock, list, pages };
}

describe('listings over the wire', () => {
  it('give size, tag and time of each object', async () => {
    const { list, clock } = await startWith(['a']);

    const page = await list();

    expect(page).toMatchObject({ KeyCount: 1, MaxKeys: 1000, IsTruncated: false, Name: Bucket });
    expect(page.Contents).toMatchObject([
      { Key: 'a', Size: 1, ETag: '"0cc175b9c0f1b6a831c399e269772661"', LastModified: new Date(clock.now()) },
    ]);
  });

  it('go through more than a thousand keys, page by page', async () => {
    const keys = Array.from({ length: 2345 }, (_, index) => `offsets/${index}`);
    const { pages } = await startWith([...keys, 'commits/1', 'sources/1']);

    const found = await pages({ Prefix: 'offsets/' });

    expect(found.map((page) => page.length)).toEqual([1000, 1000, 345]);
    expect(found.flat()).toEqual(keys.sort());
  });

  it('end with a full page when nothing follows', async () => {
    const { list } = await startWith(['a', 'b']);

    expect((await list({ MaxKeys: 2 })).IsTruncated).toBe(false);
    expect((await list({ MaxKeys: 0 })).KeyCount).toBe(0);
  });
});

describe('listings with parameters', () => {
  it('fold what lies behind a delimiter, and count it towards the page', async () => {
    const { pages } = await startWith(['app/1/a', 'app/1/b', 'app/2/a', 'app/file', 'app/3', 'other']);

    expect(await pages({ Prefix: 'app/', Delimiter: '/' })).toEqual([
      ['app/3', 'app/file', 'app/1/*', 'app/2/*'],
    ]);
    expect(await pages({ Prefix: 'app/', Delimiter: '/', MaxKeys: 1 })).toEqual([
      ['app/1/*'],
      ['app/2/*'],
      ['app/3'],
      ['app/file'],
    ]);
  });

  it('start after the key they are given', async () => {
    const { list } = await startWith(['a', 'b', 'c']);

    const page = await list({ StartAfter: 'a' });

    expect(page.Contents?.map((object) => object.Key)).toEqual(['b', 'c']);
  });

  it('keep odd keys as they are', async () => {
    const keys = [
      ' lead',
      'a b',
      'a+b',
      'a&amp;b',
      '<x>',
      '"q"',
      "it's",
      'ü',
      '😀',
      'tab\there',
      'line\r\nbreak',
    ].sort();
    const { pages } = await startWith(keys);

    expect((await pages({ MaxKeys: 2 })).flat().sort()).toEqual(keys);
    expect(await pages({ Prefix: 'a+' })).toEqual([['a+b']]);
  });

  it('are empty where there is nothing', async () => {
    const { list } = await startWith([]);

    expect(await list({ Prefix: 'none/' })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  it('refuse a token they did not give, and parameters they do not know', async () => {
    const { list } = await startWith(['a']);

    const token = await failureOf(list({ ContinuationToken: 'made up' }));
    const parameter = await failureOf(list({ FetchOwner: true }));

    expect(token.name).toBe('InvalidArgument');
    expect(parameter.message).toMatch(/ListObjectsV2 with the parameter fetch-owner/);
  });
});
