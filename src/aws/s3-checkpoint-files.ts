import { addAbortSignal, type Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type {
  CheckpointFiles,
  FileAnswer,
  FileFailure,
  FileStart,
  ListedFile,
  Listing,
} from '../checkpoint/files.ts';
import { normaliseLocation } from '../core/launch-request.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/**
 * A thousand names each. Directly in a folder that is room for fifty times the hundred batches that Spark keeps; below
 * one, for the hundred versions that it keeps of each of 400 partitions of state.
 */
const pagesMax = { direct: 5, deep: 50 } as const;

/**
 * A checkpoint in S3: listings of bounded length, reads of the first bytes of an object. All of them together end after
 * `msMax`, counted from here: an answer that stalls in its body would else hold up a pass for ever.
 */
export class S3CheckpointFiles implements CheckpointFiles {
  readonly location: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #msMax: number;
  readonly #abortSignal: AbortSignal;

  private constructor(client: S3Client, { location, bucket, path, msMax }: Place) {
    this.#client = client;
    this.location = location;
    this.#bucket = bucket;
    this.#prefix = path === '' ? '' : `${path}/`;
    this.#msMax = msMax;
    this.#abortSignal = AbortSignal.timeout(msMax);
  }

  /** `location` is an s3, s3a or s3n URI; anything else is `malformed`. */
  static at(client: S3Client, location: string, msMax: number): FileAnswer<S3CheckpointFiles> {
    const normal = normaliseLocation(location);
    const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(normal) ?? [];
    if (bucket === undefined) return malformed(`${location}: not an s3 location`);
    return { ok: true, value: new S3CheckpointFiles(client, { location: normal, bucket, path, msMax }) };
  }

  async list(folder: string, depth: 'direct' | 'deep'): Promise<FileAnswer<Listing>> {
    const prefix = folder === '' ? this.#prefix : `${this.#prefix}${folder}/`;
    const files: ListedFile[] = [];
    const folders: string[] = [];
    let token: string | undefined;
    for (let page = 0; page < pagesMax[depth]; page += 1) {
      const more = token === undefined ? {} : { ContinuationToken: token };
      const delimiter = depth === 'direct' ? { Delimiter: '/' } : {};
      try {
        const listed = await this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ...delimiter, ...more }),
          { abortSignal: this.#abortSignal },
        );
        for (const { Key = '', Size = 0, LastModified } of listed.Contents ?? [])
          files.push({
            name: Key.slice(prefix.length),
            sizeBytes: Size,
            modifiedMs: LastModified?.getTime() ?? Number.NaN,
          });
        for (const { Prefix = '' } of listed.CommonPrefixes ?? [])
          folders.push(Prefix.slice(prefix.length, -1));
        token = listed.IsTruncated === true ? listed.NextContinuationToken : undefined;
      } catch (error) {
        return this.#failure(error);
      }
      if (token === undefined) return { ok: true, value: { files, folders, isCut: false } };
    }
    return { ok: true, value: { files, folders, isCut: true } };
  }

  async read(path: string, bytesMax: number): Promise<FileAnswer<FileStart>> {
    try {
      const got = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: `${this.#prefix}${path}` }),
        { abortSignal: this.#abortSignal },
      );
      const body = got.Body as Readable | undefined;
      // The SDK may have wrapped it to check its sum; then the end of the connection does not reach it.
      if (body) addAbortSignal(this.#abortSignal, body);
      const chunks: Uint8Array[] = [];
      let size = 0;
      // Leaving the loop closes the stream: an object of any size costs at most a chunk more than is asked for.
      for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > bytesMax) break;
      }
      const bytes = Buffer.concat(chunks).subarray(0, bytesMax);
      return { ok: true, value: { bytes, isCut: size > bytesMax } };
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error: unknown): FileFailure {
    if (!this.#abortSignal.aborted) return toFailure(error);
    const message = `${this.location}: not read within ${this.#msMax / 1_000} s`;
    return { ok: false, code: 'unavailable', message };
  }
}

interface Place {
  readonly location: string;
  readonly bucket: string;
  readonly path: string;
  readonly msMax: number;
}

export const checkpointPermissions: Permissions = {
  title: 'list and read what lies under a checkpoint',
  actions: ['s3:ListBucket', 's3:GetObject'],
};
