import { emptyRing, type Ring } from '../core/budget.ts';
import { type JobMemory, newMemory } from '../core/memory.ts';
import type { Gates } from '../core/observation.ts';
import {
  as,
  type Claim,
  type ControlItem,
  type Item,
  keys,
  type LockItem,
  type RecordItem,
  type RingItem,
  schemaVersion,
} from './items.ts';
import type { Answer, Ports } from './ports.ts';

/** What the table says of one job, read strongly at one moment (protocol, step 1). */
export interface JobState {
  /** Taken before the reads: `decidedAt` of all that follows. */
  readonly nowMs: number;
  /** DynamoDB's own clock in the answer. */
  readonly dateMs: number;
  readonly record?: RecordItem;
  readonly memory: JobMemory;
  /** One entry per location, in the order of the locations; an item only once the location was claimed. */
  readonly locks: readonly { readonly location: string; readonly item?: LockItem }[];
  readonly ringItem?: RingItem;
  readonly ring: Ring;
  readonly control?: ControlItem;
  readonly newerState: boolean;
}

/**
 * Loads a job's record, locks, ring and the fleet's switches in one strong read. `nowMs` is the moment before
 * everything that the pass has read so far, the policy included: what was read earlier must not pass for fresh.
 */
export async function loadJob(
  ports: Pick<Ports, 'clock' | 'store'>,
  name: string,
  locations: readonly string[],
  nowMs = ports.clock.now(),
): Promise<Answer<JobState>> {
  const first = await readJob(ports, name, locations, nowMs);
  if (!first.ok) return first;
  const missing = (first.value.record?.claimLocks ?? []).filter(
    (location) => !first.value.locks.some((lock) => lock.location === location),
  );
  // A claim made under an older policy may sit on locations that the job no longer names.
  if (missing.length === 0) return first;
  return readJob(ports, name, [...locations, ...missing], nowMs);
}

async function readJob(
  ports: Pick<Ports, 'clock' | 'store'>,
  name: string,
  locations: readonly string[],
  nowMs: number,
): Promise<Answer<JobState>> {
  const answer = await ports.store.read([
    keys.record(name),
    keys.jobRing(name),
    keys.control,
    ...locations.map((location) => keys.lock(location)),
  ]);
  if (!answer.ok) return answer;
  const [recordItem, ringRaw, controlItem, ...lockItems] = answer.value.items;
  const record = as('record', recordItem);
  const ringItem = as('ring', ringRaw);
  const control = as('control', controlItem);
  return {
    ok: true,
    value: {
      nowMs,
      dateMs: answer.value.dateMs,
      ...(record ? { record } : {}),
      memory: record?.memory ?? newMemory,
      locks: locations.map((location, index) => {
        const item = as('lock', lockItems[index]);
        return item ? { location, item } : { location };
      }),
      ...(ringItem ? { ringItem } : {}),
      ring: ringItem?.ring ?? emptyRing,
      ...(control ? { control } : {}),
      newerState: answer.value.items.some(isNewer),
    },
  };
}

function isNewer(item: Item | undefined): boolean {
  return item !== undefined && item.schema > schemaVersion;
}

/** The lock of one location, once anybody has claimed it. */
export function lockAt(state: Pick<JobState, 'locks'>, location: string): LockItem | undefined {
  return state.locks.find((lock) => lock.location === location)?.item;
}

/** The claim under way on any of the job's locations. At most one is open per location. */
export function openClaim(state: JobState): Claim | undefined {
  return state.locks.find((lock) => lock.item?.claim !== undefined)?.item?.claim;
}

export function gatesOf(
  ports: Pick<Ports, 'act'>,
  state: Pick<JobState, 'nowMs' | 'dateMs' | 'control' | 'newerState'>,
): Gates {
  const { control, nowMs, dateMs } = state;
  const pauseUntilMs = control?.fleetPause?.untilMs ?? nowMs;
  return {
    killSwitch: control?.killSwitch ?? false,
    fleetPaused: nowMs < pauseUntilMs,
    ...(nowMs < pauseUntilMs ? { fleetPauseUntilMs: pauseUntilMs } : {}),
    act: ports.act,
    clockSkewMs: Math.abs(nowMs - dateMs),
    newerState: state.newerState,
  };
}

/** The revision to name in a conditional write of an item that may not exist yet. */
export function seenRev(item: { readonly rev: number } | undefined): number | 'absent' {
  return item?.rev ?? 'absent';
}

/** The revision to write. */
export function nextRev(item: { readonly rev: number } | undefined): number {
  return (item?.rev ?? 0) + 1;
}
