import { type FailureContext, type Judgement, judged } from './judgement.ts';
import { linesAround, readRecords } from './text.ts';

/**
 * A cancelled run: asked for, or ended by its execution timeout. Who asked decides, then the age of the run, then the
 * text. With nothing known it counts as asked for: a person's cancel is respected.
 */
export function judgeCancel(text: string, context: FailureContext): Judgement {
  const { cancelledBy = 'unknown', durationMs, executionTimeoutMs } = context;
  if (cancelledBy !== 'unknown') return judged('cancelled', `cancelled-by-${cancelledBy}`);
  if (durationMs !== undefined) {
    return isNearTimeout(durationMs, executionTimeoutMs)
      ? judged('execution-timeout', 'ran-into-execution-timeout')
      : judged('cancelled', 'cancelled-before-timeout');
  }
  const lines = readRecords(text)
    .flatMap(({ message }) => message.split('\n'))
    .find((line) => /timed out|execution time-?out/i.test(line));
  if (lines === undefined) return judged('cancelled', 'cancelled-by-unknown');
  return judged('execution-timeout', 'text-says-timed-out', undefined, linesAround(lines, 0, lines.length));
}

/** 12 hours: the service's execution timeout when none is given and the mode is not STREAMING. */
const executionTimeoutMsDefault = 720 * 60_000;

/** Timed-out runs are reported as cancelled some time around the limit; clean-up may take minutes. */
const timeoutSlackMs = 5 * 60_000;

function isNearTimeout(durationMs: number, executionTimeoutMs: number | undefined): boolean {
  if (executionTimeoutMs !== undefined && executionTimeoutMs > 0)
    return durationMs >= executionTimeoutMs - timeoutSlackMs;
  // Without a known limit only the default is suspect: a streaming run has none and may be cancelled at any age.
  return Math.abs(durationMs - executionTimeoutMsDefault) <= timeoutSlackMs;
}
