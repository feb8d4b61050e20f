import { liveStates } from '../core/job-run.ts';
import { deliverOutbox } from './deliver.ts';
import { as, dueShards, keys, type ListingItem, type SweepItem, schemaVersion } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Ports, Wake } from './ports.ts';

export interface SweepReport {
  readonly due: number;
  readonly ended: number;
  readonly appeared: number;
  readonly pages: number;
  readonly delivered: number;
  /** What could not be done this time; the next sweep tries again. */
  readonly trouble: readonly string[];
}

/** Due jobs woken in one sweep, over all shards; what is more waits a minute. */
const dueMax = 2_000;
/** ListJobRuns pages of one sweep: half of the 1 a second that the service allows, the rest is for passes and people. */
const pagesMax = 30;
/** Pages asked for at once before the sweep slows down to the sustained quota. */
const pagesBurst = 10;
/** A notice is left to the pass that wrote it for this long. */
const outboxAgeMs = 60_000;

/** Every minute: wakes whom nobody woke. Everything it finds is a hint; a pass looks for itself. */
export async function sweep(ports: Ports): Promise<SweepReport> {
  const trouble: string[] = [];
  const due = await wakeDue(ports, trouble);
  await wakeUndiscovered(ports, trouble);
  const lost = await findLostEvents(ports, trouble);
  const wishes = await ports.store.list(keys.wishes, { limit: 1 });
  if (wishes.ok && wishes.value.length > 0) await ports.wakes.release();
  const delivered = await deliverOutbox(ports, { olderThanMs: outboxAgeMs });
  return { due, ...lost, delivered, trouble };
}

async function wakeDue(ports: Ports, trouble: string[]): Promise<number> {
  const beforeMs = ports.clock.now();
  let count = 0;
  for (let shard = 0; shard < dueShards; shard++) {
    const jobs = await ports.store.due(shard, { beforeMs, limit: Math.ceil(dueMax / dueShards) });
    if (!jobs.ok) {
      trouble.push(`due shard ${shard}: ${jobs.message}`);
      continue;
    }
    const sent = await send(
      ports,
      jobs.value.map((job): Wake => ({ kind: 'job', job, cause: 'due' })),
    );
    if (!sent) trouble.push(`due shard ${shard}: the wake queue did not take the wakes`);
    count += jobs.value.length;
  }
  return count;
}

/** Jobs that a new policy declares have no record yet. Looked for once a policy, not once a minute. */
async function wakeUndiscovered(ports: Ports, trouble: string[]): Promise<void> {
  const current = await ports.policies.current();
  if (!current.ok) {
    trouble.push(`policy: ${current.message}`);
    return;
  }
  const { policy, hash } = current.value;
  const stored = await ports.store.read([keys.sweep]);
  if (!stored.ok) return;
  const before = as('sweep', stored.value.items[0]);
  if (before?.policyHash === hash) return;
  const names = Object.keys(policy.jobs);
  const records = await ports.store.read(names.map((name) => keys.record(name)));
  if (!records.ok) return;
  const fresh = names.filter((_, index) => records.value.items[index] === undefined);
  await send(
    ports,
    fresh.map((job): Wake => ({ kind: 'job', job, cause: 'declared', look: true })),
  );
  if (fresh.length > 0) return;
  const put: SweepItem = {
    ...keys.sweep,
    kind: 'sweep',
    schema: schemaVersion,
    rev: nextRev(before),
    policyHash: hash,
  };
  await ports.store.commit([{ put, seenRev: seenRev(before) }]);
}

/**
 * Compares the live runs of each application with those of the sweep before: one that is gone has ended, one that
 * is new was started, and either event may have been lost. The wakes go out before the new listing is kept, so a
 * crash in between repeats them.
 */
