import type { ResolvedJob } from '../core/job.ts';
import { type JobRun, terminalStates } from '../core/job-run.ts';
import { matchesRun } from '../core/match.ts';
import { listAll } from './all-runs.ts';
import { as, type EndedItem, type EndedRun, keys, schemaVersion } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Answer, Ports } from './ports.ts';

/** How far back an ended run is looked for when a job has no recorded run. */
const endedLookbackMs = 7 * 24 * 3_600_000;

/**
 * The newest ended run that nobody has recorded is the job's last one (protocol, step 12): it died before Checkpilot
 * came, or a person's run ended before anybody looked. One that ended before the last known run did says nothing of how
 * the job came to a halt: somebody started it beside ours, saw it, and took it back.
 */
export async function lastEnded(
  ports: Ports,
  job: ResolvedJob,
  seen: {
    /** The last run that is known, which has ended; without one a week is looked through. */
    readonly last: JobRun | undefined;
    /** Live in a listing that is some seconds old, and in no listing of ended runs of that age. */
    readonly justEnded: readonly EndedRun[];
    readonly nowMs: number;
  },
): Promise<Answer<JobRun | undefined>> {
  const { applicationId } = job.match;
  const { last, justEnded, nowMs } = seen;
  const listing = last
    ? await listAll(ports.runs, applicationId, {
        states: terminalStates,
        createdAtAfterMs: last.createdAtMs,
      })
    : await sharedEnded(ports, applicationId, nowMs - endedLookbackMs);
  // More runs than can be listed hide an ended one at worst: that is history, not safety, so nothing waits for it.
  if (!listing.ok) return listing.code === 'malformed' ? { ok: true, value: undefined } : listing;
  const newestFirst = [...justEnded, ...listing.value.runs].sort((a, b) => b.createdAtMs - a.createdAtMs);
  for (const { jobRunId, name } of newestFirst) {
    if (!matchesRun(job, { applicationId, name, tags: job.match.tags })) continue;
    const run = await ports.runs.get(applicationId, jobRunId);
    if (!run.ok) return run;
    if (!matchesRun(job, run.value) || (last && endOf(run.value) < endOf(last))) continue;
    const stored = await ports.store.read([keys.run(jobRunId)]);
    if (!stored.ok) return stored;
    const noted = as('run', stored.value.items[0]);
    if (noted?.job === undefined && !noted?.stray) return { ok: true, value: run.value };
  }
  return { ok: true, value: undefined };
}

function endOf({ endedAtMs, updatedAtMs }: JobRun): number {
  return endedAtMs ?? updatedAtMs;
}

/** How long one listing of ended runs serves the first looks of an application's jobs: it is history, nothing starts on it. */
const endedSharedMs = 5 * 60_000;
/** More runs than this would make an item that costs more than the listing. */
const endedKeptMax = 500;

/** The first look at a job asks for a week of ended runs; a thousand jobs that are declared at once ask together. */
async function sharedEnded(
  ports: Ports,
  applicationId: string,
  createdAtAfterMs: number,
): Promise<Answer<{ runs: readonly EndedRun[] }>> {
  const stored = await ports.store.read([keys.ended(applicationId)]);
  if (!stored.ok) return stored;
  const item = as('ended', stored.value.items[0]);
  if (item && ports.clock.now() - item.dateMs < endedSharedMs) return { ok: true, value: item };
  const listing = await listAll(ports.runs, applicationId, { states: terminalStates, createdAtAfterMs });
  if (!listing.ok) return listing;
  const runs = listing.value.runs.map(({ jobRunId, name, createdAtMs }) => ({ jobRunId, name, createdAtMs }));
  if (runs.length <= endedKeptMax) {
    const { dateMs } = listing.value;
    const put: EndedItem = {
      ...keys.ended(applicationId),
      kind: 'ended',
      schema: schemaVersion,
      rev: nextRev(item),
      runs,
      dateMs,
    };
    await ports.store.commit([{ put, seenRev: seenRev(item) }]);
  }
  return { ok: true, value: { runs } };
}
