import type { NoticeDraft } from '../decision.ts';
import { incidentAfter, opened } from '../incident.ts';
import { findLosses, type Loss, lossMark } from '../losses.ts';
import type { Incident } from '../memory.ts';
import type { DecideInput, Finding, Next, SafetyRule } from '../rule.ts';

/** Losses named in one message; the log has them all. */
const namedMax = 3;
/** How many are remembered, so that none is told twice: more than one look can find. */
const rememberedMax = 120;

/**
 * Records that a connector left out and only warned of. The run goes on, because stopping it mends nothing; people are told
 * which range, once for each, in every mode and also of runs that ended well.
 */
export const loss: SafetyRule = {
  name: 'loss',
  look(input, next): Finding {
    const { observation, memory } = input;
    const { losses: sensor, nowMs } = observation;
    const looked = sensor ? { lossLook: sensor.look } : undefined;
    const lookAtMs = sensor?.againAtMs;
    const aside = lookAtMs === undefined ? {} : { lookAtMs };
    const fresh = freshIn(input);
    if (fresh.length === 0) return { concerns: [], ...aside, ...(looked ? { learned: looked } : {}) };
    const told = [...(memory.losses?.told ?? []), ...fresh.map(lossMark)].slice(-rememberedMax);
    const text = textOf(input, fresh);
    const before = incidentAfter(memory, next);
    // The run ended, and of just that: the park says it.
    const isTold = isToldBy(next);
    const incident =
      before ?? opened(input, 'records-left-out', { needsHuman: true, class: 'source-data-lost' });
    const losses = { told, atMs: nowMs, incidentId: incident.id };
    return {
      concerns: [{ rule: 'loss', reason: 'records-left-out', text }],
      ...aside,
      ...(isTold ? {} : { notice: noticeOf(input, before, text) }),
      learned: { ...looked, losses, ...(before || isTold ? {} : { incident }) },
    };
  },
};

function isToldBy({ verdict, guard }: Next): boolean {
  return verdict.kind === 'park' && guard.kind === 'done' && verdict.judgement?.class === 'source-data-lost';
}

/** While records were left out a short while ago, the incident is not over, however well the run does. */
export function isLosing(input: DecideInput): boolean {
  const { memory, observation, job } = input;
  const { losses } = memory;
  const forMs = Math.max(job.restart.stableAfterMs, quietMs);
  const isRecent = losses !== undefined && observation.nowMs - losses.atMs < forMs;
  return isRecent || freshIn(input).length > 0;
}

/** Two looks and a bit: one that finds nothing has to come before a loss counts as over. */
const quietMs = 35 * 60_000;

/** What the look found, and what the logs say that were read to judge an end, as far as it was not told. */
function freshIn({ observation: { losses, logs, failedAttempt }, memory }: DecideInput): readonly Loss[] {
  const read = [logs, failedAttempt?.logs].flatMap((sensor) => (sensor?.kind === 'read' ? sensor.logs : []));
  const known = new Set(memory.losses?.told);
  const found = [...(losses?.kind === 'seen' ? losses.found : []), ...findLosses(read)];
  return found.filter((one) => !known.has(lossMark(one)));
}

function textOf({ job }: DecideInput, losses: readonly Loss[]): string {
  const named = losses.slice(0, namedMax).map(({ what, source, line }) => `${what} (${source}:${line})`);
  const more = losses.length > namedMax ? `; and ${losses.length - namedMax} more` : '';
  return `${job.name} left records out and went on, by its own log: ${named.join('; ')}${more}. Find out what they held, and read them again from wherever they still are.`;
}

/** A loss that goes on is told in the message that called somebody, and calls nobody twice. */
function noticeOf({ memory }: DecideInput, incident: Incident | undefined, text: string): NoticeDraft {
  const isCalled = incident !== undefined && memory.losses?.incidentId === incident.id;
  return {
    event: isCalled ? 'incident.updated' : 'incident.needs-human',
    severity: 'critical',
    text,
    reason: 'records-left-out',
    class: 'source-data-lost',
    ...(incident ? {} : { opens: true }),
    ...(incident?.needsHuman ? { stillNeedsHuman: true } : {}),
  };
}
