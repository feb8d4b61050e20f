import type { S3Client } from '@aws-sdk/client-s3';
import { listBatches } from '../checkpoint/batches.ts';
import { headOf } from '../checkpoint/head.ts';
import { inspectCheckpoint } from '../checkpoint/inspect.ts';
import { oldestRecord } from '../checkpoint/oldest-record.ts';
import { plannedAt } from '../checkpoint/planned-at.ts';
import { auditSeam } from '../checkpoint/seam.ts';
import type { ShardEndTable } from '../checkpoint/shard-ends.ts';
import type { Shards } from '../checkpoint/shards.ts';
import { shardsWithin } from '../checkpoint/shards-within.ts';
import type {
  Answer,
  CheckpointHead,
  CheckpointOptions,
  Checkpoints,
  OldestRecord,
} from '../control/ports.ts';
import type { CheckpointInspection, PositionGap } from '../core/observation.ts';
import { S3CheckpointFiles } from './s3-checkpoint-files.ts';

/** What lies beside a checkpoint in other services; each is left out where it cannot be asked. */
export interface Beside {
  readonly shards?: Shards;
  readonly tableOf?: (name: string) => ShardEndTable;
}

/** For the files of one look, all calls together, and as long again for its stream. Fifty pages of state take a few seconds; a pass has 120 s, for ten jobs at most. */
const readMsMax = 10_000;

/** Checkpoints in S3. The head is known by the names and dates of objects: two listings, no object is read. */
export class S3Checkpoints implements Checkpoints {
  readonly #client: S3Client;
  readonly #beside: Beside;
  readonly #msMax: number;

  constructor(client: S3Client, beside: Beside = {}, msMax = readMsMax) {
    this.#client = client;
    this.#beside = beside;
    this.#msMax = msMax;
  }

  /** -1 where there is no batch yet. `location` is an s3 URI; anything else is `malformed`. */
  async head(location: string): Promise<Answer<CheckpointHead>> {
    const files = S3CheckpointFiles.at(this.#client, location, this.#msMax);
    if (!files.ok) return files;
    const batches = await listBatches(files.value);
    if (!batches.ok) return batches;
    return { ok: true, value: headOf(batches.value.planned, batches.value.committed) };
  }

  async inspect(location: string, options: CheckpointOptions = {}): Promise<Answer<CheckpointInspection>> {
    const files = S3CheckpointFiles.at(this.#client, location, this.#msMax);
    return files.ok ? inspectCheckpoint(files.value, this.#ends(options)) : files;
  }

  async plannedAt(location: string, batch: number): Promise<Answer<number | undefined>> {
    const files = S3CheckpointFiles.at(this.#client, location, this.#msMax);
    return files.ok ? plannedAt(files.value, batch) : files;
  }

  async oldestRecord(location: string, options: CheckpointOptions = {}): Promise<Answer<OldestRecord>> {
    const files = S3CheckpointFiles.at(this.#client, location, this.#msMax);
    if (!files.ok) return files;
    const shards = this.#shards();
    if (!shards) return { ok: false, code: 'denied', message: 'no stream can be asked from here' };
    return oldestRecord(files.value, { shards, ...this.#ends(options) });
  }

  async seam(
    location: string,
    batch: number,
    options: CheckpointOptions = {},
  ): Promise<Answer<readonly PositionGap[] | undefined>> {
    const files = S3CheckpointFiles.at(this.#client, location, this.#msMax);
    if (!files.ok) return files;
    return auditSeam(files.value, batch, { shards: this.#shards(), ...this.#ends(options) });
  }

  #shards(): Shards | undefined {
    const { shards } = this.#beside;
    return shards && shardsWithin(shards, this.#msMax);
  }

  #ends({ committerTable }: CheckpointOptions): { readonly shardEnds?: ShardEndTable } {
    const { tableOf } = this.#beside;
    return tableOf && committerTable !== undefined ? { shardEnds: tableOf(committerTable) } : {};
  }
}
