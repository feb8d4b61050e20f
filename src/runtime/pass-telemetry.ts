import type { Log } from '../control/ports.ts';
import type { PassListener, PassReport } from '../control/reconcile.ts';
import type { Call } from './lambda.ts';

/**
 * One structured line for each pass, by which logs and decisions find each other, and what is counted of it: by
 * reconcile, and by the sweep, which makes passes while the queue is down.
 */
export function passTelemetry(log: Log, call: Call, nowMs: () => number): PassListener {
  return {
    passed(report) {
      const { job, outcome, decision } = report;
      call.count('Passes');
      for (const metric of countsOf(report)) call.count(metric);
      const downMs = downtimeMs(report, nowMs());
      if (downMs !== undefined) call.measure('EndToStartMs', downMs);
      log.info('pass', {
        job,
        outcome,
        ...(decision
          ? { decision: decision.id, kind: decision.kind, reason: decision.reason, guard: decision.guard }
          : {}),
        ...(downMs === undefined ? {} : { endToStartMs: downMs }),
      });
    },
    failed(job, error) {
      // A broken promise of ours stops this job's pass, not those of the others.
      log.error('pass failed', {
        job,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      call.count('PassesFailed');
    },
  };
}

/** A repeated decision folds into the one before and is not counted again; one that was held back is no deed. */
function countsOf({ outcome, decision }: PassReport): readonly string[] {
  if (decision?.guard.kind !== 'done') return [];
  switch (decision.verdict.kind) {
    case 'start':
      return outcome === 'start-written' ? ['StartsWished'] : [];
    case 'claim':
      return outcome.startsWith('start-') ? ['StartsClaimed'] : [];
    case 'cancel':
      return outcome.startsWith('cancel-') ? ['CancelsClaimed'] : [];
    case 'park':
      return outcome === 'park-written' ? ['JobsParked'] : [];
    case 'extend-retention':
      return outcome === 'extend-extended' ? ['RetentionsExtended'] : [];
    case 'nothing':
    case 'wait':
      return [];
  }
}

/** From the end of a run to the start that repairs it, backoff and all; only where this pass saw both. */
function downtimeMs({ outcome, decision }: PassReport, nowMs: number): number | undefined {
  if (outcome !== 'start-recorded' || decision?.verdict.kind !== 'claim') return undefined;
  const { run } = decision.observation;
  if (decision.verdict.wish.cause !== 'restart' || run.kind !== 'seen') return undefined;
  return run.run.endedAtMs === undefined ? undefined : Math.max(0, nowMs - run.run.endedAtMs);
}
