import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Permissions } from './permissions.ts';

export interface LogFile {
  readonly key: string;
  readonly modifiedMs: number;
  readonly bytes: number;
}

/** Listings of all workers' files in one pass, of a thousand names each. */
const pagesMax = 5;

interface Of {
  /** The newest when left out. */
  readonly attempt: number | undefined;
  readonly abort: AbortSignal;
}

interface Part extends Of {
  readonly after: string | undefined;
  readonly isEnough: (files: readonly LogFile[]) => boolean;
}

/** Where the logs of a run lie in its bucket. The layout of attempts is not documented, so it is looked for by names. */
export class S3LogFiles {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** Files of a worker in the attempt; of the run itself where there are no attempts. */
  async ofWorker(
    bucket: string,
    run: string,
    { worker, ...of }: Of & { readonly worker: string },
  ): Promise<readonly LogFile[]> {
    const at = await this.#folderOf(bucket, run, of);
    if (at === undefined) return [];
    const folders =
      at.folders ?? (await this.#list({ bucket, prefix: at.folder, delimiter: '/' }, of.abort)).folders;
    const [kind = '', ...rest] = worker.split('/');
    // Whichever way the service writes it: upper or lower case.
    const found =
      folders.find((folder) => folder.toUpperCase().endsWith(`/${kind}/`)) ?? `${at.folder}${kind}/`;
    const prefix = `${found}${rest.map((one) => `${one}/`).join('')}`;
    return (await this.#list({ bucket, prefix }, of.abort)).files;
  }

  /**
   * Files of all workers there in the order of their keys, those behind `after`, until they are enough or the listings
   * used up; `cutAt` is the key behind which there may be more.
   */
  async ofAll(
    bucket: string,
    run: string,
    { after, isEnough, ...of }: Part,
  ): Promise<{ readonly files: readonly LogFile[]; readonly cutAt?: string }> {
    const at = await this.#folderOf(bucket, run, of);
    if (at === undefined) return { files: [] };
    const files: LogFile[] = [];
    // A key of another folder would hide this one.
    let from = after?.startsWith(at.folder) ? after : undefined;
    for (let page = 0; page < pagesMax && !isEnough(files); page += 1) {
      const listed = await this.#list({ bucket, prefix: at.folder, after: from }, of.abort);
      files.push(...listed.files);
      if (listed.cutAt === undefined) return { files };
      from = listed.cutAt;
    }
    return { files, ...(from === undefined ? {} : { cutAt: from }) };
  }

  async open(
    { bucket, key, range }: { readonly bucket: string; readonly key: string; readonly range: string },
    abortSignal: AbortSignal,
  ): Promise<{ readonly body: Readable | undefined; readonly contentRange: string | undefined }> {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, Range: range });
    const { Body, ContentRange } = await this.#client.send(command, { abortSignal });
    return { body: Body as Readable | undefined, contentRange: ContentRange };
  }

  /** `folders` where they were seen on the way. */
  async #folderOf(
    bucket: string,
    run: string,
    { attempt, abort }: Of,
  ): Promise<{ readonly folder: string; readonly folders?: readonly string[] } | undefined> {
    const { folders } = await this.#list({ bucket, prefix: run, delimiter: '/' }, abort);
    const attempts = folders.find((folder) => /\/attempts?\/$/.test(folder));
    const numbered = attempts
      ? (await this.#list({ bucket, prefix: attempts, delimiter: '/' }, abort)).folders
      : [];
    const number = (folder: string) => Number(/(\d+)\/$/.exec(folder)?.[1] ?? -1);
    const last = [...numbered].sort((a, b) => number(b) - number(a))[0];
    const wanted = attempt === undefined ? last : numbered.find((folder) => number(folder) === attempt);
    // What the run wrote as a whole is the newest attempt's, and nobody else's words.
    if (attempt !== undefined && wanted === undefined) return undefined;
    return wanted === undefined ? { folder: run, folders } : { folder: wanted };
  }

  /** One page of a thousand names: a driver has a handful. */
  async #list(
    of: {
      readonly bucket: string;
      readonly prefix: string;
      readonly delimiter?: string;
      readonly after?: string | undefined;
    },
    abortSignal: AbortSignal,
  ): Promise<{ files: readonly LogFile[]; folders: readonly string[]; cutAt?: string }> {
    const { bucket, prefix, delimiter, after } = of;
    const listed = await this.#client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
        ...(after === undefined ? {} : { StartAfter: after }),
      }),
      { abortSignal },
    );
    const files = (listed.Contents ?? []).flatMap(({ Key, LastModified, Size }) =>
      // An empty object has no range to ask for, and nothing to say.
      Key === undefined || Size === 0
        ? []
        : [{ key: Key, modifiedMs: LastModified?.getTime() ?? 0, bytes: Size ?? 0 }],
    );
    const folders = (listed.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []);
    const last = listed.IsTruncated === true ? listed.Contents?.at(-1)?.Key : undefined;
    return { files, folders, ...(last === undefined ? {} : { cutAt: last }) };
  }
}

export const driverLogPermissions: Permissions = {
  title: 'read the driver logs in the buckets of the parameter LogBucketArns',
  actions: ['s3:ListBucket', 's3:GetObject'],
};
