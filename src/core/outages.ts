import type { FailureClass } from './failure/taxonomy.ts';

/**
 * Many jobs that fail of one class at once have one cause outside of them: a zone, a stream, a key. Restarting all of
 * them tries the same thing a hundred times, so a few go first, and the others follow as those prove that it works.
 */
export interface Outage {
  /** Of the one incident that tells of it. */
  readonly id: string;
  /** Application id, or `*` for the whole fleet. */
  readonly scope: string;
  readonly class: FailureClass;
  readonly openedAtMs: number;
  readonly phase: 'canary' | 'waves' | 'flow' | 'hold';
  /** Which of the waves is under way. */
  readonly wave: number;
  /** Granted in this phase or wave, the last 25 of them. */
  readonly members: readonly Member[];
  /** Jobs that it held back or let go so far. */
  readonly granted: number;
  /** Canaries that failed. */
  readonly tries: number;
  readonly nextTryAtMs?: number;
  /** Since when no job waited for it; closed after a while. */
  readonly idleSinceMs?: number;
  readonly closedAtMs?: number;
}

export interface Member {
  readonly job: string;
  readonly grantedAtMs: number;
}

/** What became of a member's start, as far as its record tells. */
export type MemberState = 'waiting' | 'running' | 'committed' | 'failed';

/** `held-back`: it was never sent, and says nothing. */
export type StartFate = MemberState | 'held-back';

/** A failure that wants a restart, or was given one just now. */
export interface FailedJob {
  readonly job: string;
  readonly class: FailureClass;
  readonly applicationId: string;
  readonly atMs: number;
}

/** From when failures of one class count as one outage: in so many distinct jobs of a scope within this time. */
export interface Correlation {
  readonly enabled: boolean;
  /** Of the jobs of the application, or of the fleet; within the two bounds. */
  readonly percent: number;
  readonly jobsMin: number;
  readonly jobsMax: number;
  readonly withinMs: number;
}

const minuteMs = 60_000;
/** What holds where the policy says nothing: a tenth of the jobs, at least 3 and at most 20, within five minutes. */
export const usualCorrelation: Correlation = {
  enabled: true,
  percent: 10,
  jobsMin: 3,
  jobsMax: 20,
  withinMs: 5 * minuteMs,
};

const canaries = 2;
const waves = [4, 8, 16, 25] as const;
const watched = 25;
/** Of the watched starts this share has to be RUNNING, or the rest waits. */
const runningShare = 0.8;
/** Of a wave so many have to be RUNNING before the next one: it shows that starts work, and the slow ones would only delay it. */
const waveShare = 0.5;
/** Starts that say something before the share does. */
const decidedMin = 10;
/** A canary that commits nothing, or a wave that does not run, for this long has failed. */
const patienceMs = 15 * minuteMs;
const tryAgainMs = 10 * minuteMs;
const tryAgainMsMax = 60 * minuteMs;
const idleMs = 5 * minuteMs;
/** Longer than an incident takes to close, so that the recoveries of its jobs are told as one. */
export const rememberedMs = 60 * minuteMs;

export interface FleetSize {
  readonly nowMs: number;
  readonly correlation: Correlation;
  readonly jobs: number;
  jobsOf(applicationId: string): number;
}

export interface Found {
  readonly scope: string;
  readonly class: FailureClass;
  readonly jobs: number;
}

/** Failures that belong together and to no outage yet. One application before the whole fleet. */
export function correlated(
  failed: readonly FailedJob[],
  outages: readonly Outage[],
  fleet: FleetSize,
): readonly Found[] {
  const { correlation } = fleet;
  if (!correlation.enabled) return [];
  const fresh = failed.filter(
    (one) => one.atMs > fleet.nowMs - correlation.withinMs && outageOf(outages, one) === undefined,
  );
  const found: Found[] = [];
  const look = (scope: string, of: readonly FailedJob[], size: number) => {
    for (const failureClass of new Set(of.map((one) => one.class))) {
      const jobs = new Set(of.filter((one) => one.class === failureClass).map(({ job }) => job)).size;
      const isKnown = found.some((one) => one.class === failureClass && one.scope !== '*' && scope === '*');
      if (jobs >= jobsNeeded(correlation, size) && !isKnown) found.push({ scope, class: failureClass, jobs });
    }
  };
  const applications = new Set(fresh.map(({ applicationId }) => applicationId));
  // Several applications at once are the fleet's affair, and then one incident and not one for each.
  if (applications.size > 1) look('*', fresh, fleet.jobs);
  for (const applicationId of applications) {
    const own = fresh.filter(
      (one) =>
        one.applicationId === applicationId &&
        !found.some(({ scope, class: failureClass }) => scope === '*' && failureClass === one.class),
    );
    look(applicationId, own, fleet.jobsOf(applicationId));
  }
  return found;
}

/** How many of so many jobs make an outage. */
export function jobsNeeded({ percent, jobsMin, jobsMax }: Correlation, jobs: number): number {
  return Math.max(jobsMin, Math.min(Math.ceil((jobs * percent) / 100), jobsMax));
}

