import type { BudgetLimits } from './job.ts';
import { clocksApartMs } from './protocol.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/**
 * The charges of one budget scope over the last day. "At most N in any rolling window" is exact: a charge is
 * allowed only if fewer than N others lie inside the window, the window is taken wider by what two clocks may differ,
 * and the item is written back only if nobody else changed it. The limits are not stored, so a policy change
 * takes effect at once and is safe both ways.
 */
export interface Ring {
  /** Times of acceptance of settled charges, epoch ms, ascending. */
  readonly charges: readonly number[];
  /** A claim that is not settled counts as *now*: its start may still be accepted. */
  readonly open: readonly { readonly claimId: string; readonly decidedAtMs: number }[];
}

export const emptyRing: Ring = { charges: [], open: [] };

export type ChargeResult =
  | { readonly ok: true; readonly ring: Ring }
  | { readonly ok: false; readonly window: 'hour' | 'day'; readonly freesAtMs: number | undefined };

/** Takes one slot for the claim, or says which window is full and when it frees (unknown while a claim is open). */
export function charge(ring: Ring, limits: BudgetLimits, claimId: string, nowMs: number): ChargeResult {
  const room = roomAt(ring, limits, nowMs);
  if (!room.ok) return room;
  return {
    ok: true,
    ring: { charges: prune(ring.charges, nowMs), open: [...ring.open, { claimId, decidedAtMs: nowMs }] },
  };
}

/** Whether a charge would be allowed at `nowMs`. */
export function roomAt(
  ring: Ring,
  limits: BudgetLimits,
  nowMs: number,
):
  | { readonly ok: true }
  | { readonly ok: false; readonly window: 'hour' | 'day'; readonly freesAtMs: number | undefined } {
  const windows = [
    { window: 'day', windowMs: dayMs, max: limits.perDay },
    { window: 'hour', windowMs: hourMs, max: limits.perHour },
  ] as const;
  let full: { ok: false; window: 'hour' | 'day'; freesAtMs: number | undefined } | undefined;
  for (const { window, windowMs, max } of windows) {
    const inside = ring.charges.filter((at) => at > nowMs - windowMs - clocksApartMs);
    const used = inside.length + ring.open.length;
    if (used < max) continue;
    // The slot frees when enough of the oldest have left the window; open charges have no time yet.
    const blocking = inside[used - max];
    const freesAtMs = blocking === undefined ? undefined : blocking + windowMs + clocksApartMs;
    // Both windows may be full: the later one is the one to wait for.
    if (!full || frees(freesAtMs) > frees(full.freesAtMs)) full = { ok: false, window, freesAtMs };
  }
  return full ?? { ok: true };
}

/** Gives an open charge its time: the run's createdAt, or decidedAt for a claim that never started. */
export function stamp(ring: Ring, claimId: string, atMs: number | undefined): Ring {
  const entry = ring.open.find((one) => one.claimId === claimId);
  if (!entry) return ring;
  const time = atMs ?? entry.decidedAtMs;
  return {
    charges: [...ring.charges, time].sort((a, b) => a - b),
    open: ring.open.filter((one) => one.claimId !== claimId),
  };
}

/** Charges used in the rolling hour and day, as people read them: `2/3 · 5/12`. */
export function usage(ring: Ring, nowMs: number): { readonly hour: number; readonly day: number } {
  const within = (windowMs: number) =>
    ring.charges.filter((at) => at > nowMs - windowMs).length + ring.open.length;
  return { hour: within(hourMs), day: within(dayMs) };
}

function frees(freesAtMs: number | undefined): number {
  return freesAtMs ?? Number.POSITIVE_INFINITY;
}

function prune(charges: readonly number[], nowMs: number): readonly number[] {
  return charges.filter((at) => at > nowMs - dayMs - 2 * clocksApartMs);
}
