import { createHash } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { as, keys } from '../control/items.ts';
import type { Answer, InForce, JobStore, Log, Policies } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { policyKey } from '../policy/compiled.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** How it is told that there is nothing to read yet. */
export const noPolicy = 'no policy was applied yet';

interface Loaded {
  readonly policy: ResolvedPolicy;
  readonly hash: string;
}

/**
 * The policy that `POLICY#current` points at, from the control bucket. A hash that was loaded is never read
 * again. An object that is missing, altered or unreadable leaves the last good policy in force, with a warning.
 */
export class S3Policies implements Policies {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #store: JobStore;
  readonly #log: Log;
  #lastGood: Loaded | undefined;

  constructor(options: {
    readonly client: S3Client;
    readonly bucket: string;
    readonly store: JobStore;
    readonly log: Log;
  }) {
    this.#client = options.client;
    this.#bucket = options.bucket;
    this.#store = options.store;
    this.#log = options.log;
  }

  async current(): Promise<Answer<InForce>> {
    const read = await this.#store.read([keys.policy]);
    if (!read.ok) return read;
    const pointer = as('policy', read.value.items[0]);
    if (pointer === undefined) return { ok: false, code: 'not-found', message: noPolicy };
    if (this.#lastGood?.hash === pointer.hash) return { ok: true, value: this.#lastGood };

    const loaded = await this.#load(pointer.key, pointer.hash);
    if (loaded.ok) {
      this.#lastGood = loaded.value;
      return loaded;
    }
    // Whoever could not reach S3 tries again: the new policy may be the one that forbids what the old allowed.
    const isBroken = loaded.code === 'malformed' || loaded.code === 'not-found';
    if (!isBroken) return loaded;
    const good = this.#lastGood ?? (await this.#loadPrevious(pointer.previousHash));
    if (good === undefined) return malformed(loaded.message);
    this.#lastGood = good;
    const broken = { hash: pointer.hash, message: loaded.message };
    this.#log.warn('the policy in the control bucket is broken; the last good one stays in force', {
      ...broken,
      key: pointer.key,
      inForce: good.hash,
    });
    return { ok: true, value: { ...good, broken } };
  }

  /** A function that starts while the policy is broken has no last good one in memory; the pointer names it. */
  async #loadPrevious(hash: string | undefined): Promise<Loaded | undefined> {
    if (hash === undefined) return undefined;
    const loaded = await this.#load(policyKey(hash), hash);
    return loaded.ok ? loaded.value : undefined;
  }

  async #load(key: string, hash: string): Promise<Answer<Loaded>> {
    try {
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      const body = (await object.Body?.transformToString()) ?? '';
      const actual = sha256(body);
      if (actual !== hash) return malformed(`${key}: its sha256 is ${actual}, the pointer says ${hash}`);
      return parsePolicy(key, body, hash);
    } catch (error) {
      return toFailure(error);
    }
  }
}

/** Lower-case hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// The hash proves that `apply` wrote it, and `apply` checks every field; this only tells a policy from other JSON.
const outline = z.looseObject({
  name: z.string(),
  jobs: z.record(z.string(), z.looseObject({ name: z.string() })),
});

function parsePolicy(key: string, body: string, hash: string): Answer<Loaded> {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch (error) {
    return malformed(`${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = outline.safeParse(raw);
  if (parsed.success) return { ok: true, value: { policy: parsed.data as unknown as ResolvedPolicy, hash } };
  return malformed(
    `${key}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  );
}

export const policyPermissions: Permissions = {
  title: 'read policies from the control bucket',
  // Without the right to list, a policy that is missing would look like one that may not be read.
  actions: ['s3:GetObject', 's3:ListBucket'],
};
