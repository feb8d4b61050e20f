import { dayMs, hourMs } from './budget.ts';
import { clocksApartMs } from './protocol.ts';

/** Restarts that all jobs of one application, of one owner or of the fleet may take together. */
export interface ScopeLimits {
  readonly perHour?: number;
  readonly perDay?: number;
}

/**
 * The charges of one large scope. The times of hundreds of restarts an hour would make a long item, so they are counted
 * in buckets of five minutes; a bucket counts until all of it has left the window, which is the safe side.
 */
export interface ScopeRing {
  /** Number of the bucket and what was charged in it, ascending. */
  readonly buckets: readonly (readonly [number, number])[];
  /** A grant that nobody has settled yet counts as *now*: its start may still be accepted. */
  readonly open: readonly OpenGrant[];
}

export interface OpenGrant {
  readonly grantId: string;
  readonly job: string;
  /** All scopes in whose rings it stands. */
  readonly scopes: readonly string[];
}

export const emptyScopeRing: ScopeRing = { buckets: [], open: [] };

export type ScopeRoom =
  | { readonly ok: true }
  /** `freesAtMs` is unknown while open grants fill the window. */
  | { readonly ok: false; readonly window: 'hour' | 'day'; readonly freesAtMs?: number };

const bucketMs = 5 * 60_000;

/** Whether one more restart is within the limits at `nowMs`. */
export function scopeRoomAt(ring: ScopeRing, limits: ScopeLimits, nowMs: number): ScopeRoom {
  const windows = [
    { window: 'day', windowMs: dayMs, max: limits.perDay },
    { window: 'hour', windowMs: hourMs, max: limits.perHour },
  ] as const;
  let full: Exclude<ScopeRoom, { ok: true }> | undefined;
  for (const { window, windowMs, max } of windows) {
    if (max === undefined) continue;
    const inside = ring.buckets.filter(([bucket]) => leavesAtMs(bucket, windowMs) > nowMs);
    let excess = inside.reduce((sum, [, count]) => sum + count, ring.open.length) - max + 1;
    if (excess <= 0) continue;
    // The slot is free when as many of the oldest as are too many have left the window.
    const blocking = inside.find(([, count]) => {
      excess -= count;
      return excess <= 0;
    });
    const freesAtMs = blocking && leavesAtMs(blocking[0], windowMs);
    const isLater = !full || (freesAtMs ?? Infinity) > (full.freesAtMs ?? Infinity);
    if (isLater) full = { ok: false, window, ...(freesAtMs === undefined ? {} : { freesAtMs }) };
  }
  return full ?? { ok: true };
}

/** Charges of the rolling hour and day, as people read them; up to five minutes more than that. */
export function scopeUsage(ring: ScopeRing, nowMs: number): { readonly hour: number; readonly day: number } {
  const within = (windowMs: number) =>
    ring.buckets
      .filter(([bucket]) => leavesAtMs(bucket, windowMs) > nowMs)
      .reduce((sum, [, count]) => sum + count, ring.open.length);
  return { hour: within(hourMs), day: within(dayMs) };
}

/** A grant was given: from now on its start may come. */
export function withGrantOpen(ring: ScopeRing, grant: OpenGrant): ScopeRing {
  return { ...ring, open: [...ring.open, grant] };
}

/** A grant whose start was accepted then, or whose claim was closed: it is charged for that time. */
export function withGrantCharged(ring: ScopeRing, grantId: string, atMs: number): ScopeRing {
  if (!ring.open.some((one) => one.grantId === grantId)) return ring;
  const bucket = Math.floor(atMs / bucketMs);
  const counted = ring.buckets.find(([one]) => one === bucket)?.[1] ?? 0;
  const others = ring.buckets.filter(([one]) => one !== bucket && leavesAtMs(one, dayMs) > atMs);
  const buckets = [...others, [bucket, counted + 1] as const].sort(([a], [b]) => a - b);
  return { ...withGrantBack(ring, grantId), buckets };
}

/** A grant that nobody used, and that nobody can use any more. */
export function withGrantBack(ring: ScopeRing, grantId: string): ScopeRing {
  return { ...ring, open: ring.open.filter((one) => one.grantId !== grantId) };
}

/** When the last charge that a bucket may hold has left a window, by any of our clocks. */
function leavesAtMs(bucket: number, windowMs: number): number {
  return (bucket + 1) * bucketMs + windowMs + clocksApartMs;
}
