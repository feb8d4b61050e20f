import type { StartCause } from './job-run.ts';
import type { StartFate } from './outages.ts';
import { clocksApartMs } from './protocol.ts';

/** How many changes that nobody needs at once – another size, another release – may be made together. */
export interface VoluntaryLimits {
  /** Under way at once, in the fleet and in one application. */
  readonly concurrent: number;
  readonly perApplication: number;
  /** Begun in any span of this length. */
  readonly count: number;
  readonly withinMs: number;
}

export interface VoluntaryChange {
  readonly job: string;
  readonly applicationId: string;
  readonly grantedAtMs: number;
  /** Its run has committed a batch, or what follows is a recovery: it counts in the span only. */
  readonly isOver?: true;
}

export type VoluntaryRoom =
  | { readonly ok: true }
  /** `freesAtMs` is unknown while changes under way fill the room. */
  | { readonly ok: false; readonly text: string; readonly freesAtMs?: number };

/** Where the policy says nothing. */
export const usualVoluntary: VoluntaryLimits = {
  concurrent: 2,
  perApplication: 1,
  count: 6,
  withinMs: 10 * 60_000,
};

/** A run that commits nothing for so long is the stall's affair, and must not hold up the changes of others. */
const patienceMs = 60 * 60_000;

/** Recovery is never voluntary: what makes a job that is down run again does not wait for these limits. */
export function isVoluntary(cause: StartCause): boolean {
  return cause === 'refit' || cause === 'upgrade';
}

/** The changes that still count, once it is known what became of their starts. */
export function changesNow(
  changes: readonly VoluntaryChange[],
  fates: readonly (StartFate | undefined)[],
  { nowMs, withinMs }: { readonly nowMs: number; readonly withinMs: number },
): readonly VoluntaryChange[] {
  return changes.flatMap((change, index): readonly VoluntaryChange[] => {
    const fate = fates[index];
    // Nothing was sent, so nothing was changed.
    if (fate === 'held-back') return [];
    const isOver =
      change.isOver === true ||
      fate === 'committed' ||
      fate === 'failed' ||
      nowMs - change.grantedAtMs >= patienceMs;
    if (!isOver) return [change];
    return leavesAtMs(change, withinMs) > nowMs ? [{ ...change, isOver: true }] : [];
  });
}

/** Whether one more change of a job of this application may begin. */
export function voluntaryRoomAt(
  changes: readonly VoluntaryChange[],
  applicationId: string,
  { limits, nowMs }: { readonly limits: VoluntaryLimits; readonly nowMs: number },
): VoluntaryRoom {
  const underWay = changes.filter(({ isOver }) => !isOver);
  const beside = underWay.filter((change) => change.applicationId === applicationId);
  const { concurrent, perApplication, count, withinMs } = limits;
  const inSpan = changes.filter((change) => leavesAtMs(change, withinMs) > nowMs);
  if (inSpan.length >= count) {
    const frees = inSpan.map((change) => leavesAtMs(change, withinMs)).sort((a, b) => a - b);
    const freesAtMs = frees[inSpan.length - count];
    const text = `${inSpan.length} of ${count} changes in ${withinMs / 60_000} min`;
    return { ok: false, text, ...(freesAtMs === undefined ? {} : { freesAtMs }) };
  }
  if (underWay.length >= concurrent)
    return { ok: false, text: `${underWay.length} of ${concurrent} changes under way` };
  if (beside.length >= perApplication)
    return { ok: false, text: `${beside.length} of ${perApplication} changes under way in ${applicationId}` };
  return { ok: true };
}

/** By any of our clocks. */
function leavesAtMs({ grantedAtMs }: VoluntaryChange, withinMs: number): number {
  return grantedAtMs + withinMs + clocksApartMs;
}
