import type { Concern, NoticeDraft } from '../decision.ts';
import { incidentAfter, opened } from '../incident.ts';
import { findLosses, type Loss, lossMark, rememberedMax } from '../losses.ts';
import type { DecideInput, Finding, Next, SafetyRule } from '../rule.ts';

/** Losses named in one message; the log has them all. */
const namedMax = 3;
/** With more than that nobody knows what is new, and it is told this often. */
const fullMs = 24 * 3_600_000;

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
    if (countOf(fresh) === 0) return { concerns: [], ...aside, ...(looked ? { learned: looked } : {}) };
    const concern: Concern = { rule: 'loss', reason: 'records-left-out', text: textOf(input, fresh) };
    const before = memory.losses;
    const open = incidentAfter(memory, next);
    const isFull = before !== undefined && before.told.length >= rememberedMax;
    const isSame = open !== undefined && open.id === before?.incidentId;
    if (isFull && isSame && nowMs - before.atMs < fullMs)
      return { concerns: [concern], ...aside, learned: { ...looked, losses: { ...before, metAtMs: nowMs } } };
    const marks = [...fresh.found.map(lossMark), ...fresh.further];
    const told = [...(isFull && !isSame ? [] : (before?.told ?? [])), ...marks].slice(0, rememberedMax);
    // Of just these the run ended, and the park says it.
    const untold = { ...fresh, found: fresh.found.filter((one) => !isToldBy(next, one)) };
    const isTold = countOf(untold) === 0;
    const incident =
      open ?? opened(input, 'records-left-out', { needsHuman: true, class: 'source-data-lost' });
    return {
      concerns: [concern],
      ...aside,
      ...(isTold ? {} : { notice: noticeOf(input, next, textOf(input, untold, told.length)) }),
      learned: {
        ...looked,
        losses: { told, atMs: nowMs, incidentId: incident.id },
        ...(open || isTold ? {} : { incident }),
      },
    };
  },
};

/** Whether a park names the partition and both ends of the range, in its own words or in those that it quotes. */
function isToldBy({ verdict, guard }: Next, { key }: Loss): boolean {
  if (verdict.kind !== 'park' || guard.kind !== 'done') return false;
  const words = new Set(wordsOf(verdict.notice?.text ?? ''));
  return wordsOf(key).every((word) => words.has(word));
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[^\w.-]+/).flatMap((word) => word.replace(/^[.-]+|[.-]+$/g, '') || []);
}

/** While records were left out a short while ago, the incident is not over, however well the run does. */
export function isLosing(input: DecideInput): boolean {
  const { memory, observation, job } = input;
  const { losses } = memory;
  const forMs = Math.max(job.restart.stableAfterMs, quietMs);
  const isRecent = losses !== undefined && observation.nowMs - (losses.metAtMs ?? losses.atMs) < forMs;
  return isRecent || countOf(freshIn(input)) > 0;
}

/** Two looks and a bit: one that finds nothing has to come before a loss counts as over. */
const quietMs = 35 * 60_000;

interface Fresh {
  readonly found: readonly Loss[];
  /** Marks of those that there are no words of. */
  readonly further: readonly string[];
}

function countOf({ found, further }: Fresh): number {
  return found.length + further.length;
}

/** What the look found, and what the logs say that were read to judge an end, as far as it was not told. */
function freshIn({ observation: { losses, logs, failedAttempt }, memory }: DecideInput): Fresh {
  const read = [logs, failedAttempt?.logs].flatMap((sensor) => (sensor?.kind === 'read' ? sensor.logs : []));
  const known = new Set(memory.losses?.told);
  const seen = losses?.kind === 'seen' ? losses : undefined;
  const found = new Map(
    [...(seen?.found ?? []), ...findLosses(read)].map((one) => [lossMark(one), one] as const),
  );
  return {
    found: [...found].flatMap(([mark, one]) => (known.has(mark) ? [] : [one])),
    further: (seen?.further ?? []).filter((mark) => !known.has(mark) && !found.has(mark)),
  };
}

function textOf({ job }: DecideInput, fresh: Fresh, remembered = 0): string {
  const { found } = fresh;
  const named = found.slice(0, namedMax).map(({ what, source, line }) => `${what} (${source}:${line})`);
  const count = countOf(fresh) - named.length;
  const more = count > 0 ? `; and ${count} more` : '';
  const full =
    remembered < rememberedMax
      ? ''
      : ' There are more of them than are told one by one: what comes next is told once a day.';
  return `${job.name} left records out and went on, by its own log: ${named.join('; ')}${more}. Find out what they held, and read them again from wherever they still are.${full}`;
}

/** A loss that goes on is told in the message that called somebody, and calls nobody twice. */
function noticeOf({ memory }: DecideInput, next: Next, text: string): NoticeDraft {
  const incident = incidentAfter(memory, next);
  const isCalled =
    next.verdict.notice?.event === 'incident.needs-human' ||
    (incident !== undefined && memory.losses?.incidentId === incident.id);
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