async function findLostEvents(
  ports: Ports,
  trouble: string[],
): Promise<{ ended: number; appeared: number; pages: number }> {
  const current = await ports.policies.current();
  if (!current.ok) return { ended: 0, appeared: 0, pages: 0 };
  const applications = [
    ...new Set(Object.values(current.value.policy.jobs).map((job) => job.match.applicationId)),
  ].sort();
  const total = { ended: 0, appeared: 0, pages: 0 };
  for (const applicationId of applications) {
    const listing = await continueListing(ports, applicationId, total.pages);
    total.pages += listing.pages;
    if (listing.trouble !== undefined) trouble.push(`application ${applicationId}: ${listing.trouble}`);
    if (!listing.complete) continue;
    const before = listing.item?.live ?? [];
    const ended = before.filter((id) => !listing.live.includes(id));
    const appeared = listing.live.filter((id) => !before.includes(id));
    const wakes = [
      ...ended.map((id) => runWake(applicationId, id, 'run-gone')),
      ...appeared.map((id) => runWake(applicationId, id, 'run-appeared')),
    ];
    if (!(await send(ports, wakes))) {
      trouble.push(`application ${applicationId}: the wake queue did not take the wakes`);
      continue;
    }
    total.ended += ended.length;
    total.appeared += appeared.length;
    if (wakes.length > 0 || listing.item === undefined || listing.item.partial)
      await keepListing(ports, applicationId, listing.item, { live: listing.live });
  }
  return total;
}

interface Listed {
  readonly item: ListingItem | undefined;
  readonly live: readonly string[];
  readonly complete: boolean;
  readonly pages: number;
  readonly trouble?: string;
}

/** Lists live runs within this sweep's pages; what does not fit is continued by the next sweep. */
async function continueListing(ports: Ports, applicationId: string, pagesUsed: number): Promise<Listed> {
  const stored = await ports.store.read([keys.listing(applicationId)]);
  if (!stored.ok) return { item: undefined, live: [], complete: false, pages: 0, trouble: stored.message };
  const item = as('listing', stored.value.items[0]);
  const live = [...(item?.partial?.live ?? [])];
  let nextToken = item?.partial?.nextToken;
  let pages = 0;
  while (pagesUsed + pages < pagesMax) {
    if (pagesUsed + pages >= pagesBurst) await ports.clock.sleep(1_000);
    const page = await ports.runs.list(applicationId, {
      states: liveStates,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    pages += 1;
    if (!page.ok) {
      // A continuation that the service refuses starts over, a throttle goes on where it was.
      if (page.code !== 'throttled' && item?.partial)
        await keepListing(ports, applicationId, item, { live: item.live });
      return { item, live, complete: false, pages, trouble: page.message };
    }
    live.push(...page.value.runs.map((run) => run.jobRunId));
    nextToken = page.value.nextToken;
    if (nextToken === undefined) return { item, live: [...new Set(live)], complete: true, pages };
  }
  if (nextToken !== undefined && pages > 0)
    await keepListing(ports, applicationId, item, { live: item?.live ?? [], partial: { nextToken, live } });
  return { item, live, complete: false, pages };
}

async function keepListing(
  ports: Ports,
  applicationId: string,
  before: ListingItem | undefined,
  next: Pick<ListingItem, 'live' | 'partial'>,
): Promise<void> {
  const put: ListingItem = {
    ...keys.listing(applicationId),
    kind: 'listing',
    schema: schemaVersion,
    rev: nextRev(before),
    ...next,
  };
  // A conflict means that another sweep keeps its own; both have sent their wakes.
  await ports.store.commit([{ put, seenRev: seenRev(before) }]);
}

function runWake(applicationId: string, jobRunId: string, cause: string): Wake {
  return { kind: 'run', applicationId, jobRunId, cause };
}

async function send(ports: Ports, wakes: readonly Wake[]): Promise<boolean> {
  if (wakes.length === 0) return true;
  const answer = await ports.wakes.send(wakes.map((wake) => ({ wake, delaySeconds: 0 })));
  return answer.ok;
}
