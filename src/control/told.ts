import type { Decision, NoticeDraft } from '../core/decision.ts';
import { holdText } from '../core/explain-hold.ts';
import type { Incident, JobMemory } from '../core/memory.ts';
import { reasons } from '../core/reason.ts';

interface Told {
  readonly memory: JobMemory;
  readonly notice?: NoticeDraft;
}

/**
 * What people are told of a decision. A rule writes its notice as if its command were sent; what the guard holds back is
 * told with that, and told again when it changes. In mode observe nothing of a command is told: the record says it.
 */
export function toldOf(decision: Decision, before: JobMemory, next: JobMemory): Told {
  const { guard, verdict, plan, atMs } = decision;
  if (guard.kind !== 'done' && guard.why === 'mode-observe') return { memory: next };
  const { notice } = verdict;
  const { incident } = next;
  const toldAs = before.incident?.id === incident?.id ? before.incident?.held : undefined;
  const held = guard.kind === 'done' ? undefined : [guard.why, guard.window].filter(Boolean).join(' ');
  // Nothing was wanted, so nothing is known of what would hold it back.
  const now = plan ? held : toldAs;
  const memory = incident ? { ...next, incident: withHold(incident, now) } : next;
  const told = notice ?? (incident && now !== toldAs ? holdNotice(decision, incident) : undefined);
  if (!told) return { memory };
  const isHeld = guard.kind !== 'done';
  return {
    memory,
    notice: isHeld ? { ...told, text: `${told.text} Held back: ${holdText(guard, atMs)}.` } : told,
  };
}

function withHold({ held: _before, ...incident }: Incident, held: string | undefined): Incident {
  return held === undefined ? incident : { ...incident, held };
}

/** The state of the incident is the same; what is new is that its command waits, or does not any more. */
function holdNotice({ job, guard, verdict }: Decision, incident: Incident): NoticeDraft {
  const text = `${job}: ${reasons[verdict.reason]}`;
  return {
    event: 'incident.updated',
    severity: incident.needsHuman ? 'critical' : 'warning',
    text: guard.kind === 'done' ? `${text} It is not held back any longer.` : text,
    reason: incident.toldReason,
    ...(incident.class ? { class: incident.class } : {}),
  };
}
