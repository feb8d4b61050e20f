import type { Room } from '../core/capacity.ts';
import {
  advanceLine,
  emptyLine,
  type Line,
  letGo,
  type Outcome,
  type Waiting,
} from '../core/capacity-line.ts';
import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { isGrantLive } from '../core/memory.ts';
import { clockBoundMs } from '../core/protocol.ts';
import { capacityEveryMs, capacityPageMs } from '../core/rules/capacity.ts';
import { as, keys, type LineItem, type RecordItem, schemaVersion, type WishItem } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Answer, Ports, Write } from './ports.ts';

/** A start that was let go and of which nothing was heard for this long does not hold up the others. */
const startedWithinMs = 10 * 60_000;

interface Known {
  readonly item: LineItem | undefined;
  readonly line: Line;
  readonly room: Room | undefined;
}

/** The lines of the applications that wishes start in, as one release pass knows them; only `release` writes them. */
export class Lines {
  readonly #known: Map<string, Known>;
  readonly #policy: ResolvedPolicy;
  readonly #nowMs: number;
  readonly #next = new Map<string, ReturnType<typeof letGo>>();
  #ready: readonly WishItem[] = [];

  constructor(known: Map<string, Known>, policy: ResolvedPolicy, nowMs: number) {
    this.#known = known;
    this.#policy = policy;
    this.#nowMs = nowMs;
  }

  /** These could go now for all that anybody else says, in this order. */
  among(ready: readonly WishItem[]): this {
    this.#ready = ready;
    this.#next.clear();
    return this;
  }

  /** A wish that does not wait for capacity goes as ever; of those that do, the first one that fits. */
  mayGo(wish: WishItem): boolean {
    return wish.awaitsCapacity === undefined || this.#nextOf(wish.applicationId).job === wish.job;
  }

