import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { isGrantLive } from '../core/memory.ts';
import { refill, type TokenBucket, waitForTokenMs } from '../core/pace.ts';
import { clockBoundMs, grantLifeMs } from '../core/protocol.ts';
import {
  as,
  type ControlItem,
  keys,
  type PaceItem,
  type RecordItem,
  schemaVersion,
  type WishItem,
} from './items.ts';
import { gatesOf, nextRev, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';

export interface ReleaseReport {
  readonly granted: readonly string[];
  readonly waiting: number;
  readonly outcome: 'done' | 'held' | 'unavailable';
}

/** Wishes looked at in one go; the burst of the pace bucket is far below it. */
const wishesPerPass = 100;
/** With nothing else to wait for, the next look at a queue that cannot move. */
const lookAgainMs = 60_000;

/**
 * The fleet's order, one at a time: gives grants to the first wishes that are due, at the pace that leaves room
 * for people. A grant is the right to claim one start within its life, nothing more; every write is conditional,
 * so two release passes at once are slow but never wrong.
 */
export async function release(ports: Ports): Promise<ReleaseReport> {
  const nowMs = ports.clock.now();
  const current = await ports.policies.current();
  const listed = await ports.store.list(keys.wishes, { limit: wishesPerPass });
  const read = await ports.store.read([keys.control, keys.pace]);
  if (!current.ok || !listed.ok || !read.ok) return { granted: [], waiting: 0, outcome: 'unavailable' };
  const control = as('control', read.value.items[0]);
  const wishes = listed.value.flatMap((item) => as('wish', item) ?? []);
  if (isHeld(ports, nowMs, read.value.dateMs, control))
    return { granted: [], waiting: wishes.length, outcome: 'held' };

  const granted: string[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  let pace = as('pace', read.value.items[1]);
  for (const wish of wishes) {
    if (wish.notBeforeMs > nowMs) {
      nextMs = Math.min(nextMs, wish.notBeforeMs);
      continue;
    }
    const bucket = refill(
      toBucket(pace, current.value.policy, nowMs),
      current.value.policy.guardrails.pace,
      nowMs,
    );
    if (bucket.tokens < 1) {
      nextMs = Math.min(nextMs, nowMs + waitForTokenMs(bucket, current.value.policy.guardrails.pace));
      break;
    }
    const isManaged = jobNamed(current.value.policy, wish.job) !== undefined;
    const result = await grant(ports, wish, { nowMs, bucket, pace, isManaged });
    if (result.kind === 'granted') {
      pace = result.pace;
      granted.push(wish.job);
    } else if (result.kind === 'try-again') {
      nextMs = nowMs;
    }
  }
  await ports.wakes.send(
    granted.map((job) => ({ wake: { kind: 'job', job, cause: 'granted' }, delaySeconds: 0 })),
  );
  if (wishes.length > granted.length) await nudge(ports, pace, nextMs, nowMs, current.value.policy);
  return { granted, waiting: wishes.length - granted.length, outcome: 'done' };
}

function isHeld(ports: Ports, nowMs: number, dateMs: number, control: ControlItem | undefined): boolean {
  const gates = gatesOf(ports, { nowMs, dateMs, newerState: false, ...(control ? { control } : {}) });
  // A clock that is ahead would fill the pace bucket and leave it empty until the others catch up.
  const isOff = gates.clockSkewMs > clockBoundMs;
  return isOff || gates.killSwitch || gates.fleetPaused || gates.act === 'none';
}

type GrantResult =
  | { readonly kind: 'granted'; readonly pace: PaceItem }
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'try-again' };

/** One transaction: the token is taken and the grant is written, or neither. */
async function grant(
  ports: Ports,
  wish: WishItem,
  at: { nowMs: number; bucket: TokenBucket; pace: PaceItem | undefined; isManaged: boolean },
): Promise<GrantResult> {
  const answer = await ports.store.read([keys.record(wish.job)]);
  if (!answer.ok) return { kind: 'try-again' };
  const record = as('record', answer.value.items[0]);
  const isWanted =
    record?.memory.wish?.id === wish.wishId && record.memory.desired === 'running' && at.isManaged;
  if (!record || !isWanted) {
    // Left behind by a job that was stopped, dropped or judged afresh: the record is the truth, not this entry.
    await ports.store.commit([{ delete: { pk: wish.pk, sk: wish.sk }, seenRev: 'any' }]);
    return { kind: 'not-needed' };
  }
  if (isGrantLive(record.memory, at.nowMs)) return { kind: 'not-needed' };
  const pace: PaceItem = {
    ...keys.pace,
    kind: 'pace',
    schema: schemaVersion,
    rev: nextRev(at.pace),
    tokens: at.bucket.tokens - 1,
    atMs: at.bucket.atMs,
    ...(at.pace?.nudgeAtMs === undefined ? {} : { nudgeAtMs: at.pace.nudgeAtMs }),
  };
  const outcome = await ports.store.commit([
    grantWrite(ports, record, wish, at.nowMs),
    { put: pace, seenRev: seenRev(at.pace) },
  ]);
  return outcome.kind === 'committed' ? { kind: 'granted', pace } : { kind: 'try-again' };
}

function grantWrite(ports: Ports, record: RecordItem, wish: WishItem, nowMs: number): Write {
  const grant = {
    id: ports.ids.next('gnt'),
    wishId: wish.wishId,
    grantedAtMs: nowMs,
    expiresAtMs: nowMs + grantLifeMs,
    state: 'unused' as const,
  };
  const put: RecordItem = { ...record, rev: nextRev(record), memory: { ...record.memory, grant } };
  return { put, seenRev: record.rev };
}

function toBucket(pace: PaceItem | undefined, policy: ResolvedPolicy, nowMs: number): TokenBucket {
  return pace
    ? { tokens: pace.tokens, atMs: pace.atMs }
    : { tokens: policy.guardrails.pace.burst, atMs: nowMs };
}

/**
 * FIFO queues have no delay of their own, so the next look is a delayed wake that is handed on. It is noted on the
 * pace item first: however often release is asked meanwhile, there is one chain of looks.
 */
async function nudge(
  ports: Ports,
  pace: PaceItem | undefined,
  nextMs: number,
  nowMs: number,
  policy: ResolvedPolicy,
): Promise<void> {
  const delayMs = Math.max(1_000, Math.min(Number.isFinite(nextMs) ? nextMs - nowMs : lookAgainMs, 900_000));
  const atMs = nowMs + delayMs;
  const isArranged = pace?.nudgeAtMs !== undefined && pace.nudgeAtMs > nowMs && pace.nudgeAtMs <= atMs;
  if (isArranged) return;
  const put: PaceItem = {
    ...keys.pace,
    kind: 'pace',
    schema: schemaVersion,
    ...toBucket(pace, policy, nowMs),
    rev: nextRev(pace),
    nudgeAtMs: atMs,
  };
  const outcome = await ports.store.commit([{ put, seenRev: seenRev(pace) }]);
  // Whoever changed the item meanwhile looks again itself.
  if (outcome.kind !== 'committed') return;
  await ports.wakes.send([{ wake: { kind: 'release' }, delaySeconds: Math.ceil(delayMs / 1000) }]);
}
