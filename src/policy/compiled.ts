import { createHash } from 'node:crypto';
import type { ResolvedPolicy } from '../core/job.ts';

/** A policy as it lies in the control bucket, named by its own content. */
export interface CompiledPolicy {
  readonly body: string;
  /** Lower-case hex of the sha256 of `body`. */
  readonly hash: string;
  /** Key in the control bucket. */
  readonly key: string;
}

/** Equal policies have equal hashes, whatever the order of their keys. */
export function compiledPolicy(policy: ResolvedPolicy): CompiledPolicy {
  const body = JSON.stringify(policy, (_key, one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  const hash = createHash('sha256').update(body).digest('hex');
  return { body, hash, key: policyKey(hash) };
}

export function policyKey(hash: string): string {
  return `policies/${hash}.json`;
}
