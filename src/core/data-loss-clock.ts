import type { GuardResult, Verdict } from './decision.ts';
import { isUnanswered, type Reason } from './reason.ts';
import type { DecideInput } from './rule.ts';
import type { RetentionSensor } from './source.ts';
import { type Bound, unreadOf } from './unread.ts';

/** `warning`: a share of the retention is used. `critical`: loss comes before recovery. `lost`: it has begun. */
export type ClockLevel = 'calm' | 'warning' | 'critical' | 'lost';

/** Retention less the age of the oldest unread record less the time to recover. Unknown is never "enough". */
export type Clock =
  | {
      readonly kind: 'running';
      readonly level: ClockLevel;
      /** From then on records are lost that the job has not read. */
      readonly lossAtMs: number;
      readonly sinceMs: number;
      readonly bound: Bound;
      /** How the age was found. */
      readonly how: string;
      readonly retentionMs: number;
      /** The retention could not be read: the shortest that there is was taken. */
      readonly assumed?: string;
      readonly retentionReadAtMs?: number;
      readonly recoveryMs: number;
    }
  | { readonly kind: 'idle'; readonly how: string; readonly retentionMs?: number }
  | {
      readonly kind: 'unknown';
      readonly level: 'calm' | 'warning';
      readonly why: string;
      /** The oldest unread record is from then, as far as that is known. */
      readonly sinceMs?: number;
    };

/** AWS names 50 % as the mark from which data is in danger. */
const warnAtDefault = 0.5;
/** A night: who is paged in the evening acts in the morning. */
export const personMs = 8 * 3_600_000;
/** The stream is extended this much before anybody is paged, so that a try or two may fail. */
const extendLeadMs = 3_600_000;
/** SUBMITTED to the first committed batch takes two to five minutes in the simulated world; nobody measured it elsewhere. */
const restartMs = 10 * 60_000;
/** Waits that end by themselves. */
const passing: ReadonlySet<Reason> = new Set([
  'backing-off',
  'awaits-grant',
  'awaits-evidence',
  'retry-budget-exhausted',
  'class-budget-exhausted',
  'scope-budget-exhausted',
  'fleet-canary',
  'run-cancelling',
] as const);
/** From then on people are told that AWS does not answer, and it is no passing wait any more. */
const unansweredMs = 10 * 60_000;
/** Where nobody knows how long records are kept, standing still for half a day is worth a word. */
const unknownWarnMs = 12 * 3_600_000;
/** Kinesis keeps records for 24 hours at least. */
export const kinesisRetentionMinMs = 24 * 3_600_000;

/** The clock of a job whose policy names a source. */
export function clockOf(
  { job, observation, memory }: Pick<DecideInput, 'job' | 'observation' | 'memory'>,
  next: { readonly verdict: Verdict; readonly guard: GuardResult },
): Clock | undefined {
  const { source, run, nowMs } = observation;
  if (!source) return undefined;
  const unread = unreadOf(source, run, nowMs);
  const retentionMs = keptMs(source.retention);
  if (unread.kind === 'unknown') return { kind: 'unknown', level: 'calm', why: unread.why };
  if (unread.kind === 'none')
    return { kind: 'idle', how: unread.how, ...(retentionMs === undefined ? {} : { retentionMs }) };
  const { sinceMs, bound, how } = unread;
  if (retentionMs === undefined) {
    const why = source.retention.kind === 'unknown' ? source.retention.why : '';
    return { kind: 'unknown', level: nowMs - sinceMs >= unknownWarnMs ? 'warning' : 'calm', why, sinceMs };
  }
  const lossAtMs = sinceMs + retentionMs;
  const recoveryMs = recoveryOf({ job, observation, memory }, next);
  const warnAt = job.retention?.warnAt ?? warnAtDefault;
  const level = levelOf({ nowMs, lossAtMs, recoveryMs, warnAtMs: sinceMs + warnAt * retentionMs });
  const { retention } = source;
  return {
    kind: 'running',
    level,
    lossAtMs,
    sinceMs,
    bound,
    how,
    retentionMs,
    recoveryMs,
    ...(retention.kind === 'seen' ? { retentionReadAtMs: retention.readAtMs } : { assumed: retention.why }),
  };
}

const clockReasons: ReadonlySet<Reason> = new Set([
  'retention-running-out',
  'data-loss-near',
  'data-expired',
  'retention-unknown',
  'retention-extended',
  'retention-extension-refused',
] as const);

/** A notice of the clock, and not of the failure that it may share an incident with. */
export function isClockReason(reason: Reason | undefined): boolean {
  return reason !== undefined && clockReasons.has(reason);
}

