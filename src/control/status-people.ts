import { type Approval, askAgainMs } from '../core/approval.ts';
import { fleetHold } from '../core/guard.ts';
import type { ActionName } from '../core/job.ts';
import type { JobMemory, Pause } from '../core/memory.ts';
import type { Gates } from '../core/observation.ts';
import type { RecordItem } from './items.ts';
import type { JobStatus } from './status.ts';

/** What a person is asked, as status shows it. */
export type Asked = Pick<Approval, 'hash' | 'action' | 'text' | 'state' | 'expiresAtMs'>;

/** A pause that holds now: of one action, or of all. */
export type HeldByPerson = Pause & { readonly action?: ActionName };

export function pausesOf(memory: JobMemory | undefined, nowMs: number): readonly HeldByPerson[] {
  const { pause, pausedActions = {} } = memory ?? {};
  const ofActions = Object.entries(pausedActions).map(([action, one]) => ({
    ...one,
    action: action as ActionName,
  }));
  return [...(pause ? [pause] : []), ...ofActions].filter(({ untilMs }) => nowMs < untilMs);
}

export function questionOf({ hash, action, text, state, expiresAtMs }: Approval): Asked {
  return { hash, action, text, state, expiresAtMs };
}

export function isUnanswered(approval: Approval | undefined): boolean {
  return approval?.state === 'open' || approval?.state === 'expired';
}

export function nextOfApproval(
  approval: Approval | undefined,
): Pick<JobStatus, 'next' | 'nextAtMs'> | undefined {
  if (!approval) return undefined;
  const { hash, state, by, reason } = approval;
  switch (state) {
    case 'open':
      return { next: `question ends: approve or decline plan ${hash}`, nextAtMs: approval.expiresAtMs };
    case 'expired':
      return { next: `nobody approved plan ${hash}; asked again`, nextAtMs: approval.askedAtMs + askAgainMs };
    case 'declined':
      return { next: `${by ?? 'somebody'} declined plan ${hash}: "${reason ?? ''}"` };
    default:
      return undefined;
  }
}

/** Starts that wait for their turn get none while the whole fleet is held: that is what frees them, and no time. */
export function underFleetHold(record: RecordItem | undefined, gates: Gates): RecordItem | undefined {
  const hold = fleetHold(gates);
  if (!hold || !record?.last || record.last.guard.kind !== 'done' || !record.memory.wish) return record;
  return { ...record, last: { ...record.last, guard: { kind: 'withheld', ...hold } } };
}
