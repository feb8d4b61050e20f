import type { Decision, NoticeDraft } from '../core/decision.ts';
import { redact } from '../core/failure/redact.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { Incident, JobMemory, Wish } from '../core/memory.ts';
import { clockBoundMs } from '../core/protocol.ts';
import { isVoluntary } from '../core/voluntary.ts';
import {
  type DecisionItem,
  dueShards,
  type ItemKey,
  keys,
  type LockItem,
  type OutboxItem,
  type RecordItem,
  schemaVersion,
  type WishItem,
} from './items.ts';
import { type JobState, lockAt, nextRev, seenRev } from './load.ts';
import type { Notice } from './notice.ts';
import type { Ports, Write } from './ports.ts';

/** Decisions are kept this long; incidents and their recordings outlive them elsewhere. */
const decisionLifeSeconds = 30 * 24 * 3_600;

/** The next version of a job's record. */
export function recordWrite(
  job: string,
  state: JobState,
  next: {
    readonly memory: JobMemory;
    readonly dueAtMs: number;
    readonly policyHash?: string;
    /** `[]` says that no claim is open any more; left out, it stays as it was. */
    readonly claimLocks?: readonly string[];
    readonly last?: RecordItem['last'];
    readonly unmanaged?: boolean;
  },
): Write {
  const { record } = state;
  const claimLocks = next.claimLocks ?? record?.claimLocks ?? [];
  const last = next.last ?? record?.last;
  const put: RecordItem = {
    ...keys.record(job),
    kind: 'record',
    schema: schemaVersion,
    rev: nextRev(record),
    job,
    memory: next.memory,
    policyHash: next.policyHash ?? record?.policyHash ?? '',
    ...(claimLocks.length > 0 ? { claimLocks } : {}),
    ...(last ? { last } : {}),
    ...(next.unmanaged ? { unmanaged: true } : {}),
    dueShard: dueShardOf(job),
    dueAtMs: inTheirTime(state, next.dueAtMs),
  };
  return { put, seenRev: seenRev(record) };
}

/** A clock that is hours ahead must not put the next look hours away: beyond the bound the database's clock counts. */
function inTheirTime({ nowMs, dateMs }: JobState, dueAtMs: number): number {
  const aheadMs = nowMs - dateMs;
  return Math.abs(aheadMs) > clockBoundMs ? dueAtMs - aheadMs : dueAtMs;
}

/** FNV-1a over the name: the same job is always in the same shard of the due index. */
export function dueShardOf(job: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(job)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `DUE#${hash % dueShards}`;
}

export function decisionWrite(decision: Decision): Write {
  const item: DecisionItem = {
    ...keys.decision(decision.job, decision.id),
    kind: 'decision',
    schema: schemaVersion,
    rev: 1,
    job: decision.job,
    ttl: Math.floor(decision.atMs / 1000) + decisionLifeSeconds,
    decision: lean(decision) as DecisionItem['decision'],
  };
  return { put: item, seenRev: 'absent' };
}

/** How many runs of a listing a decision keeps; more are no evidence, only bytes. */
const runsKeptMax = 10;

/**
 * A decision without the logs that it read, of which only what a rule quotes is kept, and without the requests of the
 * runs it saw: they can be 100 KB each, an item holds 400 KB, and a decision
 * that cannot be written would stop its job. The launch items keep the requests. Whatever quoted a secret, it ends here.
 */
function lean(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const kept = key === 'live' || key === 'naming' || key === 'locked' ? value.slice(0, runsKeptMax) : value;
    return kept.map((each) => lean(each));
  }
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  const isDropped = (name: string) => name === 'request' || (name === 'text' && 'linesBefore' in value);
  const fields = Object.entries(value).filter(([name]) => !isDropped(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, lean(field, name)]));
}

const severityOrder: Readonly<Record<NoticeDraft['severity'], number>> = { critical: 0, warning: 1, info: 2 };

export function noticeWrite(
  ports: Pick<Ports, 'clock' | 'ids'>,
  draft: NoticeDraft,
  about: {
    job: string;
    decisionId: string;
    incidentId?: string | undefined;
    incident?: Incident | undefined;
    isInLine?: boolean;
  },
): Write {
  const { incident, isInLine = false, incidentId = incident?.id, ...rest } = about;
  const isOfIncident = incidentId !== undefined && draft.thread === undefined;
  const notice: Notice = {
    ...draft,
    text: redact(draft.text),
    ...rest,
    ...(isOfIncident ? { incidentId } : {}),
    ...(isInLine ? { isInLine } : {}),
    ...(isOfIncident && incident ? { history: historyOf(incident) } : {}),
    id: ports.ids.next('ntc'),
    atMs: ports.clock.now(),
  };
  const item: OutboxItem = {
    pk: keys.outbox,
    // A call for a person is not told behind a thousand recoveries.
    sk: `${severityOrder[notice.severity]}|${notice.id}`,
    kind: 'outbox',
    schema: schemaVersion,
    rev: 1,
    notice,
  };
  return { put: item, seenRev: 'absent' };
}

