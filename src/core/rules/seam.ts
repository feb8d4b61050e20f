import type { Verdict } from '../decision.ts';
import { judged } from '../failure/judgement.ts';
import { tell } from '../incident.ts';
import type { PositionGap } from '../observation.ts';
import type { DecideInput, Rule } from '../rule.ts';

/** Gaps named in one message; the checkpoint has them all. */
const namedMax = 3;

/**
 * After a start, the first batch that the new run planned begins where the last one ended. If it does not, records were
 * skipped or are read twice: people are told where, once, and the run goes on, because stopping it mends nothing.
 */
export const seam: Rule = {
  name: 'seam',
  judge(input) {
    const found = Object.entries(input.observation.seams ?? {}).flatMap(([location, sensor]) =>
      sensor.kind === 'seen' && sensor.gaps.length > 0 ? [{ location, ...sensor }] : [],
    );
    const [first] = found;
    return first ? report(input, first) : undefined;
  },
};

function report(
  input: DecideInput,
  { location, batch, gaps }: { location: string; batch: number; gaps: readonly PositionGap[] },
): Verdict {
  const { job, memory, observation, ids } = input;
  const isLost = gaps.some(({ kind }) => kind !== 'went-back' && kind !== 'unproven');
  const isUnproven = !isLost && gaps.some(({ kind }) => kind === 'unproven');
  const reason = isLost || isUnproven ? 'positions-skipped' : 'positions-repeated';
  const named = gaps.slice(0, namedMax).map(gapText).join('; ');
  const more = gaps.length > namedMax ? `; and ${gaps.length - namedMax} more` : '';
  const evidence = `between batch ${batch} and ${batch + 1} of ${location}: ${named}${more}`;
  const judgement = judged('source-data-lost', 'seam', { confidence: 0.95, evidence });
  const text = isLost
    ? `${job.name} runs again, and records were skipped ${evidence}. Read them again from the stream while it keeps them.`
    : isUnproven
      ? `${job.name} runs again, and records may have been skipped ${evidence}.`
      : `${job.name} runs again, and reads records twice ${evidence}. A sink that is not idempotent holds them twice.`;
  const told = tell(memory, {
    reason,
    text,
    severity: isLost ? 'critical' : 'warning',
    nowMs: observation.nowMs,
    freshId: ids.incident,
    class: judgement.class,
    needsHuman: isLost,
  });
  return {
    kind: 'nothing',
    reason,
    judgement,
    untilMs: observation.nowMs + 60_000,
    ...told,
    learned: { ...told.learned, audited: memory.generation },
  };
}

function gapText({ kind, stream, id, from, to, why = 'not known' }: PositionGap): string {
  const where = `${stream ?? 'source'} ${id}`;
  const range = `from ${positionText(from)} to ${positionText(to)}`;
  switch (kind) {
    case 'went-back':
      return `${where} went back ${range}`;
    case 'vanished':
      return from === null
        ? `${where} was opened and closed meanwhile, and never read`
        : `${where} was left at ${positionText(from)} before its end`;
    case 'unproven':
      return `${where} was left at ${positionText(from ?? to)}, and the stream could not be asked for more (${why})`;
    case 'late-start':
      return `${where} is new and begins at ${positionText(to)}, not at its beginning`;
    default:
      return `${where} ${kind === 'unclear' ? 'changed' : 'skipped'} ${range}`;
  }
}

function positionText(position: PositionGap['from']): string {
  if (position === null) return 'nowhere';
  const { positionType, position: at } = position;
  return at === '' ? positionType : `${positionType} ${at}`;
}
