import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { as, keys, type PolicyItem, schemaVersion } from '../control/items.ts';
import type { Failure, JobStore } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { compiledPolicy } from '../policy/compiled.ts';
import { errorFacts, toFailure } from './failures.ts';

export type PublishAnswer =
  | { readonly kind: 'published'; readonly hash: string; readonly previousHash?: string }
  /** This very policy is in force already. */
  | { readonly kind: 'unchanged'; readonly hash: string }
  /** Somebody else moved the pointer meanwhile; nothing is in force because of this call. */
  | { readonly kind: 'conflict' }
  /** `unavailable` from the pointer's write leaves open which policy is in force: publish again. */
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Writes a compiled policy immutably to `policies/<sha256>.json` in the control bucket, then moves
 * `POLICY#current` to it by compare-and-set. Equal policies have equal hashes, whatever the order of their keys.
 */
export async function publishPolicy(
  policy: ResolvedPolicy,
  to: { readonly client: S3Client; readonly bucket: string; readonly store: JobStore },
): Promise<PublishAnswer> {
  const { body, hash, key } = compiledPolicy(policy);

  const read = await to.store.read([keys.policy]);
  if (!read.ok) return { kind: 'failed', failure: read };
  const pointer = as('policy', read.value.items[0]);
  if (pointer?.hash === hash) return { kind: 'unchanged', hash };

  const failure = await putOnce(to.client, { Bucket: to.bucket, Key: key, Body: body });
  if (failure) return { kind: 'failed', failure };
  const put: PolicyItem = {
    ...keys.policy,
    kind: 'policy',
    schema: schemaVersion,
    rev: (pointer?.rev ?? 0) + 1,
    hash,
    key,
    ...(pointer ? { previousHash: pointer.hash } : {}),
  };
  const moved = await to.store.commit([{ put, seenRev: pointer?.rev ?? 'absent' }]);
  switch (moved.kind) {
    case 'committed':
      return { kind: 'published', hash, ...(pointer ? { previousHash: pointer.hash } : {}) };
    case 'conflict':
      return { kind: 'conflict' };
    case 'unavailable':
      return { kind: 'failed', failure: { ok: false, code: 'unavailable', message: moved.message } };
  }
}

/** The name is the hash of the content, so an object that exists is the one that would be written. */
async function putOnce(
  client: S3Client,
  object: { Bucket: string; Key: string; Body: string },
): Promise<Failure | undefined> {
  try {
    await client.send(new PutObjectCommand({ ...object, ContentType: 'application/json', IfNoneMatch: '*' }));
    return undefined;
  } catch (error) {
    return errorFacts(error).name === 'PreconditionFailed' ? undefined : toFailure(error);
  }
}
