import { S3Policies } from '../aws/s3-policies.ts';
import { as, keys, type PolicyItem, schemaVersion } from '../control/items.ts';
import type { Answer, CommitOutcome, Failure, JobStore, Log } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { policyKey } from '../policy/compiled.ts';
import type { Connection } from './target.ts';

/** What `POLICY#current` said at one moment. Whatever is written later is written on top of exactly this. */
export interface Pointer {
  readonly item: PolicyItem | undefined;
  readonly dateMs: number;
}

export async function readPointer(store: JobStore): Promise<Answer<Pointer>> {
  const read = await store.read([keys.policy]);
  if (!read.ok) return read;
  return { ok: true, value: { item: as('policy', read.value.items[0]), dateMs: read.value.dateMs } };
}

/**
 * The store with the pointer held as it was read: publishing through it moves the pointer only if nobody else did
 * since a person was shown what changes.
 */
export function pinned(store: JobStore, { item, dateMs }: Pointer): JobStore {
  return {
    read: async () => ({ ok: true, value: { items: [item], dateMs } }),
    commit: (writes) => store.commit(writes),
    list: (pk, options) => store.list(pk, options),
    due: (shard, options) => store.due(shard, options),
  };
}

/** A compiled policy in the bucket; whoever may not list the bucket sees a missing object as `denied`. */
export type StoredPolicy =
  | { readonly kind: 'there'; readonly policy: ResolvedPolicy }
  /** `altered`: its content is not what its name says. */
  | { readonly kind: 'absent' | 'altered' | 'denied'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly failure: Failure };

/** Reads a compiled policy by its hash, as the functions read it. */
export async function policyAt(
  hash: string,
  bucket: string,
  { clients, store }: Connection,
): Promise<StoredPolicy> {
  const key = policyKey(hash);
  const item = { ...keys.policy, kind: 'policy', schema: schemaVersion, rev: 1, hash, key } as const;
  const at = pinned(store, { item, dateMs: 0 });
  const found = await new S3Policies({ client: clients.s3, bucket, store: at, log: silent }).current();
  if (found.ok) return { kind: 'there', policy: found.value.policy };
  const { code, message } = found;
  if (code === 'denied') return { kind: 'denied', message };
  // To the functions a missing object is as bad as an altered one; here it is the usual case, and only words differ.
  if (/^NoSuchKey|^NotFound/.test(message)) return { kind: 'absent', message };
  if (/^NoSuchBucket/.test(message)) return { kind: 'unreachable', failure: { ...found, code: 'not-found' } };
  return code === 'malformed' ? { kind: 'altered', message } : { kind: 'unreachable', failure: found };
}

/** Moves the pointer to another hash, and keeps the one before: doing it twice is doing nothing. */
export function movePointer(store: JobStore, from: PolicyItem, hash: string): Promise<CommitOutcome> {
  const put = {
    ...from,
    schema: schemaVersion,
    rev: from.rev + 1,
    hash,
    key: policyKey(hash),
    previousHash: from.hash,
  };
  return store.commit([{ put, seenRev: from.rev }]);
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
