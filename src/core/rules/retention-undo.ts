import type { Clock } from '../data-loss-clock.ts';
import type { NoticeDraft } from '../decision.ts';
import type { ClockMemory } from '../memory.ts';
import { costText } from '../retention-cost.ts';
import type { DecideInput, Next } from '../rule.ts';

/** The job has caught up once its oldest unread record would be young for the former retention too. */
const caughtUpShare = 0.1;

/**
 * A stream that Checkpilot keeps for longer is kept so until a person says otherwise: shortening it deletes records, and
 * other jobs may read it. Once the job is healthy and has caught up, that is proposed, once, with the command.
 */
export function undoProposal(
  { job, observation, memory }: DecideInput,
  { verdict }: Next,
  clock: Clock,
): { readonly notice: NoticeDraft; readonly learned: ClockMemory } | undefined {
  const { extended } = memory.clock ?? {};
  const { source, nowMs } = observation;
  if (!extended || extended.proposedAtMs !== undefined || source?.retention.kind !== 'seen') return undefined;
  if (memory.incident || verdict.reason !== 'run-healthy' || !hasCaughtUp(clock, extended.fromHours, nowMs))
    return undefined;
  const { stream, fromHours } = extended;
  const nowHours = Math.round(source.retention.retentionMs / 3_600_000);
  if (nowHours <= fromHours) return undefined;
  const cost = costText({ ...source.retention, retentionMs: fromHours * 3_600_000 }, nowHours);
  const text = `${job.name}: it has caught up, and ${stream} still keeps its records for ${nowHours} h instead of ${fromHours} h (${cost}). If nobody else needs them: aws kinesis decrease-stream-retention-period --stream-name ${stream} --retention-period-hours ${fromHours}. That deletes what is older than ${fromHours} h at once; Checkpilot never does it.`;
  return {
    notice: { event: 'retention.undo-proposed', severity: 'info', text, reason: 'retention-still-extended' },
    learned: { extended: { ...extended, proposedAtMs: nowMs } },
  };
}

function hasCaughtUp(clock: Clock, fromHours: number, nowMs: number): boolean {
  if (clock.kind === 'idle') return true;
  if (clock.kind !== 'running' || clock.bound === 'at-least') return false;
  return nowMs - clock.sinceMs <= caughtUpShare * fromHours * 3_600_000;
}
