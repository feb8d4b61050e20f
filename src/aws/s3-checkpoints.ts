import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type BatchFiles, headOf } from '../checkpoint/head.ts';
import type { Answer, CheckpointHead, Checkpoints } from '../control/ports.ts';
import { normaliseLocation } from '../core/launch-request.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

// Spark keeps the last hundred batches or so; with thousands of names the folder is not what we think it is.
const pagesMax = 5;

/** The head of a checkpoint by the names and dates of its objects: two listings, no object is read. */
export class S3Checkpoints implements Checkpoints {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** -1 where there is no batch yet. `location` is an s3 URI; anything else is `malformed`. */
  async head(location: string): Promise<Answer<CheckpointHead>> {
    const [, bucket, path] = /^s3:\/\/([^/]+)(.*)$/.exec(normaliseLocation(location)) ?? [];
    if (bucket === undefined) return malformed(`${location}: not an s3 location`);
    const prefix = `${path ?? ''}/`.slice(1);
    // Commits first: while the job runs, a batch planned in between must not look committed but never planned.
    const committed = await this.#batches(bucket, `${prefix}commits/`);
    if (!committed.ok) return committed;
    const planned = await this.#batches(bucket, `${prefix}offsets/`);
    if (!planned.ok) return planned;
    return { ok: true, value: headOf(planned.value, committed.value) };
  }

  async #batches(bucket: string, prefix: string): Promise<Answer<BatchFiles>> {
    const batches = new Map<number, number>();
    let token: string | undefined;
    for (let page = 0; page < pagesMax; page += 1) {
      const more = token === undefined ? {} : { ContinuationToken: token };
      try {
        const listed = await this.#client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ...more }),
        );
        for (const { Key = '', LastModified } of listed.Contents ?? []) {
          const batch = batchOf(Key.slice(prefix.length));
          if (batch >= 0) batches.set(batch, LastModified?.getTime() ?? Number.NaN);
        }
        token = listed.IsTruncated === true ? listed.NextContinuationToken : undefined;
      } catch (error) {
        return toFailure(error);
      }
      if (token === undefined) return { ok: true, value: batches };
    }
    return malformed(`s3://${bucket}/${prefix}: more than ${pagesMax} pages of names`);
  }
}

/** Only plain numbers are batches: `.7.<uuid>.tmp` is a write that never ended, `9.compact` a log of a sink. */
function batchOf(name: string): number {
  return /^\d+$/.test(name) ? Number(name) : -1;
}

export const checkpointPermissions: Permissions = {
  title: 'list the names under a checkpoint',
  actions: ['s3:ListBucket'],
};
