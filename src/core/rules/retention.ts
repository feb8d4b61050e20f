import {
  type Clock,
  type ClockLevel,
  clockChangesAtMs,
  clockOf,
  extendAtMs,
  isUrgent,
} from '../data-loss-clock.ts';
import type { Concern, Extension, NoticeDraft, Verdict } from '../decision.ts';
import { guard } from '../guard.ts';
import { incidentAfter, opened } from '../incident.ts';
import type { ClockMemory, JobMemory } from '../memory.ts';
import type { Reason } from '../reason.ts';
import { costText } from '../retention-cost.ts';
import type { DecideInput, Finding, Next, SafetyRule } from '../rule.ts';
import { undoProposal } from './retention-undo.ts';
import { extendedText, type Heldback, retentionText } from './retention-words.ts';

/** A refused extension is asked for again after this long: rights and limits are mended by people. */
const refusedMs = 3_600_000;
/** A stream that is being changed takes it later, and the run lane must not wait for that. */
const triedMs = 5 * 60_000;
/** A level is told anew only once the clock has been this far from it: a job that catches up must not flap. */
const easedShare = 0.8;

/**
 * The data-loss clock: how long until records that the job has not read are gone. It runs for parked, paused and
 * stopped jobs too. Each level is told once; loss before recovery pages with the exact time; and the stream is kept for
 * longer where the policy allows it, before a person runs out of time to react.
 */
export const retention: SafetyRule = {
  name: 'retention',
  look(input, next): Finding {
    const { job, observation } = input;
    const clock = clockOf(input, next);
    if (!clock) return { concerns: [] };
    const { nowMs } = observation;
    const extension = extensionFor(input, clock);
    const wanted = extension && commandOf(input, extension);
    const held: Heldback | undefined =
      extension && wanted && wanted.guard.kind !== 'done' ? { extension, hold: wanted.guard } : undefined;
    const isExtending = wanted?.guard.kind === 'done';
    const lookAtMs = clockChangesAtMs(clock, { warnAt: job.retention?.warnAt, nowMs });
    return {
      clock,
      concerns: concernsOf(clock, held, nowMs),
      ...(wanted ? { wanted } : {}),
      ...(lookAtMs === undefined ? {} : { lookAtMs }),
      ...(isExtending ? {} : telling(input, next, { clock, held })),
    };
  },
};

function commandOf({ job, observation, memory }: DecideInput, extension: Extension): Next {
  const verdict: Verdict = {
    kind: 'extend-retention',
    extension,
    reason: 'retention-short',
    untilMs: observation.nowMs,
  };
  return { verdict, guard: guard(verdict, job, observation, memory) };
}

/** Which stream is to be kept for how long; only where the service itself said how long it is kept now. */
function extensionFor({ job, observation, memory }: DecideInput, clock: Clock): Extension | undefined {
  const { source, nowMs } = observation;
  const stream = job.source?.kinesis?.stream;
  const toHours = Math.floor((job.retention?.extendToMs ?? 0) / 3_600_000);
  if (clock.kind !== 'running' || stream === undefined || source?.retention.kind !== 'seen') return undefined;
  const fromHours = Math.round(source.retention.retentionMs / 3_600_000);
  const isDue = nowMs >= extendAtMs(clock) || isUrgent(clock);
  if (!isDue || toHours <= fromHours || memory.command) return undefined;
  const { refused, tried } = memory.clock ?? {};
  if (refused && nowMs - refused.atMs < refusedMs) return undefined;
  if (tried && nowMs - tried.atMs < triedMs) return undefined;
  return { stream, fromHours, toHours, cost: costText(source.retention, toHours) };
}

const reasonOf: Readonly<Record<Exclude<ClockLevel, 'calm'>, Reason>> = {
  warning: 'retention-running-out',
  critical: 'data-loss-near',
  lost: 'data-expired',
};

function concernsOf(clock: Clock, held: Heldback | undefined, nowMs: number): readonly Concern[] {
  const concerns: Concern[] = [];
  const reason = levelReason(clock);
  if (reason) concerns.push({ rule: 'retention', reason, text: retentionText.concern(clock, nowMs) });
  if (held)
    concerns.push({
      rule: 'retention',
      reason: 'retention-extension-held',
      text: retentionText.held(held, nowMs),
    });
  return concerns;
}

