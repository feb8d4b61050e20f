import { heldBy } from '../core/capacity.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isTerminal, type JobRun, type JobRunSummary, liveStates } from '../core/job-run.ts';
import { locationsNamed } from '../core/launch-request.ts';
import { matchesRun } from '../core/match.ts';
import type { OthersSensor } from '../core/observation.ts';
import { listLagMs } from '../core/protocol.ts';
import { listAll } from './all-runs.ts';
import { lastEnded } from './ended-runs.ts';
import { as, keys, type LiveItem, type RunItem, schemaVersion } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Answer, Ports } from './ports.ts';

/** How long only younger runs are asked for, before all are again. */
const fullEveryMs = 10 * 60_000;

/**
 * Ids of all live runs of an application, and perhaps of some that have just ended. ListJobRuns has one call a second
 * and 50 runs a page, so passes share what they see: younger runs are added to the last full listing, from L before it
 * (protocol, step 4).
 */
export async function liveRuns(
  ports: Ports,
  applicationId: string,
  youngerThanMs: number,
  /** Only those that are live: what has ended must not be named. */
  isWhole = false,
): Promise<Answer<{ live: readonly string[]; dateMs: number }>> {
  const stored = await ports.store.read([keys.live(applicationId)]);
  if (!stored.ok) return stored;
  const item = as('live', stored.value.items[0]);
  const nowMs = ports.clock.now();
  if (item && (isWhole ? item.fullAtMs : item.dateMs) >= youngerThanMs) return { ok: true, value: item };
  const known = item && !isWhole && nowMs - item.fullAtMs < fullEveryMs ? item : undefined;
  const listing = await listAll(ports.runs, applicationId, {
    states: liveStates,
    ...(known ? { createdAtAfterMs: known.fullAtMs - listLagMs } : {}),
  });
  if (!listing.ok) return listing;
  const { dateMs } = listing.value;
  const found = listing.value.runs.map((run) => run.jobRunId);
  const live = [...new Set([...(known?.live ?? []), ...found])];
  const put: LiveItem = {
    ...keys.live(applicationId),
    kind: 'live',
    schema: schemaVersion,
    rev: nextRev(item),
    live,
    fullAtMs: known?.fullAtMs ?? dateMs,
    dateMs,
  };
  // Whoever was faster keeps theirs; this pass has its own.
  await ports.store.commit([{ put, seenRev: seenRev(item) }]);
  return { ok: true, value: { live, dateMs } };
}

/**
 * Live runs that belong to the job besides the one its lock names (protocol, step 4): by our own note, by the
 * policy's match, or because their request names one of its checkpoints. A run that cannot be read counts as
 * belonging, so the sensor answers `unknown` then.
 */
export async function lookForOthers(
  ports: Ports,
  job: ResolvedJob,
  known: {
    readonly runIds: readonly string[];
    readonly applicationIds: readonly string[];
    readonly nowMs: number;
    /** The last run that is known, and has ended: a later one may have come and gone unseen. */
    readonly last?: JobRun;
    /** A listing that another pass took since then will do. */
    readonly youngerThanMs?: number;
  },
): Promise<OthersSensor> {
  const applications = [...new Set([job.match.applicationId, ...known.applicationIds])];
  const live: JobRun[] = [];
  const naming: JobRun[] = [];
  // Live in a listing that is some seconds old, and in no listing of ended runs of that age.
  const justEnded: JobRunSummary[] = [];
  let dateMs = Number.POSITIVE_INFINITY;
  for (const applicationId of applications) {
    const listing = await liveRuns(ports, applicationId, known.youngerThanMs ?? Number.POSITIVE_INFINITY);
    // The application of an old run may be gone; then nothing runs in it. The job's own has to answer.
    const isGone = !listing.ok && listing.code === 'not-found' && applicationId !== job.match.applicationId;
    if (isGone) continue;
    if (!listing.ok) return { kind: 'unknown', why: `${listing.code}: ${listing.message}` };
    dateMs = Math.min(dateMs, listing.value.dateMs);
    const strangers = listing.value.live.filter((runId) => !known.runIds.includes(runId));
    const facts = await factsOf(ports, applicationId, strangers);
    if (!facts.ok) return { kind: 'unknown', why: `${facts.code}: ${facts.message}` };
    for (const fact of facts.value) {
      const relation = relationOf(job, fact);
      if (relation === 'none') continue;
      const run = await ports.runs.get(applicationId, fact.jobRunId);
      if (!run.ok) return { kind: 'unknown', why: `${run.code}: ${run.message}` };
      if (isTerminal(run.value)) justEnded.push(run.value);
      else (relation === 'matches' ? live : naming).push(run.value);
    }
  }
  const isFirstLook = known.runIds.length === 0;
  if (live.length > 0 || naming.length > 0 || !(isFirstLook || known.last)) {
    return { kind: 'seen', dateMs, live, ...(naming.length > 0 ? { naming } : {}) };
  }
  const ended = await lastEnded(ports, job, { justEnded, last: known.last, nowMs: known.nowMs });
  if (!ended.ok) return { kind: 'unknown', why: `${ended.code}: ${ended.message}` };
  return { kind: 'seen', dateMs, live, ...(ended.value ? { ended: ended.value } : {}) };
}

/** What is known of runs, from our own table, else read once from the service and kept. */
export async function factsOf(
  ports: Ports,
  applicationId: string,
  runIds: readonly string[],
): Promise<Answer<RunItem[]>> {
  if (runIds.length === 0) return { ok: true, value: [] };
  const stored = await ports.store.read(runIds.map((id) => keys.run(id)));
  if (!stored.ok) return stored;
  const facts: RunItem[] = [];
  for (const [index, runId] of runIds.entries()) {
    const item = as('run', stored.value.items[index]);
    if (item) {
      facts.push(item);
      continue;
    }
    const run = await ports.runs.get(applicationId, runId);
    if (!run.ok) return run;
    const fact = runItem(run.value);
    facts.push(fact);
    // Lost races and failed writes cost one more GetJobRun later, nothing else.
    await ports.store.commit([{ put: fact, seenRev: 'absent' }]);
  }
  return { ok: true, value: facts };
}

export function runItem(run: JobRun, owned: { job?: string; stray?: boolean } = {}): RunItem {
  return {
    ...keys.run(run.jobRunId),
    kind: 'run',
    schema: schemaVersion,
    rev: 1,
    jobRunId: run.jobRunId,
    applicationId: run.applicationId,
    name: run.name,
    tags: run.tags,
    locations: locationsNamed(run.request),
    held: heldBy(run.request) ?? null,
    ...owned,
  };
}

/**
 * What a run has to do with a job. It *matches* by our own note, or by the policy if no other job has recorded it;
 * else it *names* one of the job's checkpoints, or something inside it. A mere parent of one is no claim to it: a
 * root folder is an argument of many jobs.
 */
export function relationOf(job: ResolvedJob, fact: RunItem): 'matches' | 'names' | 'none' {
  if (fact.job === job.name) return 'matches';
  if (fact.job === undefined && matchesRun(job, fact)) return 'matches';
  const isInside = (named: string, ours: string) => named === ours || named.startsWith(`${ours}/`);
  return fact.locations.some((named) => job.checkpoints.some((ours) => isInside(named, ours)))
    ? 'names'
    : 'none';
}
