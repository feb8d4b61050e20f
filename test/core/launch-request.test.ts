import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locationsNamed, locationsOverlap, normaliseLocation } from '../../src/core/launch-request.ts';
import { aRequest } from '../support/build.ts';

const segments = fc.array(fc.constantFrom('a', 'b', 'orders', 'v=1', ''), { maxLength: 5 });
const uris = fc
  .tuple(fc.constantFrom('s3', 's3a', 's3n', 'S3', 'hdfs', 'file'), segments)
  .map(([scheme, path]) => `${scheme}://${['acme-checkpoints', ...path].join('/')}`);

describe('a checkpoint location', () => {
  it.each([
    ['s3a://acme/a//b/', 's3://acme/a/b'],
    [' S3://acme/a/b ', 's3://acme/a/b'],
    ['s3n://acme', 's3://acme'],
    ['s3://acme/A', 's3://acme/A'],
    ['hdfs:///a/b//', 'hdfs:///a/b'],
  ])('%j is %j', (uri, normal) => {
    expect(normaliseLocation(uri)).toBe(normal);
  });

  it('stays as it is when normalised again', () => {
    fc.assert(
      fc.property(uris, (uri) => {
        expect(normaliseLocation(normaliseLocation(uri))).toBe(normaliseLocation(uri));
      }),
    );
  });

  it('overlaps another in both directions or in none', () => {
    fc.assert(
      fc.property(uris, uris, (left, right) => {
        const [a, b] = [normaliseLocation(left), normaliseLocation(right)];
        expect(locationsOverlap(a, b)).toBe(locationsOverlap(b, a));
        expect(locationsOverlap(a, a)).toBe(true);
        expect(locationsOverlap(a, `${a}/offsets`)).toBe(true);
        expect(locationsOverlap(a, `${a}-late`)).toBe(false);
      }),
    );
  });

  it('is found in the arguments and in the parameters of a request', () => {
    const request = aRequest('--conf spark.orders.checkpoint=s3a://acme/orders/');
    const { sparkSubmit } = request.jobDriver;
    const withArguments = {
      ...request,
      jobDriver: {
        sparkSubmit: { ...sparkSubmit, entryPointArguments: ['--out=s3://acme/table', 's3://acme//late/'] },
      },
    };
    expect(locationsNamed(withArguments)).toEqual(['s3://acme/table', 's3://acme/late', 's3://acme/orders']);
  });
});
