import { liveStates } from '../core/job-run.ts';
import { as, keys, type ListingItem, schemaVersion } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Ports, Wake } from './ports.ts';
import { spread } from './spread.ts';

/** ListJobRuns pages of one sweep: half of the 1 a second that the service allows, the rest is for passes and people. */
const pagesMax = 30;
/** Pages asked for at once before the sweep slows down to the sustained quota. */
const pagesBurst = 10;
/** How often a live run that belongs to no job is told again. */
const againEveryMinutes = 10;
const minuteMs = 60_000;

/**
 * Compares the live runs of each application with those of the sweep before: one that is gone has ended, one that
 * is new was started, and either event may have been lost. The wakes go out before the new listing is kept, so a
 * crash in between repeats them.
 */
export async function findLostEvents(
  ports: Ports,
  trouble: string[],
): Promise<{ ended: number; appeared: number; pages: number }> {
  const current = await ports.policies.current();
  if (!current.ok) return { ended: 0, appeared: 0, pages: 0 };
  const named = [
    ...new Set(Object.values(current.value.policy.jobs).map((job) => job.match.applicationId)),
  ].sort();
  // Each sweep begins with another application, so that those that its pages do not reach have their turn.
  const first = named.length === 0 ? 0 : Math.floor(ports.clock.now() / 60_000) % named.length;
  const applications = [...named.slice(first), ...named.slice(0, first)];
  const total = { ended: 0, appeared: 0, pages: 0 };
  for (const applicationId of applications) {
    const listing = await continueListing(ports, applicationId, total.pages);
    total.pages += listing.pages;
    if (listing.trouble !== undefined) trouble.push(`application ${applicationId}: ${listing.trouble}`);
    if (!listing.complete) continue;
    const before = listing.item?.live ?? [];
    const ended = before.filter((id) => !listing.live.includes(id));
    const appeared = listing.live.filter((id) => !before.includes(id));
    appeared.push(...(await stillNobodys(ports, listing.live, appeared)));
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

/**
 * Live runs that no job has taken, on every tenth sweep: the one wake that told of such a run may have been lost,
 * and a second writer must not stay unseen for that.
 */
async function stillNobodys(
  ports: Ports,
  live: readonly string[],
  appeared: readonly string[],
): Promise<readonly string[]> {
  const isTurn = Math.floor(ports.clock.now() / minuteMs) % againEveryMinutes === 0;
  const known = isTurn ? live.filter((id) => !appeared.includes(id)) : [];
  if (known.length === 0) return [];
  const stored = await ports.store.read(known.map((id) => keys.run(id)));
  if (!stored.ok) return [];
  return known.filter((_, index) => as('run', stored.value.items[index])?.job === undefined);
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
  const answer = await ports.wakes.send(spread(wakes));
  return answer.ok;
}
