import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { plain } from '../../../src/core/failure/fingerprint.ts';

const printOf = (text: string) => classify({ state: 'FAILED', text }).fingerprint;

/** One failure as it looks in run `n`: other ids, times, numbers, paths and hosts. */
function failures(n: number): readonly string[] {
  return [
    `2026-0${1 + (n % 9)}-02T10:1${n % 10}:00Z ERROR x: Lost task ${n}.0 in stage ${n}.0 (TID ${n * 7}) (10.0.0.${n % 250} executor ${n}): java.lang.OutOfMemoryError: Unable to acquire ${n * 65} bytes of memory, got ${n}`,
    `AmazonS3Exception: Slow Down (Service: Amazon S3; Status Code: 503; Request ID: ${'ABCDEF'.slice(n % 5)}${n}; host: ip-10-0-0-${n}.ec2.internal:7337)`,
    `java.io.FileNotFoundException: No such file or directory: s3a://cp-${n}/job/state/0/${n}/${n}.delta`,
    `Some data may have been lost: offset ${n} of topic-${n}`,
    `KeyError: 'user'`,
  ];
}

describe('the fingerprint', () => {
  it('is the same for the same failure of another run', () => {
    fc.assert(
      fc.property(fc.nat({ max: 99_999 }), fc.nat({ max: 99_999 }), (one, other) => {
        expect(failures(one).map(printOf)).toEqual(failures(other).map(printOf));
      }),
    );
  });

  it('is another for another failure', () => {
    const prints = [...failures(1), "KeyError: 'order'", 'Job aborted by nobody', 'Another unknown end'].map(
      printOf,
    );
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('does not see the wrappers around the root', () => {
    const root = 'java.lang.NoSuchMethodError: scala.Predef$.refArrayOps';
    const wrapped = `26/01/02 03:04:05 ERROR MicroBatchExecution: Query [id = 1] terminated with error\norg.apache.spark.SparkException: Job aborted.\nCaused by: ${root}`;
    expect(printOf(wrapped)).toBe(printOf(root));
  });

  it('keeps the words and drops what changes', () => {
    expect(
      plain('Shard shardId-0007 in s3://b/k at 10:15 of arn:aws:kinesis:eu-west-1:1:stream/a is gone'),
    ).toBe('shard # in # at # of # is gone');
  });
});
