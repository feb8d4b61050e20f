import { as, type Item, keys } from '../../control/items.ts';
import type { JobStore } from '../../control/ports.ts';
import type { Decision } from '../../core/decision.ts';
import type { ResolvedPolicy } from '../../core/job.ts';
import type { JournalEntry } from '../../world/journal.ts';
import type { InjectedFaults } from './faults.ts';
import { type Ending, scenario } from './scenario.ts';

/** What `npm run demo -- --headless --json` prints; the names are stable. */
export interface Outcome {
  readonly jobs: number;
  readonly faultsInjected: number;
  readonly recovered: number;
  readonly parked: number;
  readonly runsStarted: number;
  readonly doubleWriters: number;
  readonly budgetBreaches: number;
  readonly noticesSent: number;
  /** From the end of a run to the next accepted start, without the drawn backoff, in virtual time. */
  readonly recoveryMs: { readonly p50: number; readonly p95: number; readonly max: number };
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly virtualMinutes: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly perJob: readonly JobOutcome[];
  /** What was expected and did not happen; empty when `ok`. */
  readonly missing: readonly string[];
  readonly ok: boolean;
}

export interface JobOutcome {
  readonly job: string;
  readonly ended: Ending;
  readonly runs: number;
  readonly batches: number;
  readonly class?: string;
  readonly recoveryMs?: number;
}

export interface Evidence {
  readonly policy: ResolvedPolicy;
  readonly journal: readonly JournalEntry[];
  readonly decisions: readonly Decision[];
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly injected: InjectedFaults;
}

/** Judges the demo from what the world saw, not from what Checkpilot says of itself. */
export function judge(evidence: Evidence): Outcome {
  const { policy, journal, injected } = evidence;
  const ofKind = (kind: string) => journal.filter((entry) => entry.kind === kind);
  const perJob = Object.keys(policy.jobs).map((job) => judgeJob(job, evidence));
  const doubleWriters = ofKind('double-writer').length;
  const budgetBreaches = Object.values(policy.jobs).reduce(
    (sum, job) => sum + breaches(restartTimes(journal, job.name), job.restart.budget),
    0,
  );
  const gaps = recoveryGaps(evidence);
  const faults = { attemptsFailed: ofKind('attempt-failed').length, ...injected };
  const missing = [
    ...unexpected(perJob, evidence),
    ...(doubleWriters > 0 ? [`${doubleWriters} times two live runs on one checkpoint`] : []),
    ...(budgetBreaches > 0 ? [`${budgetBreaches} restarts over budget`] : []),
  ];
  return {
    jobs: perJob.length,
    faultsInjected: Object.values(faults).reduce((sum, count) => sum + count, 0),
    recovered: perJob.filter(({ ended }) => ended === 'recovered').length,
    parked: perJob.filter(({ ended }) => ended === 'parked').length,
    runsStarted: ofKind('start-accepted').length,
    doubleWriters,
    budgetBreaches,
    noticesSent: ofKind('notice').length,
    recoveryMs: { p50: quantile(gaps, 0.5), p95: quantile(gaps, 0.95), max: quantile(gaps, 1) },
    apiCalls: evidence.apiCalls,
    virtualMinutes: Math.round(scenario.durationMs / 60_000),
    faults,
    perJob,
    missing,
    ok: missing.length === 0,
  };
}

/** Every expectation that does not hold, as a sentence. */
function unexpected(perJob: readonly JobOutcome[], { journal, injected }: Evidence): string[] {
  const of = (job: string, kind: string) =>
    journal.filter((entry) => entry.job === job && entry.kind === kind);
  const restartsOf = (job: string) =>
    of(job, 'start-accepted').filter(({ cause }) => cause === 'restart').length;
  const told = (job: string, event: string) =>
    of(job, 'notice').filter((entry) => entry.event === event && entry.newPost === true).length;
  const endings = Object.entries(scenario.expected).flatMap(([job, expected]) => {
    const ended = perJob.find((one) => one.job === job)?.ended ?? 'unknown';
    return ended === expected ? [] : [`${job} should be ${expected} and is ${ended}`];
  });
  const checks: readonly (readonly [boolean, string])[] = [
    [injected.lostEvents === 1, 'no event was lost'],
    [injected.doubledEvents > 0, 'no event came twice'],
    [injected.lostAnswers === 1, 'no answer to StartJobRun was lost'],
    [journal.some(({ kind }) => kind === 'start-replayed'), 'no start was sent again after a lost answer'],
    [injected.throttledCalls > 0, 'the service throttled nothing'],
    [restartsOf('sessions') === 1, 'sessions was not restarted just once after the throttle'],
    [of('ads-agg', 'attempt-failed').length > 0, 'ads-agg lost no worker'],
    [restartsOf('ads-agg') === 0, 'ads-agg was restarted although the service had seen to it'],
    [of('iot-ingest', 'attempt-failed').length === 1, 'iot-ingest was tried again in vain'],
    [told('iot-ingest', 'incident.needs-human') === 1, 'nobody was called for iot-ingest, or more than once'],
    [told('ledger', 'run.stopped-by-person') === 1, 'the stop of ledger was not told just once'],
    [told('fraud-score', 'run.adopted') === 1, 'taking over fraud-score was not told just once'],
  ];
  const recovered = Object.entries(scenario.expected).filter(([, ending]) => ending === 'recovered');
  const untold = recovered.flatMap(([job]) =>
    of(job, 'notice').some(({ event, newPost }) => event === 'incident.recovered' && newPost === false)
      ? []
      : [`the message about ${job} was not edited to its recovery`],
  );
  const failed = checks.flatMap(([holds, sentence]) => (holds ? [] : [sentence]));
  return [...endings, ...failed, ...untold, ...postedTwice(journal)];
}

