import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { outageOf, roomOf } from '../core/outages.ts';
import { refill, type TokenBucket, waitForTokenMs } from '../core/pace.ts';
import { clockBoundMs } from '../core/protocol.ts';
import { byUrgency, tierAt } from '../core/turn.ts';
import { type Lines, loadLines } from './capacity-lines.ts';
import { loadChanges, roomForChange, withChange } from './changes.ts';
import { grant } from './grant.ts';
import {
  as,
  type ControlItem,
  keys,
  type PaceItem,
  type ReleaseItem,
  schemaVersion,
  type WishItem,
} from './items.ts';
import { gatesOf, nextRev, seenRev } from './load.ts';
import { failedJob, updateOutages, withGrant } from './outages.ts';
import type { Answer, Ports } from './ports.ts';
import { loadRings, type Rings, roomFor, scopesOf, spentScopes } from './scopes.ts';

export interface ReleaseReport {
  readonly granted: readonly string[];
  readonly waiting: number;
  readonly outcome: 'done' | 'held' | 'unavailable';
}

/** Wishes looked at in one go: enough to see what belongs together, and to find one that may go. */
const wishesPerPass = 1_000;
/** With nothing else to wait for, the next look at a queue that cannot move. */
const lookAgainMs = 60_000;
/** Starts of one application that go together share one listing; waiting for so many tokens takes five seconds. */
const batchSize = 5;
/** How soon the members of an outage are looked at again. */
const outageLookMs = 5_000;
/** Of those that were let go before it was known that they belong together, a few say enough. */
const canariesLooked = 4;

/**
 * The fleet's order, one at a time: gives grants to the first wishes that are due, at the pace that leaves room
 * for people, and a few at a time to failures that belong together. A grant is the right to claim one start within its
 * life, nothing more; every write is conditional, so two release passes at once are slow but never wrong.
 */
export async function release(ports: Ports): Promise<ReleaseReport> {
  const nowMs = ports.clock.now();
  const current = await ports.policies.current();
  const listed = await ports.store.list(keys.wishes, { limit: wishesPerPass });
  const read = await ports.store.read([keys.control, keys.pace, keys.release]);
  if (!current.ok || !listed.ok || !read.ok) return { granted: [], waiting: 0, outcome: 'unavailable' };
  const { policy } = current.value;
  const control = as('control', read.value.items[0]);
  const wishes = listed.value.flatMap((item) => as('wish', item) ?? []);
  if (isHeld(ports, nowMs, read.value.dateMs, control))
    return { granted: [], waiting: wishes.length, outcome: 'held' };
  const pace = as('pace', read.value.items[1]);
  const before = as('release', read.value.items[2]);
  const updated = await update(ports, { before, wishes, policy, nowMs });
  if (updated === 'try-again') {
    await nudge(ports, { pace, policy, nextMs: nowMs, nowMs });
    return { granted: [], waiting: wishes.length, outcome: 'done' };
  }
  if (!updated.ok) return { granted: [], waiting: wishes.length, outcome: 'unavailable' };
  const given = await give(ports, { wishes, policy, pace, ...updated.value, nowMs });
  // However often it is asked: canaries are looked at when their time has come.
  const isTime = (pace?.nudgeAtMs ?? 0) <= nowMs;
  await wake(ports, given.granted, isTime ? updated.value.item : undefined);
  if (wishes.length > given.granted.length || isOpen(updated.value.item))
    await nudge(ports, { pace: given.pace, policy, nextMs: given.nextMs, nowMs });
  return { granted: given.granted, waiting: wishes.length - given.granted.length, outcome: 'done' };
}

/** What holds starts back, brought up to date before any grant: used budgets, outages, lines for capacity. */
async function update(
  ports: Ports,
  seen: {
    readonly before: ReleaseItem | undefined;
    readonly wishes: readonly WishItem[];
    readonly policy: ResolvedPolicy;
    readonly nowMs: number;
  },
): Promise<Answer<{ item: ReleaseItem | undefined; rings: Rings; lines: Lines }> | 'try-again'> {
  const { before, wishes, policy, nowMs } = seen;
  const rings = await loadRings(ports, { wishes, policy, nowMs });
  if (rings === 'try-again' || !rings.ok) return rings;
  const budgets = spentScopes(before?.spent ?? [], {
    rings: rings.value,
    policy,
    due: wishes.filter((wish) => wish.notBeforeMs <= nowMs),
    nowMs,
    freshId: () => ports.ids.next('inc'),
  });
  const changes = await loadChanges(ports, { item: before, policy, nowMs });
  if (!changes.ok) return changes;
  const seenNow = { item: before, wishes, policy, budgets, changes: changes.value, nowMs };
  const updated = await updateOutages(ports, seenNow);
  if (updated === 'try-again' || !updated.ok) return updated;
  const lines = await loadLines(ports, { wishes, policy, nowMs });
  if (lines === 'try-again' || !lines.ok) return lines;
  return { ok: true, value: { item: updated.value, rings: rings.value, lines: lines.value } };
}

interface Given {
  readonly granted: readonly string[];
  readonly pace: PaceItem | undefined;
  /** When there may be more to give. */
  readonly nextMs: number;
}

