import { monotonicFactory } from 'ulid';
import type { Clock, Ids, Random } from '../control/ports.ts';

/** ULIDs of the given clock and chance: sortable by time, and the same again with the same seed. */
export function ulids(clock: Clock, random: Random): Ids {
  const ulid = monotonicFactory(random);
  return { next: (prefix) => `${prefix}_${ulid(clock.now())}` };
}