/** Whether an application is part of what the outage is about. */
export function isInside({ scope }: Pick<Outage, 'scope'>, applicationId: string): boolean {
  return scope === '*' || scope === applicationId;
}

/** The outage that a failure belongs to. */
export function outageOf(
  outages: readonly Outage[],
  { class: failureClass, applicationId }: Pick<FailedJob, 'class' | 'applicationId'>,
): Outage | undefined {
  return outages.find(
    (outage) =>
      outage.closedAtMs === undefined && outage.class === failureClass && isInside(outage, applicationId),
  );
}

/** A new outage. Those that were let go before it was known are its first canaries. */
export function openOutage(
  id: string,
  { scope, class: failureClass }: { readonly scope: string; readonly class: FailureClass },
  { nowMs, recent }: { readonly nowMs: number; readonly recent: readonly FailedJob[] },
): Outage {
  const gone = recent.filter((one) => one.class === failureClass && isInside({ scope }, one.applicationId));
  return {
    id,
    scope,
    class: failureClass,
    openedAtMs: nowMs,
    phase: 'canary',
    wave: 0,
    members: gone.map(({ job, atMs }) => ({ job, grantedAtMs: atMs })).slice(-watched),
    granted: gone.length,
    tries: 0,
  };
}

/** The same class in another application: then it is the fleet's affair, and stays one incident. */
export function widened(
  outages: readonly Outage[],
  found: { readonly class: FailureClass },
): Outage | undefined {
  const open = outages.find((outage) => outage.closedAtMs === undefined && outage.class === found.class);
  return open && { ...open, scope: '*' };
}

/** How many more starts of it may be granted now. */
export function roomOf(outage: Outage): number {
  switch (outage.phase) {
    case 'canary':
      return Math.max(0, canaries - outage.members.length);
    case 'waves':
      return Math.max(0, waveSize(outage) - outage.members.length);
    case 'flow':
      return Number.POSITIVE_INFINITY;
    case 'hold':
      return 0;
  }
}

export function withMember(outage: Outage, member: Member): Outage {
  const { idleSinceMs: _busy, ...rest } = outage;
  return { ...rest, granted: outage.granted + 1, members: [...outage.members, member].slice(-watched) };
}

/** What follows from what became of its members. `waiting` jobs want a start that it holds back or lets go. */
export function advance(
  outage: Outage,
  seen: { readonly states: readonly MemberState[]; readonly waiting: number; readonly nowMs: number },
): Outage {
  const next = judge(outage, seen);
  if (seen.waiting > 0 || seen.states.includes('waiting')) {
    const { idleSinceMs: _busy, ...busy } = next;
    return busy;
  }
  const idleSinceMs = next.idleSinceMs ?? seen.nowMs;
  return seen.nowMs - idleSinceMs >= idleMs
    ? { ...next, idleSinceMs, closedAtMs: seen.nowMs }
    : { ...next, idleSinceMs };
}

function judge(
  outage: Outage,
  { states, nowMs, waiting }: { states: readonly MemberState[]; nowMs: number; waiting: number },
): Outage {
  const isLate = outage.members.some(({ grantedAtMs }) => nowMs - grantedAtMs >= patienceMs);
  const failed = states.filter((state) => state === 'failed').length;
  const running = states.filter((state) => state === 'running' || state === 'committed').length;
  switch (outage.phase) {
    case 'hold':
      return nowMs >= (outage.nextTryAtMs ?? 0) ? { ...outage, phase: 'canary', members: [] } : outage;
    case 'canary': {
      if (states.includes('committed')) return { ...outage, phase: 'waves', wave: 0, members: [], tries: 0 };
      const isOver = states.length > 0 && (failed === states.length || isLate);
      return isOver ? hold(outage, nowMs) : outage;
    }
    case 'waves': {
      const isBroken = states.length > 0 && failed > (1 - runningShare) * waveSize(outage);
      const isFull = outage.members.length >= waveSize(outage) || (waiting === 0 && states.length > 0);
      const isRunning = running >= waveShare * states.length;
      if (isFull && isRunning && !isBroken) return nextWave(outage);
      return isBroken || (isFull && isLate) ? hold(outage, nowMs) : outage;
    }
    case 'flow': {
      const decided = running + failed;
      return decided >= decidedMin && running < runningShare * decided ? hold(outage, nowMs) : outage;
    }
  }
}

function nextWave(outage: Outage): Outage {
  const wave = outage.wave + 1;
  return wave < waves.length ? { ...outage, wave, members: [] } : { ...outage, phase: 'flow', members: [] };
}

function hold(outage: Outage, nowMs: number): Outage {
  const waitMs = Math.min(tryAgainMsMax, tryAgainMs * 2 ** outage.tries);
  return { ...outage, phase: 'hold', members: [], tries: outage.tries + 1, nextTryAtMs: nowMs + waitMs };
}

/** Starts of the wave that is under way. */
export function waveSize({ wave }: Pick<Outage, 'wave'>): number {
  return waves[wave] ?? watched;
}
