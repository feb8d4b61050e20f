import type { ResolvedPolicy } from '../core/job.ts';
import {
  changesNow,
  usualVoluntary,
  type VoluntaryChange,
  type VoluntaryLimits,
  type VoluntaryRoom,
  voluntaryRoomAt,
} from '../core/voluntary.ts';
import { as, keys, type ReleaseItem, type WishItem } from './items.ts';
import type { Answer, Ports } from './ports.ts';
import { fateOfStart } from './start-fate.ts';

/** The changes that nobody needed at once and that still count: each is looked up in the record of its job. */
export async function loadChanges(
  ports: Ports,
  seen: { readonly item: ReleaseItem | undefined; readonly policy: ResolvedPolicy; readonly nowMs: number },
): Promise<Answer<readonly VoluntaryChange[]>> {
  const { item, policy, nowMs } = seen;
  const { changes = [] } = item ?? {};
  if (changes.length === 0) return { ok: true, value: [] };
  const read = await ports.store.read(changes.map(({ job }) => keys.record(job)));
  if (!read.ok) return read;
  const fates = changes.map((change, index) =>
    change.isOver ? undefined : fateOfStart(as('record', read.value.items[index]), change, nowMs),
  );
  return { ok: true, value: changesNow(changes, fates, { nowMs, withinMs: limitsOf(policy).withinMs }) };
}

/** Whether this wish may have its turn; always, unless nobody needs it at once. */
export function roomForChange(
  item: Pick<ReleaseItem, 'changes'> | undefined,
  policy: ResolvedPolicy,
  wish: Pick<WishItem, 'voluntary' | 'applicationId'>,
  nowMs: number,
): VoluntaryRoom {
  if (!wish.voluntary) return { ok: true };
  return voluntaryRoomAt(item?.changes ?? [], wish.applicationId, { limits: limitsOf(policy), nowMs });
}

export function withChange(
  item: ReleaseItem | undefined,
  { voluntary, job, applicationId }: WishItem,
  nowMs: number,
): Pick<ReleaseItem, 'changes'> {
  const { changes = [] } = item ?? {};
  return voluntary ? { changes: [...changes, { job, applicationId, grantedAtMs: nowMs }] } : { changes };
}

function limitsOf({ guardrails }: ResolvedPolicy): VoluntaryLimits {
  return guardrails.voluntary ?? usualVoluntary;
}
