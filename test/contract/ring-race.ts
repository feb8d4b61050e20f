import type { RingItem } from '../../src/control/items.ts';
import type { JobStore } from '../../src/control/ports.ts';
import { charge, emptyRing, hourMs, type Ring, stamp } from '../../src/core/budget.ts';
import { Random } from '../../src/world/random.ts';
import { keyOf, newScope, readOne } from './items.ts';

/**
 * Passes that claim, wait and record over one ring at the same time, as the protocol has them: charged at the
 * claim, stamped with the time of acceptance, tried again when another pass was faster. Returns when each start
 * was accepted, epoch ms.
 */
export async function acceptedUnderBudget(
  store: JobStore,
  race: { perHour: number; passes: number; rounds: number },
): Promise<readonly number[]> {
  const key = { pk: newScope(), sk: 'RING' };
  const limits = { perHour: race.perHour, perDay: 1000 };
  const random = new Random(7);
  const acceptedAtMs: number[] = [];
  let nowMs = 1_795_000_000_000;

  const pass = async (name: string) => {
    for (let round = 0; round < race.rounds; round += 1) {
      nowMs += Math.floor(random.next() * 4 * 60_000);
      const claimId = `${name}/${round}`;
      // Taken before the read, as the protocol's `now` is.
      const decidedAtMs = nowMs;
      const hasClaimed = await change(store, key, (ring) => {
        const charged = charge(ring, limits, { claimId, nowMs: decidedAtMs });
        return charged.ok ? charged.ring : undefined;
      });
      if (!hasClaimed) continue;
      nowMs += Math.floor(random.next() * 60_000);
      const atMs = nowMs;
      acceptedAtMs.push(atMs);
      while (!(await change(store, key, (ring) => stamp(ring, claimId, atMs)))) {
        // Lost a race: the record step is tried until it holds.
      }
    }
  };
  await Promise.all(Array.from({ length: race.passes }, (_, index) => pass(`pass-${index}`)));
  return acceptedAtMs;
}

/** The largest number of times that lie inside one hour, wherever it begins. */
export function mostInAnyHour(timesMs: readonly number[]): number {
  return Math.max(
    0,
    ...timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + hourMs).length),
  );
}

/** One read, one conditional write. False when there was nothing to write or somebody else wrote first. */
async function change(
  store: JobStore,
  key: { pk: string; sk: string },
  next: (ring: Ring) => Ring | undefined,
): Promise<boolean> {
  const held = (await readOne(store, key)) as RingItem | undefined;
  const ring = next(held?.ring ?? emptyRing);
  if (ring === undefined) return false;
  const item: RingItem = { ...keyOf(key), kind: 'ring', schema: 1, rev: (held?.rev ?? 0) + 1, ring };
  const answer = await store.commit([{ put: item, seenRev: held?.rev ?? 'absent' }]);
  return answer.kind === 'committed';
}
