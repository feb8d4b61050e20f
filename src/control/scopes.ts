import type { NoticeDraft } from '../core/decision.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import {
  emptyScopeRing,
  type OpenGrant,
  type ScopeRing,
  type ScopeRoom,
  scopeRoomAt,
  scopeUsage,
  withGrantBack,
  withGrantCharged,
  withGrantOpen,
} from '../core/scope-budget.ts';
import type { SpentScope } from '../core/turn.ts';
import { as, keys, type RecordItem, type ScopeRingItem, schemaVersion, type WishItem } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Answer, Ports, Write } from './ports.ts';

/** The rings that the wishes at hand touch, as this pass knows them; only `release` writes them. */
export type Rings = ReadonlyMap<string, ScopeRingItem | undefined>;

const fleet = 'fleet';

/** Where a restart of this job is charged besides its own ring. */
export function scopesOf(
  policy: ResolvedPolicy,
  { applicationId, owner }: { readonly applicationId: string; readonly owner?: string },
): readonly string[] {
  return [`application/${applicationId}`, `owner/${owner ?? policy.owner}`, fleet];
}

/** Whether the scopes of a wish have room for one more restart; of several that have none, the one that frees last. */
export function roomFor(
  rings: Rings,
  policy: ResolvedPolicy,
  wish: WishItem,
  nowMs: number,
): { readonly ok: true } | (Exclude<ScopeRoom, { ok: true }> & { readonly scope: string }) {
  if (!wish.charged) return { ok: true };
  let full: (Exclude<ScopeRoom, { ok: true }> & { scope: string }) | undefined;
  for (const scope of scopesOf(policy, wish)) {
    const limits = policy.guardrails.budgets?.[kindOf(scope)];
    const room = limits ? scopeRoomAt(ringOf(rings, scope), limits, nowMs) : undefined;
    if (!room || room.ok) continue;
    if (!full || (room.freesAtMs ?? Infinity) > (full.freesAtMs ?? Infinity)) full = { ...room, scope };
  }
  return full ?? { ok: true };
}

/** The rings with this grant open in them, and the writes for that; nothing for a start that is not charged. */
export function openIn(
  rings: Rings,
  grant: { readonly grantId: string; readonly job: string; readonly scopes: readonly string[] },
): { readonly rings: Rings; readonly writes: readonly Write[] } {
  return change(rings, grant.scopes, (ring) => withGrantOpen(ring, grant));
}

/**
 * Reads the rings of all scopes that wait, and settles the grants that are out: one whose start was accepted is charged
 * for that time, one that nobody can use any more comes back. `try-again` when a record changed meanwhile.
 */
export async function loadRings(
  ports: Ports,
  seen: { readonly wishes: readonly WishItem[]; readonly policy: ResolvedPolicy; readonly nowMs: number },
): Promise<Answer<Rings> | 'try-again'> {
  // Also for starts that are not charged: their grants take the place of earlier ones, which have to be settled first.
  if (seen.wishes.length === 0) return { ok: true, value: new Map() };
  const charged = seen.wishes.filter((wish) => wish.charged);
  const first = await ports.store.read([keys.scopeRing(fleet)]);
  if (!first.ok) return first;
  const ofFleet = as('scope-ring', first.value.items[0]);
  const out = ofFleet?.ring.open ?? [];
  if (charged.length === 0 && out.length === 0) return { ok: true, value: new Map([[fleet, ofFleet]]) };
  const scopes = [
    ...new Set([
      ...charged.flatMap((wish) => scopesOf(seen.policy, wish)),
      ...out.flatMap((grant) => grant.scopes),
    ]),
  ];
  const read = await ports.store.read([
    ...scopes.map((scope) => keys.scopeRing(scope)),
    ...out.map(({ job }) => keys.record(job)),
  ]);
  if (!read.ok) return read;
  const rings = new Map(scopes.map((scope, index) => [scope, as('scope-ring', read.value.items[index])]));
  const records = out.map((_, index) => as('record', read.value.items[scopes.length + index]));
  return settle(ports, rings, { out, records, nowMs: seen.nowMs });
}

async function settle(
  ports: Ports,
  before: Rings,
  seen: {
    readonly out: readonly OpenGrant[];
    readonly records: readonly (RecordItem | undefined)[];
    readonly nowMs: number;
  },
): Promise<Answer<Rings> | 'try-again'> {
  let rings = before;
  for (const [index, grant] of seen.out.entries()) {
    const record = seen.records[index];
    const fate = fateOf(grant, record, seen.nowMs);
    if (fate.kind === 'open') continue;
    const settled = change(rings, grant.scopes, (ring) =>
      fate.kind === 'back'
        ? withGrantBack(ring, grant.grantId)
        : withGrantCharged(ring, grant.grantId, fate.atMs),
    );
    const outcome = await ports.store.commit([
      ...settled.writes,
      // Taken back in the same transaction: whoever held it under the old revision cannot claim with it any more.
      ...(fate.kind === 'back' && fate.record ? [withoutGrant(fate.record)] : []),
    ]);
    if (outcome.kind !== 'committed') return 'try-again';
    rings = settled.rings;
  }
  return { ok: true, value: rings };
}

type Fate =
  | { readonly kind: 'open' }
  | { readonly kind: 'charged'; readonly atMs: number }
  | { readonly kind: 'back'; readonly record?: RecordItem };

