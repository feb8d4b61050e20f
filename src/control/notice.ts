import type { NoticeDraft } from '../core/decision.ts';
import type { Tried } from '../core/memory.ts';

/** What people are told, as it waits in the outbox. */
export interface Notice extends NoticeDraft {
  readonly id: string;
  /** `*` when it is about the fleet. */
  readonly job: string;
  readonly decisionId: string;
  readonly incidentId?: string;
  readonly atMs: number;
  /** The job waited in the fleet's line for its start then, and nothing of its own held it back. */
  readonly isInLine?: true;
  /** The incident of the outage in whose thread it is told; set on delivery, never stored. */
  readonly within?: string;
  /** The incident until then; absent in rows of earlier releases. */
  readonly history?: {
    readonly openedAtMs: number;
    readonly tried: readonly Tried[];
    readonly personStarts?: number;
  };
}

/** What is told in one place as one message: an incident, a question, or this notice alone. */
export function threadOf({ within, thread, incidentId, id }: Notice): string {
  return within ?? thread ?? incidentId ?? id;
}
