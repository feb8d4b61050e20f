import type { S3Client } from '@aws-sdk/client-s3';
import { listBatches } from '../checkpoint/batches.ts';
import { headOf } from '../checkpoint/head.ts';
import type { Answer, CheckpointHead, Checkpoints } from '../control/ports.ts';
import type { Permissions } from './permissions.ts';
import { S3CheckpointFiles } from './s3-checkpoint-files.ts';

/** The head of a checkpoint by the names and dates of its objects: two listings, no object is read. */
export class S3Checkpoints implements Checkpoints {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** -1 where there is no batch yet. `location` is an s3 URI; anything else is `malformed`. */
  async head(location: string): Promise<Answer<CheckpointHead>> {
    const files = S3CheckpointFiles.at(this.#client, location);
    if (!files.ok) return files;
    const batches = await listBatches(files.value);
    if (!batches.ok) return batches;
    return { ok: true, value: headOf(batches.value.planned, batches.value.committed) };
  }
}

export const checkpointPermissions: Permissions = {
  title: 'list the names under a checkpoint',
  actions: ['s3:ListBucket'],
};
