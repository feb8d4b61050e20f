import type { NoticeDraft } from '../core/decision.ts';

/** What people are told, as it waits in the outbox. */
export interface Notice extends NoticeDraft {
  readonly id: string;
  /** `*` when it is about the fleet. */
  readonly job: string;
  readonly decisionId: string;
  readonly incidentId?: string;
  readonly atMs: number;
}

/** What is told in one place as one message: an incident, a question, or this notice alone. */
export function threadOf({ thread, incidentId, id }: Notice): string {
  return thread ?? incidentId ?? id;
}
