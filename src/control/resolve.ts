import { matchesRun } from '../core/match.ts';
import { as, keys } from './items.ts';
import { relationOf, runItem } from './listing.ts';
import type { Answer, Ports } from './ports.ts';

/**
 * Which job a run belongs to: by our own note, else by the policy. The service's events name neither job nor
 * tags, so an unknown run is read once. Undefined for runs that no policy matches: those are never touched.
 */
export async function jobOfRun(
  ports: Ports,
  applicationId: string,
  jobRunId: string,
  cause = '',
): Promise<Answer<{ job: string; known: boolean } | undefined>> {
  const stored = await ports.store.read([keys.run(jobRunId)]);
  if (!stored.ok) return stored;
  const known = as('run', stored.value.items[0]);
  const current = await ports.policies.current();
  if (!current.ok) return current;
  const jobs = Object.values(current.value.policy.jobs);
  if (known?.job !== undefined) {
    if (onItsWay.has(cause)) return { ok: true, value: undefined };
    const owner =
      jobs.find((job) => job.name === known.job) ?? jobs.find((job) => job.renamedFrom === known.job);
    return { ok: true, value: { job: owner?.name ?? known.job, known: true } };
  }
  // Applications that no job names are somebody else's; their runs are not even read.
  if (!jobs.some((job) => job.match.applicationId === applicationId)) return { ok: true, value: undefined };
  let fact = known;
  if (!fact) {
    const run = await ports.runs.get(applicationId, jobRunId);
    if (!run.ok) return run;
    fact = runItem(run.value);
    await ports.store.commit([{ put: fact, seenRev: 'absent' }]);
  }
  const found = fact;
  const job =
    jobs.find((one) => matchesRun(one, found)) ?? jobs.find((one) => relationOf(one, found) === 'names');
  return { ok: true, value: job ? { job: job.name, known: false } : undefined };
}

/**
 * Steps of a run that is ours already, on its way to RUNNING: there is nothing to decide, and GetJobRun has ten calls a
 * second for the whole account. A step that never comes is found by the look that its start arranged.
 */
const onItsWay: ReadonlySet<string> = new Set(
  ['SUBMITTED', 'QUEUED', 'PENDING', 'SCHEDULED'].map((state) => `event ${state}`),
);
