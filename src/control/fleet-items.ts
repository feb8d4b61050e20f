import type { CapacityLimits, Resources, Room } from '../core/capacity.ts';
import type { Line } from '../core/capacity-line.ts';
import type { FailureClass } from '../core/failure/taxonomy.ts';
import type { FailedJob, Outage } from '../core/outages.ts';
import type { ScopeRing } from '../core/scope-budget.ts';
import type { SpentScope } from '../core/turn.ts';
import type { VoluntaryChange } from '../core/voluntary.ts';
import type { Stored } from './items.ts';

/** `START#0 / priority#job`: the index of wishes, in the order in which they are granted. */
export interface WishItem extends Stored {
  readonly kind: 'wish';
  readonly job: string;
  readonly wishId: string;
  readonly notBeforeMs: number;
  readonly applicationId: string;
  readonly tier: 1 | 2 | 3;
  readonly createdAtMs: number;
  readonly deadlineMs?: number;
  /** Of a restart: failures of one class at once are let go a few at a time. */
  readonly class?: FailureClass;
  /** It takes a slot of the budgets of its application, its owner and the fleet. */
  readonly charged?: boolean;
  /** A change that nobody needs at once: it waits for the limits of those, and behind every other start. */
  readonly voluntary?: boolean;
  readonly owner?: string;
  /** The least that it needs of its application. */
  readonly needed?: Resources;
  /** It waits for capacity: because the service refused its run, or because it would not fit. */
  readonly awaitsCapacity?: 'refused' | 'held-back';
  /** Since when it does, over all tries. */
  readonly waitsSinceMs?: number;
}

/** `RING#application/id`, `RING#owner/name` or `RING#fleet` / `RING`: restarts that its jobs took together. */
export interface ScopeRingItem extends Stored {
  readonly kind: 'scope-ring';
  readonly ring: ScopeRing;
}

/** `RELEASE#fleet / RELEASE`: failures that belong together, and the starts that were granted lately. */
export interface ReleaseItem extends Stored {
  readonly kind: 'release';
  readonly outages: readonly Outage[];
  /** Restarts granted in the last minutes, so that those let go before it was known count as well. */
  readonly recent: readonly FailedJob[];
  /** Scopes whose budget keeps jobs waiting. */
  readonly spent?: readonly SpentScope[];
  /** Changes that nobody needed at once, while they are under way or count in the span of their limit. */
  readonly changes?: readonly VoluntaryChange[];
}

/** `APPLICATION#id / CAPACITY`: what an application may hold, and what its live runs held when a pass looked last. */
export interface CapacityItem extends Stored {
  readonly kind: 'capacity';
  readonly limits: CapacityLimits;
  readonly limitsAtMs: number;
  readonly room?: Room;
}

/** `APPLICATION#id / LINE`: the jobs that wait for its capacity, and the starts that `release` let go lately. */
export interface LineItem extends Stored {
  readonly kind: 'line';
  readonly line: Line;
}

/** `PACE#api / PACE`: the token bucket of StartJobRun. */
export interface PaceItem extends Stored {
  readonly kind: 'pace';
  /** When the release function was told to look again: one wake, however many look. */
  readonly nudgeAtMs?: number;
  readonly tokens: number;
  readonly atMs: number;
}

/** `CONTROL#fleet / CONTROL`: what a person may set for everything at once. */
export interface ControlItem extends Stored {
  readonly kind: 'control';
  readonly killSwitch: boolean;
  readonly killSwitchBy?: { readonly by: string; readonly reason: string; readonly atMs: number };
  readonly fleetPause?: { readonly untilMs: number; readonly by: string; readonly reason: string };
}

/** `POLICY#current / POLICY`. */
export interface PolicyItem extends Stored {
  readonly kind: 'policy';
  readonly hash: string;
  /** Key in the control bucket. */
  readonly key: string;
  readonly previousHash?: string;
}

/** `APPLICATION#id / LISTING`: the live runs that sweep saw last, so that an end that nobody reported shows. */
export interface ListingItem extends Stored {
  readonly kind: 'listing';
  readonly live: readonly string[];
  /** A listing under way that did not fit into one sweep. */
  readonly partial?: { readonly nextToken: string; readonly live: readonly string[] };
}

/**
 * `APPLICATION#id / LIVE`: the live runs as the last look at them knew, for every pass that looks within seconds. What
 * has ended since the last full listing may still be named.
 */
export interface LiveItem extends Stored {
  readonly kind: 'live';
  readonly live: readonly string[];
  /** Date of the answer from which on only younger runs were asked for. */
  readonly fullAtMs: number;
  readonly dateMs: number;
}

/** `APPLICATION#id / ENDED`: the ended runs of a week, for the first looks at jobs that are declared together. */
export interface EndedItem extends Stored {
  readonly kind: 'ended';
  readonly runs: readonly EndedRun[];
  readonly dateMs: number;
}

export interface EndedRun {
  readonly jobRunId: string;
  readonly name: string;
  readonly createdAtMs: number;
}

/** `SWEEP#state / SWEEP`: the policy of which every job was seen to have a record. */
export interface SweepItem extends Stored {
  readonly kind: 'sweep';
  readonly policyHash: string;
  /** A policy that cannot be used and was told to people. */
  readonly brokenHash?: string;
}
