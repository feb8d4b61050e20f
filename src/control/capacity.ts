import {
  type CapacityLimits,
  heldBy,
  neverFits,
  noResources,
  plus,
  type Room,
  shortages,
} from '../core/capacity.ts';
import {
  emptyLine,
  type Line,
  reserved,
  tryAtMs as tryAtMsOf,
  unlisted,
  urgencyOf,
  waitingKept,
} from '../core/capacity-line.ts';
import type { ClassAction } from '../core/failure/taxonomy.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isGrantLive, type Wish } from '../core/memory.ts';
import type { CapacitySensor, Observation, Unknown } from '../core/observation.ts';
import { capacityEveryMs, neededFor } from '../core/rules/capacity.ts';
import { as, type CapacityItem, keys, type RunItem, schemaVersion } from './items.ts';
import { factsOf, liveRuns } from './listing.ts';
import { type JobState, nextRev, seenRev } from './load.ts';
import type { Answer, Ports } from './ports.ts';

/** What an application may hold changes by hand: GetApplication is asked this seldom before a start, and while jobs wait. */
export const limitsKeptMs = 5 * 60_000;
const limitsKeptWaitingMs = 60_000;
/** Jobs of one application that wait share one look, and so do those that were refused together. */
const roomKeptMs = 60_000;
const roomKeptRefusedMs = 5_000;
/** Runs recorded by an older release whose sizes are read in one look; the others follow with the next. */
const measuredMax = 20;

/** Asked for only when the decision hangs on it; undefined where it does not. */
export async function observeCapacity(
  ports: Ports,
  job: ResolvedJob,
  state: JobState,
  { observation, action }: { readonly observation: Observation; readonly action: ClassAction | undefined },
): Promise<CapacitySensor | undefined> {
  const { memory, nowMs } = state;
  const { wish } = memory;
  if (isGrantLive(memory, nowMs)) return beforeClaim(ports, job, state, observation);
  if (wish?.awaitsCapacity)
    return look(ports, job, nowMs - keptWhileWaitingMs(job, memory.waitsSinceMs ?? nowMs, nowMs));
  return action === 'wait-for-capacity' ? look(ports, job, nowMs - roomKeptRefusedMs) : undefined;
}

/** Half of the time between two looks: younger while the wait is young. */
function keptWhileWaitingMs(job: ResolvedJob, sinceMs: number, nowMs: number): number {
  return Math.min(Math.max(roomKeptRefusedMs, (nowMs - sinceMs) / 2), roomKeptMs, capacityEveryMs(job) / 2);
}

/** The room of the job's application as of that time or later, and where the job stands in its line. */
async function look(ports: Ports, job: ResolvedJob, youngerThanMs: number): Promise<CapacitySensor> {
  const { applicationId } = job.match;
  const read = await ports.store.read([keys.capacity(applicationId), keys.line(applicationId)]);
  if (!read.ok) return unknown(read);
  const line = as('line', read.value.items[1])?.line ?? emptyLine;
  const room = await roomOf(ports, applicationId, {
    item: as('capacity', read.value.items[0]),
    line,
    youngerThanMs,
  });
  return room.ok ? sensorOf(job, line, room.value) : unknown(room);
}

/**
 * Right before a claim: what the listing of the claim shows, and the starts that were let go before this one and that no
 * listing shows yet. Only when that leaves no room is everything listed anew: a shared listing may name runs that ended.
 */
async function beforeClaim(
  ports: Ports,
  job: ResolvedJob,
  { memory, nowMs }: JobState,
  observation: Observation,
): Promise<CapacitySensor | undefined> {
  const { wish } = memory;
  if (!wish || wish.cause === 'operator' || observation.others.kind !== 'seen') return undefined;
  const { applicationId } = job.match;
  const read = await ports.store.read([
    keys.capacity(applicationId),
    keys.line(applicationId),
    keys.live(applicationId),
  ]);
  if (!read.ok) return unknown(read);
  const item = as('capacity', read.value.items[0]);
  const line = as('line', read.value.items[1])?.line ?? emptyLine;
  const listed = as('live', read.value.items[2]);
  const limits = await limitsOf(ports, applicationId, item, nowMs - limitsKeptMs);
  if (!limits.ok) return unknown(limits);
  if (limits.value !== item?.limits) await keep(ports, applicationId, item, { limits: limits.value });
  const { maximum, runsMax } = limits.value;
  const live = listed?.live ?? [];
  const isPlenty = runsMax === undefined || live.length + line.grants.length + 1 <= runsMax;
  if (maximum === undefined && isPlenty) return undefined;
  const room = await measure(ports, applicationId, {
    live,
    dateMs: listed?.dateMs ?? nowMs,
    limits: limits.value,
    line,
  });
  if (!room.ok) return unknown(room);
  const sensor = withReserved(sensorOf(job, line, room.value), line, wish, job);
  const needed = neededFor({ job, observation }, wish.plan);
  const isShort = shortages(needed, room.value, sensor.ahead).length > 0;
  const isFinal = !isShort || neverFits(needed, limits.value).length > 0;
  if (isFinal) return sensor;
  const again = await look(ports, job, nowMs);
  return again.kind === 'seen' ? withReserved(again, line, wish, job) : again;
}

