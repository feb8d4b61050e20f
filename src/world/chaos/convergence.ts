import { as, keys, type LockItem, type RecordItem } from '../../control/items.ts';
import { dayMs } from '../../core/budget.ts';
import type { ResolvedJob } from '../../core/job.ts';
import { isLive, type RunFacts } from './run-ledger.ts';
import type { Site } from './site.ts';

/** Classes that only a person can mend, so a job that died of one stays down and says so. */
const lastingClasses = new Set([
  'user-code-error',
  'permission-denied',
  'concurrent-run',
  'config-invalid',
  'bad-data',
]);

/** A notice is written with the park, by a clock that may be read a little earlier. */
const noticeMs = 60_000;

/** What is not yet as it should be once nothing goes wrong any more; empty when the fleet has converged. */
export async function unsettled(site: Site): Promise<readonly string[]> {
  const found: string[] = [];
  for (const job of Object.values(site.policy.policy.jobs)) found.push(...(await ofJob(site, job)));
  const outbox = await site.store.list(keys.outbox, { limit: 1 });
  if (outbox.ok && outbox.value.length > 0) found.push('a notice was never delivered');
  return found;
}

async function ofJob(site: Site, job: ResolvedJob): Promise<readonly string[]> {
  const read = await site.store.read([
    keys.record(job.name),
    keys.jobRing(job.name),
    ...job.checkpoints.map((location) => keys.lock(location)),
  ]);
  if (!read.ok) return ['the store did not answer'];
  const [recordItem, ringItem, ...lockItems] = read.value.items;
  const record = as('record', recordItem);
  const locks = lockItems.flatMap((item) => as('lock', item) ?? []);
  const found: string[] = [];
  if (!record) return [`${job.name} has no record`];
  if (locks.some((lock) => lock.claim !== undefined)) found.push(`${job.name} has an open claim`);
  if ((as('ring', ringItem)?.ring.open.length ?? 0) > 0) found.push(`${job.name} has an open charge`);
  if (new Set(locks.map((lock) => lock.runId)).size > 1)
    found.push(`${job.name} has locks that name different runs`);
  const untold = untoldOf(site, job, record);
  if (untold !== undefined) found.push(`${job.name} ${untold}, and nobody was told`);
  const wrong = wrongRun(site, job, record, locks);
  return wrong === undefined ? found : [...found, `${job.name}: ${wrong}`];
}

/** Why a job is down that people should have read, and have not since its last run ended. */
function untoldOf(
  site: Site,
  { name, renamedFrom, checkpoints, restart }: ResolvedJob,
  { memory }: RecordItem,
): string | undefined {
  const { watch } = site;
  const [location = ''] = checkpoints;
  const runs = watch.runs.of(location);
  const hasTold = (event: 'incident.needs-human' | 'run.stopped-by-person', sinceMs: number) =>
    watch.told.has(event, [name, renamedFrom ?? name], sinceMs - noticeMs);
  const { parked, desired } = memory;
  if (parked) return hasTold('incident.needs-human', parked.atMs) ? undefined : 'is parked';
  if (runs.some(isLive) || watch.orders.isStopped(location)) return undefined;
  const endedAtMs = Math.max(0, ...runs.map((run) => run.endedAtMs ?? 0));
  if (desired === 'stopped')
    return hasTold('run.stopped-by-person', endedAtMs) ? undefined : 'is left as stopped';
  // While it waits for capacity it is tried again from time to time, and people are called once.
  const sinceMs = Math.min(endedAtMs, memory.waitsSinceMs ?? endedAtMs);
  const isCalledFor = restart.onBudgetExhausted === 'wait' || hasTold('incident.needs-human', sinceMs);
  return isCalledFor ? undefined : 'waits for its budget';
}

/** One live run that the lock names, or a good reason why there is none. */
function wrongRun(
  site: Site,
  job: ResolvedJob,
  record: RecordItem,
  locks: readonly LockItem[],
): string | undefined {
  const [location = ''] = job.checkpoints;
  const runs = site.watch.runs.of(location);
  const live = runs.filter(isLive);
  const [only] = live;
  if (live.length > 1) return `${live.length} live runs`;
  if (only && site.watch.orders.isStopped(location))
    return `run ${only.jobRunId} is live, although people stopped the job`;
  if (only) {
    if (locks[0]?.runId !== only.jobRunId) return `run ${only.jobRunId} is live and not the lock's`;
    return only.state === 'RUNNING' ? undefined : `run ${only.jobRunId} is ${only.state}`;
  }
  return isDownForGood(site, job, record, runs) ? undefined : `down: ${reasonOf(record)}`;
}

function isDownForGood(
  site: Site,
  job: ResolvedJob,
  { memory }: RecordItem,
  runs: readonly RunFacts[],
): boolean {
  const last = runs.toSorted((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0)).at(-1);
  if (!last) return false;
  if (memory.desired === 'stopped')
    return isStoppedByPerson(runs) || site.watch.orders.isStopped(job.checkpoints[0] ?? '');
  if (memory.parked) return isParkedRightly(runs, last) || isLasting(runs, memory.parked.jobRunId);
  return isDayUsedUp(site, job, last);
}

/**
 * A person cancelled a run, and no run has ended by itself after it. It is the order of the ends that counts: of two
 * that lived at once, the one which started first can be the last that there was.
 */
function isStoppedByPerson(runs: readonly RunFacts[]): boolean {
  const ends = (of: readonly RunFacts[]) => Math.max(...of.map(({ endedAtMs = 0 }) => endedAtMs));
  const cancelled = runs.filter(({ state }) => state === 'CANCELLED');
  const byPerson = cancelled.filter(({ isCancelledByPerson }) => isCancelledByPerson);
  return byPerson.length > 0 && ends(runs.filter((run) => !cancelled.includes(run))) <= ends(byPerson);
}

/** The job's own day, or that of the class of failure that is to be answered. */
function isDayUsedUp(
  { watch, time }: Site,
  { name, renamedFrom, restart }: ResolvedJob,
  last: RunFacts,
): boolean {
  const claimed = (failedBy?: string) =>
    watch.oneWriter.restartsClaimed([name, renamedFrom ?? name], time.now() - dayMs, failedBy);
  if (claimed() >= restart.budget.perDay) return true;
  const { failedBy } = last;
  const ofClass = Object.entries(restart.classes).find(([of]) => of === failedBy)?.[1]?.budget?.perDay;
  return ofClass !== undefined && claimed(failedBy) >= ofClass;
}

/** The run that parked the job, which may be older than a copy of a late packet that was cancelled beside it. */
function isLasting(runs: readonly RunFacts[], jobRunId: string | undefined): boolean {
  const failedBy = runs.find((run) => run.jobRunId === jobRunId)?.failedBy;
  return failedBy !== undefined && lastingClasses.has(failedBy);
}

/** A lasting class, or a loop: at least two runs in a row that committed nothing. */
function isParkedRightly(runs: readonly RunFacts[], last: RunFacts): boolean {
  if (isLasting(runs, last.jobRunId)) return true;
  const hasNeverCommitted = runs.every((run) => run.batches === 0);
  if (hasNeverCommitted) return true;
  return runs.slice(-2).every((run) => run.batches === 0);
}

function reasonOf({ memory, last, dueAtMs }: RecordItem): string {
  const state = memory.parked ? 'parked' : memory.desired === 'stopped' ? 'stopped' : 'not parked';
  const wish = memory.wish ? `, wish ${memory.wish.reason}` : '';
  return `${state}${wish}, last ${last?.key ?? 'nothing'}, due ${new Date(dueAtMs).toISOString()}`;
}