/** A state of an incident is one post at most; everything else is an edit, or a step in its thread. */
function postedTwice(journal: readonly JournalEntry[]): string[] {
  const posts = new Map<string, number>();
  for (const { kind, incident, event, newPost } of journal) {
    if (kind !== 'notice' || newPost !== true) continue;
    const what = `${event} of ${incident}`;
    posts.set(what, (posts.get(what) ?? 0) + 1);
  }
  return [...posts].flatMap(([what, count]) => (count > 1 ? [`${what} was posted ${count} times`] : []));
}

function judgeJob(job: string, evidence: Evidence): JobOutcome {
  const own = evidence.journal.filter((entry) => entry.job === job);
  const starts = own.filter(({ kind }) => kind === 'start-accepted');
  const batches = own.filter(({ kind }) => kind === 'batch-committed');
  const failure = evidence.decisions
    .filter((decision) => decision.job === job && decision.verdict.judgement)
    .at(-1);
  const gap = recoveryGaps({ ...evidence, journal: own }).at(-1);
  return {
    job,
    ended: endingOf(job, own, evidence.decisions),
    runs: starts.length,
    batches: batches.length,
    ...(failure?.verdict.judgement ? { class: failure.verdict.judgement.class } : {}),
    ...(gap === undefined ? {} : { recoveryMs: gap }),
  };
}

function endingOf(job: string, own: readonly JournalEntry[], decisions: readonly Decision[]): Ending {
  const starts = own.filter(({ kind }) => kind === 'start-accepted');
  const last = starts.at(-1);
  const ofLast = own.filter(({ jobRunId }) => jobRunId === last?.jobRunId);
  const state = ofLast.filter(({ kind }) => kind === 'run-state').at(-1)?.state;
  if (state === 'RUNNING' && ofLast.some(({ kind }) => kind === 'batch-committed')) {
    if (starts.length === 1) return 'healthy';
    // Runs that people start carry no tag of ours, and so no cause.
    return last?.cause === undefined ? 'taken-over' : 'recovered';
  }
  const isParked = decisions.some(
    (one) => one.job === job && one.kind === 'park' && one.atMs >= (last?.t ?? 0),
  );
  if (isParked) return 'parked';
  return state === 'CANCELLED' ? 'stopped' : 'down';
}

/** Restarts beyond a limit inside any rolling hour or day. */
function breaches(
  times: readonly number[],
  { perHour, perDay }: { perHour: number; perDay: number },
): number {
  const over = (windowMs: number, max: number) =>
    times.filter((at) => times.filter((other) => other <= at && other > at - windowMs).length > max).length;
  return over(3_600_000, perHour) + over(86_400_000, perDay);
}

function restartTimes(journal: readonly JournalEntry[], job: string): number[] {
  return journal
    .filter((entry) => entry.kind === 'start-accepted' && entry.job === job && entry.cause === 'restart')
    .map(({ t }) => t);
}

function recoveryGaps({ journal, decisions }: Pick<Evidence, 'journal' | 'decisions'>): number[] {
  const restarts = journal.filter(({ kind, cause }) => kind === 'start-accepted' && cause === 'restart');
  return restarts.flatMap((start) => {
    const end = journal
      .filter(
        ({ kind, job, t, state }) =>
          kind === 'run-state' &&
          job === start.job &&
          t <= start.t &&
          (state === 'FAILED' || state === 'SUCCESS'),
      )
      .at(-1);
    if (!end) return [];
    const wish = decisions
      .filter(
        ({ job, atMs, verdict }) =>
          job === start.job && verdict.kind === 'start' && atMs >= end.t && atMs <= start.t,
      )
      .at(-1);
    const backoffMs = wish?.verdict.kind === 'start' ? wish.verdict.wish.notBeforeMs - wish.atMs : 0;
    return [start.t - end.t - backoffMs];
  });
}

/** Nearest rank; 0 for nothing measured. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

/** The decisions of a job as the table holds them, oldest first. */
export async function decisionsOf(store: JobStore, job: string): Promise<Decision[]> {
  const { pk } = keys.record(job);
  const found = await store.list(pk, { limit: 1_000, skPrefix: 'DECISION#' });
  if (!found.ok) throw new Error(`decisions of ${job} could not be read: ${found.message}`);
  return found.value.map((item: Item) => as('decision', item)?.decision as Decision);
}
