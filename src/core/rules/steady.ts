import { auditsWith, isUnbroken } from '../audits.ts';
import type { Verdict } from '../decision.ts';
import { forMs } from '../explain-seen.ts';
import { learnedSizes } from '../learned-sizes.ts';
import type { Incident, JobMemory } from '../memory.ts';
import { type Progress, progressOf } from '../progress.ts';
import type { DecideInput, Rule } from '../rule.ts';
import { versionOf } from '../version.ts';
import { atLeast, namedChange, namedSizes, workerNames } from '../workers.ts';
import { isLosing } from './loss.ts';

/** A healthy job is looked at this often; events wake it sooner. */
const calmLookMs = 5 * 60_000;
const watchedLookMs = 60_000;

/** The run is live: nothing to do, said so, and the incident is closed once the restart has proved itself. */
export const steady: Rule = {
  name: 'steady',
  judge(input): Verdict {
    const { job, observation, memory } = input;
    const { run, nowMs } = observation;
    const state = run.kind === 'seen' ? run.run.state : undefined;
    const forget = ['wish', 'grant', 'parked', 'unknownSinceMs'] as const;
    // An order that meets a run on its way down, or one that may yet fail to start, is still wanted.
    const obeyed = [...forget, 'order', 'waitsSinceMs'] as const;
    if (state === 'CANCELLING') {
      return { kind: 'wait', reason: 'run-cancelling', untilMs: nowMs + 30_000, forget };
    }
    if (state !== 'RUNNING') {
      return { kind: 'nothing', reason: 'run-starting', untilMs: nowMs + watchedLookMs, forget };
    }
    const { incident } = memory;
    const progress = progressOf(memory, observation);
    const learned = proven(input, progress);
    const sinceMs = run.kind === 'seen' ? (run.run.startedAtMs ?? run.run.createdAtMs) : nowMs;
    const isProven = progress.committed && nowMs - sinceMs >= job.restart.stableAfterMs;
    // While unread records are old, or some were left out lately, the incident is not over, however well the run does.
    if (incident && isProven && memory.clock?.told === undefined && !isLosing(input)) {
      const text = `${job.name}: healthy again for ${Math.round((nowMs - sinceMs) / 60_000)} min at batch ${progress.batch ?? '?'}${afterText(incident)}.${downText(incident, sinceMs)}${unbrokenText(memory)}${keepSizes(input)}`;
      return {
        kind: 'nothing',
        reason: 'run-healthy',
        ...learned,
        untilMs: nowMs + calmLookMs,
        forget: [...obeyed, 'incident'],
        notice: {
          event: 'incident.recovered',
          severity: 'info',
          text,
          reason: 'run-healthy',
          ...(incident.class ? { class: incident.class } : {}),
        },
      };
    }
    return {
      kind: 'nothing',
      reason: 'run-healthy',
      ...learned,
      // A thousand jobs that recover at once must not use up GetJobRun by being looked at each minute.
      untilMs: incident ? nextProofMs(nowMs, sinceMs + job.restart.stableAfterMs) : nowMs + calmLookMs,
      forget: obeyed,
    };
  },
};

/** What has committed a batch is a program that works on this checkpoint, and has begun it where it should. */
function proven(
  { observation: { run, seams }, memory }: DecideInput,
  progress: Progress,
): Pick<Verdict, 'learned'> {
  const audits = auditsWith(memory, seams);
  if (run.kind !== 'seen' || !progress.committed) return audits.audits ? { learned: audits } : {};
  const good = versionOf(run.run.request);
  const learned = { ...(good.id === memory.good?.id ? {} : { good }), ...audits };
  return Object.keys(learned).length === 0 ? {} : { learned };
}

/**
 * A size step lives in our memory only: a start by hand would fall back to what was too small. Nothing is said of what the
 * launch has by now.
 */
function keepSizes({ job, memory }: DecideInput): string {
  const { launch } = job;
  const workers = learnedSizes(job, memory);
  const sizes = workerNames.flatMap((worker) => {
    const learned = workers?.[worker];
    if (!learned) return [];
    const has = launch ? namedSizes(launch, worker) : {};
    const wants = launch ? namedSizes(atLeast(launch, workers, undefined), worker) : namedChange(learned);
    return Object.entries(wants).flatMap(([part, size]) => {
      const old = has[part as keyof typeof has];
      return old === size
        ? []
        : [`${worker} ${part} ${size}${old === undefined ? '' : ` instead of ${old}`}`];
    });
  });
  return sizes.length === 0
    ? ''
    : ` It runs with larger workers (${sizes.join(', ')}): write them into its launch to keep them.`;
}

function afterText({ restarts, class: failureClass }: Incident): string {
  if (restarts === 0) return '';
  const cause = failureClass ? ` (${failureClass})` : '';
  return `, after ${restarts === 1 ? 'one restart' : `${restarts} restarts`}${cause}`;
}

/** From the failure until its run was RUNNING again; a job that ran through its incident was not down. */
function downText({ openedAtMs }: Incident, runningSinceMs: number): string {
  return runningSinceMs > openedAtMs ? ` It was down for ${forMs(runningSinceMs - openedAtMs)}.` : '';
}

function unbrokenText(memory: JobMemory): string {
  return isUnbroken(memory) ? ' Its first batch began where the last one had ended.' : '';
}

/** When the restart has proved itself, or a calm look before that: what happens earlier is told by an event. */
function nextProofMs(nowMs: number, stableAtMs: number): number {
  return stableAtMs > nowMs ? Math.min(stableAtMs, nowMs + calmLookMs) : nowMs + watchedLookMs;
}
