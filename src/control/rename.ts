import type { ResolvedJob } from '../core/job.ts';
import { ringWrite } from './claim.ts';
import { as, type Item, keys, type LockItem } from './items.ts';
import { type JobState, loadJob, nextRev, openClaim, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';
import { dropWish, recordWrite } from './writes.ts';

/**
 * A job that says `renamedFrom` and has no record yet takes over what the old name left: memory, budget, locks,
 * the request of the last run. One transaction, so the job is never known under two names or none. Its wish is
 * dropped and made afresh. `nothing` when the old name left no record.
 */
export async function takeOverName(
  ports: Ports,
  job: ResolvedJob,
  state: JobState,
): Promise<'nothing' | 'taken-over' | 'conflict' | 'unavailable'> {
  const { renamedFrom } = job;
  if (renamedFrom === undefined || state.record) return 'nothing';
  const loaded = await loadJob(ports, renamedFrom, job.checkpoints);
  if (!loaded.ok) return 'unavailable';
  const old = loaded.value;
  if (!old.record) return 'nothing';
  if (openClaim(old)) {
    // Settled under the old name first: a claim is recorded and charged where it was made.
    await ports.wakes.send([{ wake: { kind: 'job', job: renamedFrom, cause: 'renamed' }, delaySeconds: 0 }]);
    return 'conflict';
  }
  const carried = await carriedItems(ports, renamedFrom, old);
  if (carried === 'unavailable') return 'unavailable';
  const { wish, grant: _grant, ...memory } = old.memory;
  const outcome = await ports.store.commit([
    recordWrite(job.name, state, { memory, dueAtMs: state.nowMs }),
    { delete: keys.record(renamedFrom), seenRev: old.record.rev },
    ...dropWish(renamedFrom, wish),
    ...ringWrites(job.name, renamedFrom, state, old),
    ...lockWrites(job.name, renamedFrom, state),
    ...carried.map((item): Write => ({ put: underNewName(item, job.name), seenRev: 'any' })),
  ]);
  if (outcome.kind !== 'committed') return outcome.kind;
  ports.log.info('job renamed', { from: renamedFrom, to: job.name });
  return 'taken-over';
}

/** The note of the current run and the request it was started with: events and restarts need both. */
async function carriedItems(
  ports: Ports,
  oldName: string,
  old: JobState,
): Promise<readonly Item[] | 'unavailable'> {
  const { run, generation } = old.memory;
  if (!run) return [];
  const read = await ports.store.read([keys.run(run.jobRunId), keys.launch(oldName, generation)]);
  if (!read.ok) return 'unavailable';
  return read.value.items.filter((item) => item !== undefined);
}

function underNewName(item: Item, job: string): Item {
  const launch = item.kind === 'launch' ? as('launch', item) : undefined;
  if (launch) return { ...launch, ...keys.launch(job, launch.generation), job };
  return { ...item, rev: nextRev(item), ...('job' in item ? { job } : {}) } as Item;
}

function ringWrites(job: string, oldName: string, state: JobState, old: JobState): readonly Write[] {
  if (!old.ringItem) return [];
  return [ringWrite(job, state, old.ring), { delete: keys.jobRing(oldName), seenRev: old.ringItem.rev }];
}

function lockWrites(job: string, oldName: string, state: JobState): readonly Write[] {
  return state.locks.flatMap(({ item }): readonly Write[] => {
    if (item?.owner !== oldName) return [];
    const put: LockItem = { ...item, rev: nextRev(item), owner: job };
    return [{ put, seenRev: seenRev(item) }];
  });
}