function levelReason(clock: Clock): Reason | undefined {
  if (clock.kind === 'unknown') return 'retention-unknown';
  return clock.kind === 'running' && clock.level !== 'calm' ? reasonOf[clock.level] : undefined;
}

const ranks: Readonly<Record<ClockLevel, number>> = { calm: 0, warning: 1, critical: 2, lost: 3 };

type Telling = Pick<Finding, 'notice' | 'learned'>;

/** What people are told of it, once for each level; and what is remembered of having told. */
function telling(
  input: DecideInput,
  next: Next,
  { clock, held }: { readonly clock: Clock; readonly held: Heldback | undefined },
): Telling {
  const { memory } = input;
  const before = memory.clock ?? {};
  const taken = foundExtended(input, next);
  if (taken) return taken;
  const level = clock.kind === 'idle' ? 'calm' : clock.level;
  if (ranks[level] <= ranks[before.told?.level ?? 'calm']) {
    const told = stillTold(input, clock, before);
    const undo = undoProposal(input, next, clock);
    if (undo)
      return { notice: undo.notice, learned: { clock: { ...withTold(before, told), ...undo.learned } } };
    return told === before.told ? {} : { learned: { clock: withTold(before, told) } };
  }
  if (level === 'calm') return {};
  const incident = incidentAfter(memory, next);
  const isCall = level === 'critical' || level === 'lost';
  const reason = levelReason(clock) ?? 'retention-unknown';
  const notice: NoticeDraft = {
    event: isCall ? 'incident.needs-human' : incident ? 'incident.updated' : 'incident.opened',
    severity: isCall ? 'critical' : 'warning',
    text: retentionText.notice(input, next, { clock, held }),
    reason,
    ...(incident?.class ? { class: incident.class } : {}),
    ...(isCall && clock.kind === 'running' ? { lossAtMs: clock.lossAtMs } : {}),
    ...(incident ? {} : { opens: true }),
    ...(incident?.needsHuman ? { stillNeedsHuman: true } : {}),
  };
  const retentionMs = clock.kind === 'running' ? clock.retentionMs : 0;
  const learned: Partial<JobMemory> = {
    clock: { ...before, told: { level, retentionMs } },
    ...(incident ? {} : { incident: opened(input, reason, { needsHuman: isCall }) }),
  };
  return { notice, learned };
}

/** An extension whose answer was lost shows in what the stream says of itself. */
function foundExtended({ job, observation, memory }: DecideInput, next: Next): Telling | undefined {
  const { tried, told: _past, ...rest } = memory.clock ?? {};
  const retention = observation.source?.retention;
  if (!tried || retention?.kind !== 'seen' || retention.readAtMs <= tried.atMs) return undefined;
  const { extension, atMs } = tried;
  if (retention.retentionMs < extension.toHours * 3_600_000) return undefined;
  const { stream, fromHours, toHours } = extension;
  const incident = incidentAfter(memory, next);
  const notice: NoticeDraft = {
    event: 'incident.updated',
    severity: 'warning',
    text: extendedText(job.name, extension),
    reason: 'retention-extended',
    ...(incident?.class ? { class: incident.class } : {}),
    ...(incident?.needsHuman ? { stillNeedsHuman: true } : {}),
  };
  return { notice, learned: { clock: { ...rest, extended: { stream, fromHours, toHours, atMs } } } };
}

/** Forgotten once the oldest unread record is young again, or the retention another. */
function stillTold(
  { job, observation }: DecideInput,
  clock: Clock,
  { told }: ClockMemory,
): ClockMemory['told'] {
  if (clock.kind === 'unknown' || told === undefined) return told;
  if (clock.kind === 'idle') return undefined;
  if (clock.retentionMs !== told.retentionMs && clock.level === 'calm') return undefined;
  const usedMs = observation.nowMs - clock.sinceMs;
  return usedMs < easedShare * (job.retention?.warnAt ?? 0.5) * clock.retentionMs ? undefined : told;
}

function withTold({ told: _before, ...rest }: ClockMemory, told: ClockMemory['told']): ClockMemory {
  return told === undefined ? rest : { ...rest, told };
}
