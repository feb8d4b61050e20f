import type { FailureClass } from './failure/taxonomy.ts';
import type { BudgetLimits } from './job.ts';
import { clocksApartMs } from './protocol.ts';
import type { ScopeLimits } from './scope-budget.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/**
 * The charges of one job over the last day, and which of them answered which class of failure. "At most N in any rolling window" is exact: a charge is
 * allowed only if fewer than N others lie inside the window, the window is taken wider by what two clocks may differ,
 * and the item is written back only if nobody else changed it. The limits are not stored, so a policy change
 * takes effect at once and is safe both ways.
 */
export interface Ring {
  /** Times of acceptance of settled charges, epoch ms, ascending. */
  readonly charges: readonly number[];
  /** A claim that is not settled counts as *now*: its start may still be accepted. */
  readonly open: readonly OpenCharge[];
  /** Those of the charges above that answered a failure of a class; absent in older items. */
  readonly classes?: Readonly<Partial<Record<FailureClass, readonly number[]>>>;
}

interface OpenCharge {
  readonly claimId: string;
  readonly decidedAtMs: number;
  readonly class?: FailureClass;
}

export const emptyRing: Ring = { charges: [], open: [] };

export type ChargeResult =
  | { readonly ok: true; readonly ring: Ring }
  | { readonly ok: false; readonly window: 'hour' | 'day'; readonly freesAtMs: number | undefined };

/** What a claim is charged to: the job, and the class of the failure that it answers. */
export interface Charge {
  readonly claimId: string;
  readonly nowMs: number;
  readonly class?: FailureClass;
  /** What the policy says of that class besides. */
  readonly classLimits?: ScopeLimits;
}

/**
 * Takes one slot of the job's budget and one of the class's, or says which window is full and when it frees (unknown while
 * a claim is open). A class is counted whether or not it has a limit, so that a limit of today counts what was spent before.
 */
export function charge(
  ring: Ring,
  limits: BudgetLimits,
  { claimId, nowMs, class: failureClass, classLimits = {} }: Charge,
): ChargeResult {
  const ofJob = roomAt(ring, limits, nowMs);
  const ofClass = failureClass ? roomAt(ringOfClass(ring, failureClass), classLimits, nowMs) : ofJob;
  if (!ofJob.ok && !ofClass.ok) return frees(ofClass.freesAtMs) > frees(ofJob.freesAtMs) ? ofClass : ofJob;
  if (!ofJob.ok) return ofJob;
  if (!ofClass.ok) return ofClass;
  const opened = { claimId, decidedAtMs: nowMs, ...(failureClass ? { class: failureClass } : {}) };
  return {
    ok: true,
    ring: {
      charges: prune(ring.charges, nowMs),
      open: [...ring.open, opened],
      ...prunedClasses(ring, nowMs),
    },
  };
}

/** What a class has used of the ring, as a ring. */
export function ringOfClass({ classes, open }: Ring, failureClass: FailureClass): Ring {
  return {
    charges: classes?.[failureClass] ?? [],
    open: open.filter((one) => one.class === failureClass),
  };
}

/** Whether a charge would be allowed at `nowMs`. */
export function roomAt(
  ring: Ring,
  limits: ScopeLimits,
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
    if (max === undefined) continue;
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
  const { classes } = ring;
  const { class: of } = entry;
  return {
    charges: withTime(ring.charges, time),
    open: ring.open.filter((one) => one.claimId !== claimId),
    ...(of || classes
      ? { classes: { ...classes, ...(of ? { [of]: withTime(classes?.[of], time) } : {}) } }
      : {}),
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

function withTime(times: readonly number[] = [], atMs: number): readonly number[] {
  return [...times, atMs].sort((a, b) => a - b);
}

function prunedClasses({ classes }: Ring, nowMs: number): Pick<Ring, 'classes'> {
  if (!classes) return {};
  const kept = Object.entries(classes)
    .map(([name, times]) => [name, prune(times, nowMs)] as const)
    .filter(([, times]) => times.length > 0);
  return kept.length > 0 ? { classes: Object.fromEntries(kept) } : {};
}

function prune(charges: readonly number[], nowMs: number): readonly number[] {
  return charges.filter((at) => at > nowMs - dayMs - 2 * clocksApartMs);
}
