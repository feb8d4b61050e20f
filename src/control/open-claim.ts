import { stamp } from '../core/budget.ts';
import { ringWrite } from './claim.ts';
import type { Claim, LockItem, StartClaim } from './items.ts';
import { type JobState, loadJob, nextRev, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';

export type RecordResult = 'recorded' | 'not-mine' | 'unavailable';

/** Tries of one conditional write when a harmless change (a new wake time, an order) got in between. */
export const triesMax = 5;

/** Record, ring and exactly the locks that the claim names. */
export async function loadClaim(ports: Ports, claim: Claim): Promise<JobState | 'unavailable'> {
  const loaded = await loadJob(ports, claim.job, claim.locks);
  return loaded.ok ? loaded.value : 'unavailable';
}

/** The claim's own locks, each changed in the same way. */
export function lockWrites(
  state: JobState,
  claim: Claim,
  change: (lock: LockItem) => LockItem,
): readonly Write[] {
  return claim.locks.map((location): Write => {
    const lock = state.locks.find((one) => one.location === location)?.item;
    if (!lock) throw new Error(`lock of ${location} is gone although claim ${claim.id} is open on it`);
    return { put: { ...change(lock), rev: nextRev(lock) }, seenRev: seenRev(lock) };
  });
}

/** A launch was never charged, so it has nothing to stamp. */
export function stampWrites(state: JobState, claim: StartClaim, atMs: number): readonly Write[] {
  const ring = stamp(state.ring, claim.id, atMs);
  return ring === state.ring ? [] : [ringWrite(claim.job, state, ring)];
}