async function give(
  ports: Ports,
  all: {
    readonly wishes: readonly WishItem[];
    readonly policy: ResolvedPolicy;
    readonly pace: PaceItem | undefined;
    readonly item: ReleaseItem | undefined;
    readonly rings: Rings;
    readonly lines: Lines;
    readonly nowMs: number;
  },
): Promise<Given> {
  const { policy, lines, nowMs } = all;
  let { pace, item, rings } = all;
  const granted: string[] = [];
  const due = all.wishes.filter((wish) => wish.notBeforeMs <= nowMs).sort(byUrgency(nowMs));
  const later = all.wishes.filter((wish) => wish.notBeforeMs > nowMs).map(({ notBeforeMs }) => notBeforeMs);
  let nextMs = Math.min(...later, isUnderWay(item) ? nowMs + outageLookMs : Number.POSITIVE_INFINITY);
  const free = together(
    due.filter((wish) => hasRoom(item, wish)),
    nowMs,
  );
  // One that its budget or the changes under way keep waiting must not stand before the others.
  lines.among(
    free.filter(
      (wish) => roomFor(rings, policy, wish, nowMs).ok && roomForChange(item, policy, wish, nowMs).ok,
    ),
  );
  nextMs = Math.min(nextMs, lines.nextMs);
  const enough = Math.min(batchSize, free.filter((wish) => lines.mayGo(wish)).length);
  for (const wish of free) {
    if (!lines.mayGo(wish)) continue;
    const bucket = refill(toBucket(pace, policy, nowMs), policy.guardrails.pace, nowMs);
    const needed = granted.length === 0 ? enough : 1;
    if (bucket.tokens < Math.max(1, Math.min(needed, policy.guardrails.pace.burst))) {
      nextMs = Math.min(nextMs, nowMs + waitForTokenMs(bucket, policy.guardrails.pace, needed));
      break;
    }
    // The room of an outage and of a budget shrinks with each grant.
    if (!hasRoom(item, wish)) continue;
    const rooms = [roomFor(rings, policy, wish, nowMs), roomForChange(item, policy, wish, nowMs)];
    const full = rooms.find(({ ok }) => !ok);
    if (full && !full.ok) {
      nextMs = Math.min(nextMs, full.freesAtMs ?? nowMs + lookAgainMs);
      continue;
    }
    const isManaged = jobNamed(policy, wish.job) !== undefined;
    const after = { ...withGrant(item, wish, nowMs), ...withChange(item, wish, nowMs) };
    const scopes = wish.charged ? scopesOf(policy, wish) : [];
    const inLine = lines.withGrant(wish);
    const also = [inLine.write];
    const terms = { nowMs, bucket, pace, isManaged, before: item, after, rings, scopes, also };
    const result = await grant(ports, wish, terms);
    if (result.kind === 'granted') {
      ({ pace, item, rings } = result);
      inLine.done();
      granted.push(wish.job);
    } else if (result.kind === 'try-again') {
      nextMs = nowMs;
      break;
    }
  }
  return { granted, pace, nextMs };
}

function hasRoom(item: ReleaseItem | undefined, wish: WishItem): boolean {
  const [failed] = failedJob(wish);
  const outage = failed && outageOf(item?.outages ?? [], failed);
  return outage === undefined || roomOf(outage) > 0;
}

/**
 * Wishes of one urgency – the same deadline, far ones to the hour, and one tier – go application by application: a
 * listing serves all claims of its application for seconds, and there is one listing a second for the whole account.
 */
function together(wishes: readonly WishItem[], nowMs: number): readonly WishItem[] {
  const [first] = wishes;
  if (!first) return wishes;
  const isAlike = (wish: WishItem) =>
    wish.voluntary === first.voluntary &&
    wish.deadlineMs === first.deadlineMs &&
    tierAt(wish, nowMs) === tierAt(first, nowMs);
  const isNear = (wish: WishItem) => isAlike(wish) && wish.applicationId === first.applicationId;
  return [
    ...wishes.filter(isNear),
    ...wishes.filter((wish) => isAlike(wish) && !isNear(wish)),
    ...wishes.filter((wish) => !isAlike(wish)),
  ];
}

/** A start has proved nothing yet: whether a canary commits, nobody else says. */
function isUnderWay(item: ReleaseItem | undefined): boolean {
  return (item?.outages ?? []).some(
    ({ phase, closedAtMs }) => closedAtMs === undefined && (phase === 'canary' || phase === 'waves'),
  );
}

/** There is something to tell when it is over, although no job waits any more. */
function isOpen(item: ReleaseItem | undefined): boolean {
  const { outages = [], spent = [] } = item ?? {};
  return spent.length > 0 || outages.some(({ closedAtMs }) => closedAtMs === undefined);
}

async function wake(ports: Ports, granted: readonly string[], item: ReleaseItem | undefined): Promise<void> {
  const canaries = (item?.outages ?? []).flatMap(({ phase, closedAtMs, members }) =>
    phase === 'canary' && closedAtMs === undefined
      ? members.slice(0, canariesLooked).map(({ job }) => job)
      : [],
  );
  await ports.wakes.send([
    ...granted.map((job) => ({ wake: { kind: 'job' as const, job, cause: 'granted' }, delaySeconds: 0 })),
    ...canaries.map((job) => ({ wake: { kind: 'job' as const, job, cause: 'canary' }, delaySeconds: 0 })),
  ]);
}

function isHeld(ports: Ports, nowMs: number, dateMs: number, control: ControlItem | undefined): boolean {
  const gates = gatesOf(ports, { nowMs, dateMs, newerState: false, ...(control ? { control } : {}) });
  // A clock that is ahead would fill the pace bucket and leave it empty until the others catch up.
  const isOff = gates.clockSkewMs > clockBoundMs;
  return isOff || gates.killSwitch || gates.fleetPaused || gates.act === 'none';
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
  {
    pace,
    policy,
    nextMs,
    nowMs,
  }: { pace: PaceItem | undefined; policy: ResolvedPolicy; nextMs: number; nowMs: number },
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
