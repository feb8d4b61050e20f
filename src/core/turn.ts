import { type FailedJob, type Outage, outageOf } from './outages.ts';
import type { Reason } from './reason.ts';

/** A scope whose budget is used up while jobs of it wait. */
export interface SpentScope {
  /** `application/00f1…`, `owner/team`, `fleet`. */
  readonly scope: string;
  readonly window: 'hour' | 'day';
  /** Of the one incident that tells of it. */
  readonly incidentId: string;
  readonly sinceMs: number;
  /** When the next slot frees; unknown while grants are out. */
  readonly freesAtMs?: number;
}

/** Why a start has not had its turn in the fleet, where it is more than the pace. */
export interface Turn {
  readonly reason: Extract<
    Reason,
    'fleet-canary' | 'fleet-held' | 'scope-budget-exhausted' | 'voluntary-limits'
  >;
  readonly untilMs?: number;
  /** What it waits for, e.g. `application/00f1… : 60 of 60 restarts in the last hour`. */
  readonly text: string;
}

/** What of a wish decides on its turn. */
export interface Waiting {
  readonly class?: FailedJob['class'];
  readonly applicationId: string;
  readonly scopes: readonly string[];
}

/** What of a wish decides on its place. */
export interface Placed {
  /** Of the data-loss clock, far ones to the hour. */
  readonly deadlineMs?: number;
  readonly tier: number;
  readonly createdAtMs: number;
  readonly notBeforeMs: number;
  /** Nobody needs it at once. */
  readonly voluntary?: boolean;
}

const tierPerWaitMs = 3_600_000;

/**
 * The tier of a wish that is due: each hour of waiting counts as one tier. Among jobs that failed together the order
 * stays; one that dies again and again cannot keep a shared budget from all below it for ever.
 */
export function tierAt({ tier, notBeforeMs }: Pick<Placed, 'tier' | 'notBeforeMs'>, nowMs: number): number {
  return tier - Math.max(0, Math.floor((nowMs - notBeforeMs) / tierPerWaitMs));
}

/** What is needed before what is not; then data-loss deadline, then tier with the hours of waiting, then age. */
export function byUrgency(nowMs: number): (a: Placed, b: Placed) => number {
  const deadline = ({ deadlineMs = Number.MAX_SAFE_INTEGER }: Placed) => deadlineMs;
  return (a, b) =>
    Number(a.voluntary ?? false) - Number(b.voluntary ?? false) ||
    deadline(a) - deadline(b) ||
    tierAt(a, nowMs) - tierAt(b, nowMs) ||
    a.createdAtMs - b.createdAtMs;
}

export function turnOf(
  { outages, spent = [] }: { readonly outages: readonly Outage[]; readonly spent?: readonly SpentScope[] },
  wish: Waiting,
): Turn | undefined {
  const full = spent.find(({ scope }) => wish.scopes.includes(scope));
  if (full)
    return {
      reason: 'scope-budget-exhausted',
      text: `the restart budget of ${full.scope} for the ${full.window} is used up`,
      ...(full.freesAtMs === undefined ? {} : { untilMs: full.freesAtMs }),
    };
  const outage = wish.class && outageOf(outages, { class: wish.class, applicationId: wish.applicationId });
  if (!outage || outage.phase === 'flow') return undefined;
  const where = outage.scope === '*' ? 'several applications' : `application ${outage.scope}`;
  if (outage.phase === 'hold')
    return {
      reason: 'fleet-held',
      text: `starts after ${outage.class} in ${where} are held: the first ones failed again`,
      ...(outage.nextTryAtMs === undefined ? {} : { untilMs: outage.nextTryAtMs }),
    };
  return {
    reason: 'fleet-canary',
    text: `a few jobs of ${where} that failed of ${outage.class} go first (${outage.phase})`,
  };
}