  /** When the next one may go, as far as time alone decides. */
  get nextMs(): number {
    const waits = this.#ready.filter((wish) => wish.awaitsCapacity !== undefined);
    return Math.min(...waits.map(({ applicationId }) => this.#nextOf(applicationId).nextMs));
  }

  /** The write that puts this grant into its line, and what to do once it is committed. */
  withGrant(wish: WishItem): { readonly write: Write; readonly done: () => void } {
    const { applicationId, job, needed } = wish;
    const known = this.#known.get(applicationId) ?? { item: undefined, line: emptyLine, room: undefined };
    const grant = {
      job,
      atMs: this.#nowMs,
      ...(needed ? { needed } : {}),
      ...(wish.awaitsCapacity === undefined ? {} : { isTry: true }),
    };
    const line: Line = {
      ...known.line,
      grants: [...known.line.grants.filter((one) => one.job !== job), grant],
      waiting: known.line.waiting.filter((one) => one.job !== job),
    };
    const put = lineItem(applicationId, known.item, line);
    const done = () => {
      this.#known.set(applicationId, { ...known, item: put, line });
      this.among(this.#ready.filter((one) => one.job !== job));
    };
    return { write: { put, seenRev: seenRev(known.item) }, done };
  }

  #nextOf(applicationId: string): ReturnType<typeof letGo> {
    const before = this.#next.get(applicationId);
    if (before) return before;
    const { line = emptyLine, room } = this.#known.get(applicationId) ?? {};
    const waiting = waitingIn(applicationId, this.#ready, this.#policy);
    const next = letGo(line, waiting, { room, nowMs: this.#nowMs });
    this.#next.set(applicationId, next);
    return next;
  }
}

/**
 * Reads the lines of all applications that wishes start in and brings them up to date: what became of those that were let
 * go, and who waits now. `try-again` when another pass was faster.
 */
export async function loadLines(
  ports: Ports,
  seen: { readonly wishes: readonly WishItem[]; readonly policy: ResolvedPolicy; readonly nowMs: number },
): Promise<Answer<Lines> | 'try-again'> {
  const { wishes, policy, nowMs } = seen;
  const ids = [...new Set(wishes.map(({ applicationId }) => applicationId))];
  if (ids.length === 0) return { ok: true, value: new Lines(new Map(), policy, nowMs) };
  const read = await ports.store.read(ids.flatMap((id) => [keys.line(id), keys.capacity(id)]));
  if (!read.ok) return read;
  const known = new Map<string, Known>();
  for (const [index, id] of ids.entries()) {
    const item = as('line', read.value.items[2 * index]);
    const room = as('capacity', read.value.items[2 * index + 1])?.room;
    known.set(id, { item, line: item?.line ?? emptyLine, room });
  }
  const outcomes = await outcomesOf(ports, known, nowMs);
  if (!outcomes.ok) return outcomes;
  for (const [id, { item, line, room }] of known) {
    const waiting = waitingIn(id, wishes, policy);
    const next = advanceLine(line, { waiting, outcomes: outcomes.value, room, nowMs });
    if (JSON.stringify(next) === JSON.stringify(line)) continue;
    const put = lineItem(id, item, next);
    const outcome = await ports.store.commit([{ put, seenRev: seenRev(item) }]);
    if (outcome.kind !== 'committed') return 'try-again';
    known.set(id, { item: put, line: next, room });
  }
  return { ok: true, value: new Lines(known, policy, nowMs) };
}

function waitingIn(
  applicationId: string,
  wishes: readonly WishItem[],
  policy: ResolvedPolicy,
): readonly Waiting[] {
  return wishes.flatMap((wish) => {
    const job = jobNamed(policy, wish.job);
    if (wish.awaitsCapacity === undefined || wish.applicationId !== applicationId || !job) return [];
    const { tier, deadlineMs, createdAtMs, waitsSinceMs = createdAtMs, needed } = wish;
    return {
      job: wish.job,
      tier,
      createdAtMs,
      isRefused: wish.awaitsCapacity === 'refused',
      everyMs: capacityEveryMs(job),
      pageAtMs: waitsSinceMs + capacityPageMs(job),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(needed ? { needed } : {}),
    };
  });
}

/** What became of the starts that were let go, as the records of their jobs tell. */
async function outcomesOf(
  ports: Ports,
  lines: ReadonlyMap<string, Known>,
  nowMs: number,
): Promise<Answer<ReadonlyMap<string, Outcome>>> {
  const tries = [...lines.values()].flatMap(({ line }) => line.grants.filter(({ isTry }) => isTry));
  const outcomes = new Map<string, Outcome>();
  if (tries.length === 0) return { ok: true, value: outcomes };
  const read = await ports.store.read(tries.map(({ job }) => keys.record(job)));
  if (!read.ok) return read;
  for (const [index, { job, atMs }] of tries.entries())
    outcomes.set(job, outcomeOf(as('record', read.value.items[index]), atMs, nowMs));
  return { ok: true, value: outcomes };
}

function outcomeOf(record: RecordItem | undefined, grantedAtMs: number, nowMs: number): Outcome {
  if (!record) return 'failed';
  const { memory, last, claimLocks = [] } = record;
  // The service's clock dates the acceptance, ours the grant.
  const startedMs = memory.run?.acceptedAtMs ?? Number.NEGATIVE_INFINITY;
  if (startedMs < grantedAtMs - clockBoundMs) {
    const isOnItsWay = claimLocks.length > 0 || isGrantLive(memory, nowMs);
    return isOnItsWay && nowMs - grantedAtMs < startedWithinMs ? 'waiting' : 'failed';
  }
  const isSeen = last !== undefined && last.lastAtMs > startedMs && last.runState !== undefined;
  if (!isSeen) return nowMs - grantedAtMs < startedWithinMs ? 'waiting' : 'failed';
  if (last.runState === 'RUNNING') return 'running';
  const hasEnded = ['FAILED', 'SUCCESS', 'CANCELLED'].includes(last.runState ?? '');
  if (hasEnded) return memory.incident?.class === 'capacity-unavailable' ? 'refused' : 'failed';
  return nowMs - grantedAtMs < startedWithinMs ? 'waiting' : 'failed';
}

function lineItem(applicationId: string, before: LineItem | undefined, line: Line): LineItem {
  return {
    ...keys.line(applicationId),
    kind: 'line',
    schema: schemaVersion,
    rev: nextRev(before),
    line,
  };
}
