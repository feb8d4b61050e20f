import { auditsWith } from '../audits.ts';
import type { Verdict } from '../decision.ts';
import { judged } from '../failure/judgement.ts';
import { tell } from '../incident.ts';
import { isTerminal } from '../job-run.ts';
import type { PositionGap } from '../observation.ts';
import type { DecideInput, Rule } from '../rule.ts';

/** Gaps named of one location; the checkpoint has them all. */
const namedMax = 3;
const judgedInMs = 1_000;

/**
 * The first batch that a new run planned at a location begins where the last one there ended. If it does not, records were
 * skipped or are read twice: people are told where, once, and the run goes on, because stopping it mends nothing. A run
 * that died before anybody looked is asked first, then judged.
 */
export const seam: Rule = {
  name: 'seam',
  judge(input) {
    const found = Object.entries(input.observation.seams ?? {}).flatMap(([location, sensor]) =>
      sensor.kind === 'seen' && sensor.gaps.length > 0 ? [{ location, ...sensor }] : [],
    );
    return found.length > 0 ? report(input, found) : undefined;
  },
};

interface Found {
  readonly location: string;
  readonly batch: number;
  readonly gaps: readonly PositionGap[];
}

function report(input: DecideInput, found: readonly Found[]): Verdict {
  const { job, memory, observation, ids } = input;
  const { run, nowMs } = observation;
  const isOver = run.kind === 'seen' && isTerminal(run.run);
  const gaps = found.flatMap((each) => each.gaps);
  const isLost = gaps.some(({ kind }) => kind !== 'went-back' && kind !== 'unproven');
  const isUnproven = !isLost && gaps.some(({ kind }) => kind === 'unproven');
  const reason = isLost || isUnproven ? 'positions-skipped' : 'positions-repeated';
  const evidence = found.map(evidenceOf).join('; and ');
  const judgement = judged('source-data-lost', 'seam', { confidence: 0.95, evidence });
  const runs = `${job.name} ${isOver ? 'ran' : 'runs'} again, and`;
  const text = isLost
    ? `${runs} records were skipped ${evidence}. Read them again from the stream while it keeps them.`
    : isUnproven
      ? `${runs} records may have been skipped ${evidence}.`
      : `${runs} ${isOver ? 'read' : 'reads'} records twice ${evidence}. A sink that is not idempotent holds them twice.`;
  const told = tell(memory, {
    reason,
    text,
    severity: isLost ? 'critical' : 'warning',
    nowMs,
    freshId: ids.incident,
    class: judgement.class,
    needsHuman: isLost,
  });
  return {
    // What has ended still has to be judged.
    ...(isOver
      ? { kind: 'wait', untilMs: nowMs + judgedInMs }
      : { kind: 'nothing', untilMs: nowMs + 60_000 }),
    reason,
    judgement,
    ...told,
    learned: { ...told.learned, ...auditsWith(memory, observation.seams) },
  };
}

function evidenceOf({ location, batch, gaps }: Found): string {
  const named = gaps.slice(0, namedMax).map(gapText).join('; ');
  const more = gaps.length > namedMax ? `; and ${gaps.length - namedMax} more` : '';
  return `between batch ${batch} and ${batch + 1} of ${location}: ${named}${more}`;
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
