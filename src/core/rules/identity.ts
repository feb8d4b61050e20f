import type { Verdict } from '../decision.ts';
import { differences } from '../differences.ts';
import { tell } from '../incident.ts';
import { isLive, type JobRun } from '../job-run.ts';
import { isGoneByOrder, isGrantLive } from '../memory.ts';
import { startDeadlineMs } from '../protocol.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput, Rule } from '../rule.ts';

/** How soon an unreadable run or listing is read again; the jitter keeps a fleet from asking at once. */
const askAgainMs = 15_000;
/** The longer nothing is known, the less often it is asked: a thousand jobs would throttle each other for ever. */
const askAgainMsMax = 4 * 60_000;
/** Few have their turn at once, and those behind them in the fleet's order must not start before them. */
const askInTurnMs = 4_000;
/** From when people are told that the service does not answer (design, "when something is down"). */
const tellUnknownAfterMs = 10 * 60_000;

/**
 * Who writes to this checkpoint? Nothing else is decided before that is clear: one live foreign run is a
 * hand-over, ours beside a foreign one is the danger that everything here exists to prevent.
 */
export const identity: Rule = {
  name: 'identity',
  judge(input) {
    const { run, others } = input.observation;
    const isGone = isGoneByOrder(run, input.memory);
    if (run.kind === 'unknown' && !isGone) return unknown(input, 'run-unknown', run.why);
    if (run.kind === 'seen' && run.run.state === 'UNRECOGNISED')
      return unknown(input, 'run-unknown', 'a state we do not know');
    const ours = run.kind === 'seen' && isLive(run.run) ? run.run : undefined;
    if (others.kind === 'unknown') return ours ? undefined : unknown(input, 'listing-unknown', others.why);
    if (others.kind === 'not-looked') return undefined;
    const { live, naming = [], locked = [], ended } = others;
    if (ours && locked.length > 0) return twoOfOurs(input, [ours, ...locked]);
    if (ours)
      return live.length + naming.length > 0 ? besideForeign(input, ours, [...live, ...naming]) : undefined;
    if (naming.length > 0) return inTheWay(input, naming);
    return takeOver(input, live, ended);
  },
};

function besideForeign(input: DecideInput, ours: JobRun, foreign: readonly JobRun[]): Verdict {
  const names = foreign.map((run) => run.jobRunId).join(', ');
  // A person's run is only disturbed by ours if ours came later, or so close that nobody can have relied on it.
  const yields = foreign.some((run) => ours.createdAtMs - run.createdAtMs >= -startDeadlineMs);
  if (yields && ours.state !== 'CANCELLING') {
    const reason: Reason = 'ours-yields-to-foreign-run';
    const text = `${input.job.name}: run ${names} is live on the same checkpoint, so ours (${ours.jobRunId}) is cancelled at once.`;
    return { kind: 'cancel', run: ours, reason, ...twoWriters(input, reason, text) };
  }
  const reason: Reason = yields ? 'ours-yields-to-foreign-run' : 'foreign-run-beside-ours';
  const text = `${input.job.name}: ${ours.jobRunId} and ${names} write to one checkpoint. Cancel the one that should not run.`;
  return {
    kind: 'wait',
    reason,
    untilMs: input.observation.nowMs + 60_000,
    ...twoWriters(input, reason, text),
  };
}

/** Two locations that were brought together under one job, each with a live run: a person decides which one stays. */
function twoOfOurs(input: DecideInput, runs: readonly JobRun[]): Verdict {
  const reason: Reason = 'several-own-runs';
  const text = `${input.job.name}: its locations have ${runs.length} live runs (${runs.map((run) => run.jobRunId).join(', ')}). Cancel all but the one that serves them all.`;
  return {
    kind: 'wait',
    reason,
    untilMs: input.observation.nowMs + 60_000,
    ...twoWriters(input, reason, text),
  };
}

/** A run that does not match the job writes to its checkpoint: nothing starts, and it is not ours to take. */
function inTheWay(input: DecideInput, runs: readonly JobRun[]): Verdict {
  const reason: Reason = 'checkpoint-in-use';
  const text = `${input.job.name} is not started: run ${runs.map((run) => run.jobRunId).join(', ')} names its checkpoint and does not match the job. Cancel it, or mend match in the policy.`;
  return {
    kind: 'wait',
    reason,
    untilMs: input.observation.nowMs + 60_000,
    ...twoWriters(input, reason, text),
  };
}

function takeOver(
  input: DecideInput,
  live: readonly JobRun[],
  ended: JobRun | undefined,
): Verdict | undefined {
  const { nowMs } = input.observation;
  const [only, ...more] = live;
  if (only && more.length > 0) {
    const reason: Reason = 'several-foreign-runs';
    const text = `${input.job.name}: ${live.length} live runs match this job (${live.map((run) => run.jobRunId).join(', ')}). Cancel all but one.`;
    return { kind: 'wait', reason, untilMs: nowMs + 60_000, ...twoWriters(input, reason, text) };
  }
  if (only) {
    const others = differences(input.job, input.memory, only);
    const drift = others.length > 0 ? ` It has ${others.join('; ')}; it is left as it is.` : '';
    const text = `${input.job.name}: took over run ${only.jobRunId}, started by ${whoIs(only.createdBy)}.${drift}`;
    return {
      kind: 'nothing',
      reason: 'run-adopted',
      adopt: only,
      forget: ['wish', 'grant', 'parked'],
      notice: { event: 'run.adopted', severity: 'info', text },
    };
  }
  if (ended)
    return {
      kind: 'nothing',
      reason: 'ended-run-adopted',
      adopt: ended,
      forget: ['wish', 'grant'],
      untilMs: nowMs,
    };
  return undefined;
}

/** `ana (streaming-admin)` of arn:aws:sts::111122223333:assumed-role/streaming-admin/ana: the name without the account. */
function whoIs(createdBy: string): string {
  const [kind, name, session] = createdBy.split(':').at(-1)?.split('/') ?? [];
  if (kind === 'assumed-role' && name && session) return `${session} (${name})`;
  return name ?? kind ?? createdBy;
}

function twoWriters(input: DecideInput, reason: Reason, text: string): Pick<Verdict, 'learned' | 'notice'> {
  const told = tell(input.memory, {
    reason,
    text,
    severity: 'critical',
    nowMs: input.observation.nowMs,
    freshId: input.ids.incident,
    class: 'concurrent-run',
    needsHuman: true,
  });
  const notice = told.notice && { ...told.notice, event: 'writers.two-live-runs' as const };
  return { learned: told.learned, ...(notice ? { notice } : {}) };
}

function unknown(input: DecideInput, reason: Reason, why: string): Verdict {
  const { nowMs } = input.observation;
  const sinceMs = input.memory.unknownSinceMs ?? nowMs;
  const everyMs = isGrantLive(input.memory, nowMs)
    ? askInTurnMs
    : Math.min(askAgainMsMax, Math.max(askAgainMs, nowMs - sinceMs));
  const untilMs = nowMs + everyMs + Math.floor(input.random * everyMs);
  const verdict: Verdict = { kind: 'wait', reason, untilMs, learned: { unknownSinceMs: sinceMs } };
  if (nowMs - sinceMs < tellUnknownAfterMs) return verdict;
  const text = `${input.job.name}: EMR Serverless has not told us of this job for ten minutes (${why}). Nothing is started meanwhile.`;
  const told = tell(input.memory, { reason, text, severity: 'warning', nowMs, freshId: input.ids.incident });
  return { ...verdict, ...told, learned: { unknownSinceMs: sinceMs, ...told.learned } };
}
