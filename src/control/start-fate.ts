import { type Grant, isGrantLive } from '../core/memory.ts';
import type { StartFate } from '../core/outages.ts';
import { grantLifeMs } from '../core/protocol.ts';
import type { RecordItem } from './items.ts';

/** A start that was granted and did not come for this long has failed, unless its claim is still open. */
const startedWithinMs = 5 * grantLifeMs;

/** What became of a start that was granted then, as far as the record of its job tells. */
export function fateOfStart(
  record: RecordItem | undefined,
  { grantedAtMs }: { readonly grantedAtMs: number },
  nowMs: number,
): StartFate {
  if (!record) return 'failed';
  const { memory, last } = record;
  const isStarted = (memory.run?.acceptedAtMs ?? 0) >= grantedAtMs;
  const isAskingAgain = memory.wish !== undefined && memory.wish.createdAtMs > grantedAtMs;
  if (memory.parked && memory.parked.atMs > grantedAtMs) return 'failed';
  const isOnItsWay = isGrantLive(memory, nowMs) || (record.claimLocks?.length ?? 0) > 0;
  if (!isOnItsWay && memory.wish?.awaitsCapacity) return 'held-back';
  if (!isStarted) {
    // Its turn passed before anything was sent: that says nothing of the outage either.
    if (!isOnItsWay && !wasClaimed(memory.grant, grantedAtMs)) return 'held-back';
    return nowMs - grantedAtMs > startedWithinMs ? 'failed' : 'waiting';
  }
  const hasCommitted = Object.values(memory.progress).some(
    ({ seen = -1, committedAtStart }) => seen > committedAtStart,
  );
  if (hasCommitted) return 'committed';
  if (isAskingAgain) return 'failed';
  return last?.runState === 'RUNNING' ? 'running' : 'waiting';
}

function wasClaimed(grant: Grant | undefined, sinceMs: number): boolean {
  return grant?.state === 'used' && grant.grantedAtMs >= sinceMs;
}
