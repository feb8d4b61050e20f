import { isGrantLive } from '../core/memory.ts';
import type { TokenBucket } from '../core/pace.ts';
import { grantLifeMs } from '../core/protocol.ts';
import {
  as,
  keys,
  type PaceItem,
  type RecordItem,
  type ReleaseItem,
  schemaVersion,
  type WishItem,
} from './items.ts';
import { nextRev, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';
import { openIn, type Rings } from './scopes.ts';

export type GrantResult =
  | {
      readonly kind: 'granted';
      readonly pace: PaceItem;
      readonly item: ReleaseItem | undefined;
      readonly rings: Rings;
    }
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'try-again' };

/** What one grant takes, besides the token. */
export interface GrantTerms {
  readonly nowMs: number;
  readonly bucket: TokenBucket;
  readonly pace: PaceItem | undefined;
  readonly isManaged: boolean;
  readonly before: ReleaseItem | undefined;
  /** The outages, recent grants and changes once this one is given. */
  readonly after: Pick<ReleaseItem, 'outages' | 'recent' | 'changes'>;
  readonly rings: Rings;
  /** Where it is charged; nowhere for a start that spends no budget. */
  readonly scopes: readonly string[];
  /** What else is written with it, or not at all. */
  readonly also: readonly Write[];
}

/** One transaction: the token and the place in an outage are taken and the grant is written, or nothing. */
export async function grant(ports: Ports, wish: WishItem, terms: GrantTerms): Promise<GrantResult> {
  const answer = await ports.store.read([keys.record(wish.job)]);
  if (!answer.ok) return { kind: 'try-again' };
  const record = as('record', answer.value.items[0]);
  const isWanted =
    record?.memory.wish?.id === wish.wishId && record.memory.desired === 'running' && terms.isManaged;
  if (!record || !isWanted) {
    // Left behind by a job that was stopped, dropped or judged afresh: the record is the truth, not this entry.
    await ports.store.commit([{ delete: { pk: wish.pk, sk: wish.sk }, seenRev: 'any' }]);
    return { kind: 'not-needed' };
  }
  if (isGrantLive(record.memory, terms.nowMs)) return { kind: 'not-needed' };
  const { pace: before, bucket } = terms;
  const pace: PaceItem = {
    ...keys.pace,
    kind: 'pace',
    schema: schemaVersion,
    rev: nextRev(before),
    tokens: bucket.tokens - 1,
    atMs: bucket.atMs,
    ...(before?.nudgeAtMs === undefined ? {} : { nudgeAtMs: before.nudgeAtMs }),
  };
  const grantId = ports.ids.next('gnt');
  // The grant before this one has to be charged or taken back first: its record is about to forget it.
  const old = record.memory.grant?.id;
  const isOut = terms.rings.get('fleet')?.ring.open.some((one) => one.grantId === old);
  if (isOut) return { kind: 'not-needed' };
  const item = releaseItem(terms.before, terms.after);
  const charged = openIn(terms.rings, { grantId, job: wish.job, scopes: terms.scopes });
  const writes = [
    grantWrite(record, wish, { grantId, nowMs: terms.nowMs }),
    { put: pace, seenRev: seenRev(before) },
    ...charged.writes,
    ...terms.also,
  ];
  const isKept = wish.class !== undefined || wish.voluntary === true;
  const outcome = await ports.store.commit(
    isKept ? [...writes, { put: item, seenRev: seenRev(terms.before) }] : writes,
  );
  if (outcome.kind !== 'committed') return { kind: 'try-again' };
  return { kind: 'granted', pace, item: isKept ? item : terms.before, rings: charged.rings };
}

export function releaseItem(
  before: ReleaseItem | undefined,
  after: Pick<ReleaseItem, 'outages' | 'recent' | 'spent' | 'changes'>,
): ReleaseItem {
  const { spent = before?.spent, changes = before?.changes } = after;
  return {
    ...keys.release,
    kind: 'release',
    schema: schemaVersion,
    rev: nextRev(before),
    outages: after.outages,
    recent: after.recent,
    ...(spent ? { spent } : {}),
    ...(changes && changes.length > 0 ? { changes } : {}),
  };
}

function grantWrite(
  record: RecordItem,
  wish: WishItem,
  { grantId, nowMs }: { readonly grantId: string; readonly nowMs: number },
): Write {
  const given = {
    id: grantId,
    wishId: wish.wishId,
    grantedAtMs: nowMs,
    expiresAtMs: nowMs + grantLifeMs,
    state: 'unused' as const,
  };
  const put: RecordItem = { ...record, rev: nextRev(record), memory: { ...record.memory, grant: given } };
  return { put, seenRev: record.rev };
}