/** A person has to act before records are lost, or while they are. */
export function isUrgent(clock: Clock | undefined): clock is Extract<Clock, { kind: 'running' }> {
  return clock?.kind === 'running' && (clock.level === 'critical' || clock.level === 'lost');
}

/** When the level or the need of a longer retention may change next, if nothing is committed until then. */
export function clockChangesAtMs(
  clock: Clock,
  { warnAt = warnAtDefault, nowMs }: { readonly warnAt?: number | undefined; readonly nowMs: number },
): number | undefined {
  if (clock.kind === 'unknown' && clock.sinceMs !== undefined)
    return later([clock.sinceMs + unknownWarnMs], nowMs);
  if (clock.kind !== 'running') return undefined;
  const { sinceMs, retentionMs, lossAtMs, recoveryMs } = clock;
  return later([sinceMs + warnAt * retentionMs, extendAtMs(clock), lossAtMs - recoveryMs, lossAtMs], nowMs);
}

/** While more than this is left, an hour more or less must not decide who is started first: the tier does. */
const farMs = 12 * 3_600_000;
const coarseMs = 3_600_000;

/** By when a start has to be made, to the hour while that is far. */
export function deadlineOf(clock: Clock, nowMs: number): number | undefined {
  if (clock.kind !== 'running') return undefined;
  const { lossAtMs } = clock;
  return lossAtMs - nowMs > farMs ? Math.floor(lossAtMs / coarseMs) * coarseMs : lossAtMs;
}

/** When the stream has to keep its records for longer, so that a person has time to react (at the latest at 80 %). */
export function extendAtMs({ sinceMs, retentionMs }: { sinceMs: number; retentionMs: number }): number {
  return sinceMs + Math.min(0.8 * retentionMs, retentionMs - personMs - extendLeadMs);
}

function keptMs(retention: RetentionSensor): number | undefined {
  return retention.kind === 'seen' ? retention.retentionMs : retention.atLeastMs;
}

function levelOf(at: { nowMs: number; lossAtMs: number; recoveryMs: number; warnAtMs: number }): ClockLevel {
  if (at.nowMs >= at.lossAtMs) return 'lost';
  if (at.nowMs >= at.lossAtMs - at.recoveryMs) return 'critical';
  return at.nowMs >= at.warnAtMs ? 'warning' : 'calm';
}

/** How long it takes until the oldest unread record is read, as things stand: by itself, or by a person. */
function recoveryOf(
  { observation, memory }: Pick<DecideInput, 'job' | 'observation' | 'memory'>,
  { verdict, guard }: { readonly verdict: Verdict; readonly guard: GuardResult },
): number {
  const { nowMs, run, source } = observation;
  const startMs = restartMs + batchMs(observation);
  if (
    run.kind === 'seen' &&
    run.run.state === 'RUNNING' &&
    verdict.kind === 'nothing' &&
    verdict.reason === 'run-healthy'
  ) {
    const { lag, lagBefore } = source ?? {};
    const fallsBehind =
      lag?.lagMs !== undefined && lagBefore?.lagMs !== undefined && lag.lagMs >= lagBefore.lagMs;
    return fallsBehind ? personMs : batchMs(observation);
  }
  if (guard.kind !== 'done') return personMs + startMs;
  switch (verdict.kind) {
    case 'start':
      return Math.max(0, verdict.wish.notBeforeMs - nowMs) + startMs;
    case 'claim':
    case 'cancel':
    case 'extend-retention':
      return startMs;
    case 'wait': {
      const waitMs = Math.max(0, (verdict.untilMs ?? nowMs) - nowMs) + startMs;
      const unknownMs = nowMs - (verdict.learned?.unknownSinceMs ?? memory.unknownSinceMs ?? nowMs);
      const isShort = isUnanswered(verdict.reason) && unknownMs < unansweredMs;
      return isShort || passing.has(verdict.reason) ? waitMs : personMs + waitMs;
    }
    case 'park':
      return personMs + startMs;
    case 'nothing':
      return verdict.reason === 'run-starting' ? startMs : personMs + startMs;
  }
}

function batchMs({ checkpoints }: DecideInput['observation']): number {
  const longest = Object.values(checkpoints).map((sensor) =>
    sensor.kind === 'seen' ? (sensor.times?.batchP95Ms ?? 0) : 0,
  );
  return Math.max(0, ...longest);
}

function later(times: readonly number[], nowMs: number): number | undefined {
  const ahead = times.filter((atMs) => atMs > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
