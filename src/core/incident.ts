import type { NoticeDraft, Severity } from './decision.ts';
import type { FailureClass } from './failure/taxonomy.ts';
import type { Incident, JobMemory } from './memory.ts';
import type { Reason } from './reason.ts';
import type { DecideInput, Next } from './rule.ts';

interface Telling {
  readonly reason: Reason;
  readonly text: string;
  readonly severity: Severity;
  readonly nowMs: number;
  /** Used if this opens a new incident. */
  readonly freshId: string;
  readonly class?: FailureClass;
  readonly needsHuman?: boolean;
}

/**
 * One incident lasts from the first failure until the job is healthy again. The same state is told once: a
 * notice is made only when the incident opens, changes its reason, or first needs a person.
 */
export function tell(
  memory: JobMemory,
  telling: Telling,
): { learned: { incident: Incident }; notice?: NoticeDraft } {
  const before = memory.incident;
  const needsHuman = telling.needsHuman ?? false;
  const incident: Incident = {
    id: before?.id ?? telling.freshId,
    openedAtMs: before?.openedAtMs ?? telling.nowMs,
    ...(telling.class ? { class: telling.class } : before?.class ? { class: before.class } : {}),
    needsHuman,
    toldReason: telling.reason,
    restarts: before?.restarts ?? 0,
    ...(before?.personStarts ? { personStarts: before.personStarts } : {}),
    ...(before?.tried ? { tried: before.tried } : {}),
  };
  if (
    before &&
    before.toldReason === telling.reason &&
    before.class === incident.class &&
    before.needsHuman === needsHuman
  ) {
    return { learned: { incident } };
  }
  const event = needsHuman ? 'incident.needs-human' : before ? 'incident.updated' : 'incident.opened';
  const notice: NoticeDraft = {
    event,
    severity: telling.severity,
    text: telling.text,
    reason: telling.reason,
    ...(incident.class ? { class: incident.class } : {}),
    ...(before ? {} : { opens: true }),
  };
  return { learned: { incident }, notice };
}

/** The incident after a person has started the job: nobody else is needed until something happens again. */
export function startedByPerson(
  incident: Incident,
  reason: Extract<Reason, 'ordered-by-person' | 'run-adopted'>,
): Incident {
  const personStarts = (incident.personStarts ?? 0) + 1;
  return { ...incident, needsHuman: false, toldReason: reason, personStarts };
}

/** The incident that the pass leaves, whichever lane opened it. */
export function incidentAfter(memory: JobMemory, { verdict }: Next): Incident | undefined {
  if (verdict.learned?.incident) return verdict.learned.incident;
  return verdict.forget?.includes('incident') ? undefined : memory.incident;
}

/** An incident that the safety lane opens, because no failure of a run has. */
export function opened(
  { observation, ids }: DecideInput,
  toldReason: Reason,
  { needsHuman, ...of }: { readonly needsHuman: boolean; readonly class?: FailureClass },
): Incident {
  return { id: ids.incident, openedAtMs: observation.nowMs, needsHuman, toldReason, restarts: 0, ...of };
}
