import type { LossLook } from '../core/loss-memory.ts';
import type { LossSensor } from '../core/observation.ts';

/** Runs whose last words are owed at a time: a job that crashes faster than logs arrive must not grow its record. */
const owedMax = 5;
/** By then the logs of a run that has ended have arrived; what one search could not read is read as much later. */
export const settledMs = 3 * 60_000;

/** The run that is searched next, if its time has come. One whose end is not known yet is asked for it. */
export function nextOwed(owed: readonly LossLook[] | undefined, nowMs: number): LossLook | undefined {
  return owed?.find((look) => nowMs >= owedAtMs(look));
}

/** Another run has taken the place of the one that was searched; what that wrote last is owed. */
export function changedRun({ owed = [], ...last }: LossLook, next: LossLook, nowMs: number): LossSensor {
  const all = last.isLast ? owed : [...owed, last];
  const skipped = all.slice(0, -owedMax).map(({ jobRunId }) => jobRunId);
  const look = withLooks(next, all.slice(-owedMax));
  return {
    kind: 'later',
    jobRunId: next.jobRunId,
    look,
    ...(skipped.length > 0 ? { skipped } : {}),
    ...againOf(look, nowMs),
  };
}

/** What was seen of an owed run, in the record of the run that has its place. */
export function withOwed(current: LossLook, seen: LossSensor, nowMs: number): LossSensor {
  const { look: searched, againAtMs: _own, ...rest } = seen;
  const isSearched = ({ jobRunId }: LossLook) => jobRunId === searched.jobRunId;
  const owed = (current.owed ?? []).flatMap((one) =>
    isSearched(one) ? (searched.isLast ? [] : [searched]) : [one],
  );
  const look = withLooks(current, owed);
  return { ...rest, look, ...againOf(look, nowMs) };
}

function withLooks({ owed: _before, ...look }: LossLook, owed: readonly LossLook[]): LossLook {
  return owed.length > 0 ? { ...look, owed } : look;
}

function againOf({ owed }: LossLook, nowMs: number): { readonly againAtMs?: number } {
  if (!owed || owed.length === 0) return {};
  return { againAtMs: Math.max(nowMs, Math.min(...owed.map(owedAtMs))) };
}

function owedAtMs({ endedAtMs, atMs, failingSinceMs, rest }: LossLook): number {
  const isTried = failingSinceMs !== undefined || rest !== undefined;
  return Math.max((endedAtMs ?? atMs) + settledMs, isTried ? atMs + settledMs : 0);
}