/** What became of a grant, as its job's record tells. */
function fateOf({ grantId }: OpenGrant, record: RecordItem | undefined, nowMs: number): Fate {
  // The job got another name, or is gone: nobody can tell any more whether it was used.
  if (!record) return { kind: 'charged', atMs: nowMs };
  const { grant } = record.memory;
  // A used grant is never dropped, so this one was not used, and cannot be any more.
  if (grant?.id !== grantId) return { kind: 'back' };
  if (grant.chargedAtMs !== undefined) return { kind: 'charged', atMs: grant.chargedAtMs };
  if (grant.state === 'used' || nowMs < grant.expiresAtMs) return { kind: 'open' };
  return { kind: 'back', record };
}

function withoutGrant(record: RecordItem): Write {
  const { grant: _expired, ...memory } = record.memory;
  return { put: { ...record, rev: nextRev(record), memory }, seenRev: record.rev };
}

function change(
  rings: Rings,
  scopes: readonly string[],
  how: (ring: ScopeRing) => ScopeRing,
): { readonly rings: Rings; readonly writes: readonly Write[] } {
  const next = new Map(rings);
  const writes: Write[] = [];
  for (const scope of scopes) {
    const item = next.get(scope);
    const put: ScopeRingItem = {
      ...keys.scopeRing(scope),
      kind: 'scope-ring',
      schema: schemaVersion,
      rev: nextRev(item),
      ring: how(item?.ring ?? emptyScopeRing),
    };
    writes.push({ put, seenRev: seenRev(item) });
    next.set(scope, put);
  }
  return { rings: next, writes };
}

/** Scopes that keep jobs waiting now, and what people are told: once when it begins, once when nobody waits any more. */
export function spentScopes(
  before: readonly SpentScope[],
  seen: {
    readonly rings: Rings;
    readonly policy: ResolvedPolicy;
    readonly due: readonly WishItem[];
    readonly nowMs: number;
    readonly freshId: () => string;
  },
): {
  readonly spent: readonly SpentScope[];
  readonly notices: readonly { readonly draft: NoticeDraft; readonly incidentId: string }[];
} {
  const { rings, policy, due, nowMs } = seen;
  const waiting = new Map<string, { count: number; room: Exclude<ScopeRoom, { ok: true }> }>();
  for (const wish of due) {
    const room = roomFor(rings, policy, wish, nowMs);
    if (room.ok) continue;
    waiting.set(room.scope, { count: (waiting.get(room.scope)?.count ?? 0) + 1, room });
  }
  const stillWaits = (scope: string) =>
    due.some((one) => one.charged && scopesOf(policy, one).includes(scope));
  const kept = before.filter(({ scope }) => waiting.has(scope) || stillWaits(scope));
  const spent = kept.map((one) => withRoom(one, waiting.get(one.scope)?.room));
  const notices = before
    .filter((one) => !kept.includes(one))
    .map(({ scope, incidentId }) => ({ draft: overDraft(scope), incidentId }));
  for (const [scope, { count, room }] of waiting) {
    if (kept.some((one) => one.scope === scope)) continue;
    const one = withRoom({ scope, window: room.window, incidentId: seen.freshId(), sinceMs: nowMs }, room);
    spent.push(one);
    const used = scopeUsage(ringOf(rings, scope), nowMs)[room.window];
    notices.push({ draft: spentDraft(one, { count, used }), incidentId: one.incidentId });
  }
  return { spent, notices };
}

function withRoom(one: SpentScope, room: Exclude<ScopeRoom, { ok: true }> | undefined): SpentScope {
  if (!room) return one;
  const { freesAtMs: _old, ...rest } = one;
  return {
    ...rest,
    window: room.window,
    ...(room.freesAtMs === undefined ? {} : { freesAtMs: room.freesAtMs }),
  };
}

function spentDraft(
  { scope, window, freesAtMs }: SpentScope,
  { count, used }: { readonly count: number; readonly used: number },
): NoticeDraft {
  const jobs = count === 1 ? 'one job waits' : `${count} jobs wait`;
  const next = freesAtMs === undefined ? '' : ` The next slot frees at ${clockTime(freesAtMs)} UTC.`;
  const key = `guardrails.budgets.${kindOf(scope)}.${window === 'hour' ? 'perHour' : 'perDay'}`;
  return {
    event: 'incident.needs-human',
    severity: 'critical',
    reason: 'scope-budget-exhausted',
    text: `The restart budget of ${scope} is used up (${used} in the last ${window}), and ${jobs}.${next} Find out what its jobs have in common, raise ${key}, or start single jobs with checkpilot start.`,
    opens: true,
  };
}

function overDraft(scope: string): NoticeDraft {
  return {
    event: 'incident.recovered',
    severity: 'info',
    reason: 'run-healthy',
    text: `No job waits for the restart budget of ${scope} any more.`,
  };
}

function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

function ringOf(rings: Rings, scope: string): ScopeRing {
  return rings.get(scope)?.ring ?? emptyScopeRing;
}

function kindOf(scope: string): 'application' | 'owner' | 'fleet' {
  if (scope.startsWith('application/')) return 'application';
  return scope.startsWith('owner/') ? 'owner' : 'fleet';
}