function historyOf({ openedAtMs, tried = [], personStarts }: Incident): NonNullable<Notice['history']> {
  return { openedAtMs, tried, ...(personStarts ? { personStarts } : {}) };
}

/** Wishes sort by data-loss deadline, then tier, then age; what waiting changes in that, release adds. */
function wishKey(job: string, wish: Wish): ItemKey {
  const deadline = String(Math.min(wish.deadlineMs ?? 9e15, 9e15)).padStart(16, '0');
  return {
    pk: keys.wishes,
    sk: `${deadline}|${wish.tier}|${String(wish.createdAtMs).padStart(16, '0')}|${job}`,
  };
}

export function wishItem({ name, match, owner }: ResolvedJob, wish: Wish, waitsSinceMs?: number): WishItem {
  const isRestart = wish.cause === 'restart' && wish.class !== 'capacity-unavailable';
  return {
    ...wishKey(name, wish),
    kind: 'wish',
    schema: schemaVersion,
    rev: 1,
    job: name,
    wishId: wish.id,
    notBeforeMs: wish.notBeforeMs,
    applicationId: match.applicationId,
    tier: wish.tier,
    createdAtMs: wish.createdAtMs,
    ...(wish.deadlineMs === undefined ? {} : { deadlineMs: wish.deadlineMs }),
    ...(isRestart && wish.class ? { class: wish.class } : {}),
    ...(wish.plan.spendsBudget ? { charged: true } : {}),
    ...(isVoluntary(wish.cause) ? { voluntary: true } : {}),
    ...(owner === undefined ? {} : { owner }),
    ...(wish.needed ? { needed: wish.needed } : {}),
    ...(wish.awaitsCapacity && waitsSinceMs !== undefined ? { waitsSinceMs } : {}),
    ...(wish.awaitsCapacity
      ? { awaitsCapacity: wish.class === 'capacity-unavailable' ? 'refused' : 'held-back' }
      : {}),
  };
}

export function dropWish(job: string, wish: Wish | undefined): readonly Write[] {
  if (!wish) return [];
  return [{ delete: wishKey(job, wish), seenRev: 'any' }];
}

/** Two decisions with the same key are the same answer to the same question. */
export function decisionKey({ kind, reason, guard, concerns, observation }: Decision): string {
  const { capacity } = observation;
  // Those that wait want to read what is missing now.
  const room =
    reason === 'waits-for-capacity' && capacity?.kind === 'seen'
      ? [`${capacity.room.runs}/${capacity.ahead.length}/${capacity.line?.position ?? 0}`]
      : [];
  const run =
    observation.run.kind === 'seen'
      ? `${observation.run.run.jobRunId}/${observation.run.run.state}`
      : observation.run.kind;
  return [
    kind,
    reason,
    guard.kind,
    guard.kind === 'done' ? '' : [guard.why, guard.window].filter(Boolean).join('/'),
    run,
    ...room,
    ...concerns.map((concern) => concern.reason),
  ].join(' ');
}

/** What the record keeps of a decision, so that `status` needs to read nothing else. */
export function lastOf(
  record: RecordItem | undefined,
  decision: Decision,
  isSame: boolean,
): NonNullable<RecordItem['last']> {
  const { id, kind, reason, guard, atMs, concerns, observation, verdict, clock } = decision;
  const latest = {
    kind,
    reason,
    guard,
    ...(observation.run.kind === 'seen'
      ? { runId: observation.run.run.jobRunId, runState: observation.run.run.state }
      : {}),
    ...(verdict.untilMs === undefined ? {} : { untilMs: verdict.untilMs }),
    ...(concerns.length > 0 ? { concerns: concerns.map(({ text }) => text) } : {}),
    ...(clock ? { clock } : {}),
  };
  if (isSame && record?.last) {
    const { clock: _older, ...last } = record.last;
    return { ...last, ...latest, lastAtMs: atMs, count: last.count + 1 };
  }
  return { id, key: decisionKey(decision), ...latest, firstAtMs: atMs, lastAtMs: atMs, count: 1 };
}

/** A memory without some of its fields. A grant that was used stays: `release` has yet to charge it, and replaces it. */
export function without(memory: JobMemory, forget: ReadonlySet<string>): JobMemory {
  const isKept = (key: string) => !forget.has(key) || (key === 'grant' && memory.grant?.state === 'used');
  return Object.fromEntries(Object.entries(memory).filter(([key]) => isKept(key))) as unknown as JobMemory;
}

/** One location's lock with some fields changed, or made anew. */
export function lockWrite(
  state: JobState,
  location: string,
  fields: Pick<LockItem, 'owner' | 'epoch'> & Partial<Pick<LockItem, 'runId' | 'applicationId' | 'claim'>>,
): Write {
  const before = lockAt(state, location);
  const put: LockItem = {
    ...before,
    ...keys.lock(location),
    kind: 'lock',
    schema: schemaVersion,
    rev: nextRev(before),
    location,
    ...fields,
  };
  return { put, seenRev: seenRev(before) };
}