async function roomOf(
  ports: Ports,
  applicationId: string,
  seen: { readonly item: CapacityItem | undefined; readonly line: Line; readonly youngerThanMs: number },
): Promise<Answer<Room>> {
  const { item, line, youngerThanMs } = seen;
  if (item?.room && item.room.dateMs >= youngerThanMs) return { ok: true, value: item.room };
  const limits = await limitsOf(ports, applicationId, item, ports.clock.now() - limitsKeptWaitingMs);
  if (!limits.ok) return limits;
  const listing = await liveRuns(ports, applicationId, youngerThanMs, true);
  if (!listing.ok) return listing;
  const room = await measure(ports, applicationId, { ...listing.value, limits: limits.value, line });
  if (!room.ok) return room;
  const isKept = await keep(ports, applicationId, item, { limits: limits.value, room: room.value });
  // Whoever let the last one go may let the next one go now.
  if (isKept && line.waiting.length > 0) await ports.wakes.release();
  return room;
}

export async function limitsOf(
  ports: Ports,
  applicationId: string,
  item: CapacityItem | undefined,
  youngerThanMs: number,
): Promise<Answer<CapacityLimits>> {
  // An earlier release did not keep the sizes.
  const isWhole = item?.limits.sparkDefaults !== undefined;
  if (item && isWhole && item.limitsAtMs >= youngerThanMs) return { ok: true, value: item.limits };
  return ports.applications.limits(applicationId);
}

export async function keep(
  ports: Ports,
  applicationId: string,
  item: CapacityItem | undefined,
  { limits, room = item?.room }: { readonly limits: CapacityLimits; readonly room?: Room | undefined },
): Promise<boolean> {
  const put: CapacityItem = {
    ...keys.capacity(applicationId),
    kind: 'capacity',
    schema: schemaVersion,
    rev: nextRev(item),
    limits,
    limitsAtMs: limits === item?.limits ? item.limitsAtMs : ports.clock.now(),
    ...(room ? { room } : {}),
  };
  // Whoever was faster keeps theirs; this pass has its own.
  const outcome = await ports.store.commit([{ put, seenRev: seenRev(item) }]);
  return outcome.kind === 'committed';
}

/** What the live runs hold at the least. Of one whose sizes nobody can read that is nothing: a floor, never too much. */
async function measure(
  ports: Ports,
  applicationId: string,
  seen: {
    readonly live: readonly string[];
    readonly dateMs: number;
    readonly limits: CapacityLimits;
    readonly line: Line;
  },
): Promise<Answer<Room>> {
  const { live, dateMs, limits, line } = seen;
  const found = await factsOf(ports, applicationId, live);
  if (!found.ok) return found;
  const facts = limits.maximum ? await withSizes(ports, applicationId, found.value) : found.value;
  const jobs = new Set(facts.map(({ job }) => job));
  const listed = line.grants.map(({ job }) => job).filter((job) => jobs.has(job));
  return {
    ok: true,
    value: {
      limits,
      runs: live.length,
      held: facts.reduce((sum, { held }) => plus(sum, held ?? noResources), noResources),
      dateMs,
      ...(listed.length > 0 ? { listed } : {}),
    },
  };
}

/** Runs that an older release recorded have no sizes yet: read once, and kept. */
async function withSizes(
  ports: Ports,
  applicationId: string,
  facts: readonly RunItem[],
): Promise<readonly RunItem[]> {
  const missing = facts.filter(({ held }) => held === undefined).slice(0, measuredMax);
  const sized = new Map<string, RunItem>();
  for (const fact of missing) {
    const run = await ports.runs.get(applicationId, fact.jobRunId);
    if (!run.ok) break;
    const put: RunItem = { ...fact, rev: nextRev(fact), held: heldBy(run.value.request) ?? null };
    sized.set(fact.jobRunId, put);
    await ports.store.commit([{ put, seenRev: fact.rev }]);
  }
  return facts.map((fact) => sized.get(fact.jobRunId) ?? fact);
}

type Seen = Extract<CapacitySensor, { kind: 'seen' }>;

/** A start that does not wait leaves room for those that do. */
function withReserved(sensor: Seen, line: Line, wish: Wish, job: ResolvedJob): Seen {
  if (wish.awaitsCapacity) return sensor;
  const { room, ahead } = sensor;
  const kept = reserved(line, { job: job.name, urgency: urgencyOf(wish) }, { room, ahead });
  return { ...sensor, ahead: [...ahead, ...kept.map((needed) => needed ?? noResources)] };
}

function sensorOf(job: ResolvedJob, line: Line, room: Room): Seen {
  const { name } = job;
  const own = line.grants.findLastIndex(({ job }) => job === name);
  const before = own < 0 ? line.grants : line.grants.slice(0, own);
  const ahead = unlisted({ grants: before.filter(({ job }) => job !== name) }, room);
  const tryAtMs = tryAtMsOf(line, { createdAtMs: 0, everyMs: capacityEveryMs(job) }, room);
  const position = line.waiting.findIndex(({ job }) => job === name) + 1;
  // Of a long line only the front is kept: who is not there stands behind it.
  const isBehind = position === 0 && line.waiting.length >= waitingKept;
  return {
    kind: 'seen',
    room,
    ahead: ahead.map(({ needed }) => needed ?? noResources),
    ...(position > 0 || isBehind
      ? {
          line: {
            ...(isBehind ? {} : { position }),
            of: line.waiting.length,
            ...(line.refused ? { tryAtMs } : {}),
            ...(line.caller === undefined ? {} : { caller: line.caller.job }),
          },
        }
      : {}),
  };
}

export function unknown({ code, message }: { readonly code: string; readonly message: string }): Unknown {
  return { kind: 'unknown', why: `${code}: ${message}` };
}
