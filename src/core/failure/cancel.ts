import { parseWall } from '../calendar.ts';
import { confidences } from './confidence.ts';
import { type FailureContext, type Judgement, judged } from './judgement.ts';
import { linesAround, readRecords } from './text.ts';

/**
 * A cancelled run: asked for, or ended by its execution timeout. Who asked decides, then the age of the run, then the
 * text. With nothing known it counts as asked for: a person's cancel is respected.
 */
export function judgeCancel(text: string, context: FailureContext): Judgement {
  const { cancelledBy = 'unknown', durationMs, executionTimeoutMs } = context;
  if (cancelledBy !== 'unknown')
    return judged('cancelled', `cancelled-by-${cancelledBy}`, { confidence: confidences.known });
  if (durationMs !== undefined) return judgeAge(durationMs, executionTimeoutMs);
  const lines = readRecords([{ source: 'stateDetails', text }]).flatMap(({ message, messagePlaces }) =>
    message.split('\n').map((line, index) => ({ line, place: messagePlaces[index] })),
  );
  const asked = lines.find(({ line }) => saysAsked.test(line));
  if (asked)
    return judged('cancelled', 'text-says-asked-for', {
      evidence: linesAround(asked.line, 0, asked.line.length),
      place: asked.place,
      confidence: confidences.text,
    });
  const said = lines.find(({ line }) => saysTimedOut.test(line));
  if (!said) {
    const age = describedAge(text);
    return age
      ? judgeAge(age.durationMs, age.executionTimeoutMs)
      : judged('cancelled', 'cancelled-by-unknown', { confidence: confidences.assumed });
  }
  return judged('execution-timeout', 'text-says-timed-out', {
    evidence: linesAround(said.line, 0, said.line.length),
    place: said.place,
    confidence: confidences.text,
  });
}

function judgeAge(durationMs: number, executionTimeoutMs: number | undefined): Judgement {
  return isNearTimeout(durationMs, executionTimeoutMs)
    ? judged('execution-timeout', 'ran-into-execution-timeout', { confidence: confidences.age })
    : judged('cancelled', 'cancelled-before-timeout', { confidence: confidences.age });
}

/** A description of the run as GetJobRun, its event or a poller gives it, where that is the text. */
function describedAge(
  text: string,
): { durationMs: number; executionTimeoutMs: number | undefined } | undefined {
  const lastOf = (field: string, value: string) =>
    [...text.matchAll(new RegExp(`\\b${field}"? {0,2}[:= ] {0,2}"?(${value})`, 'g'))].at(-1)?.[1];
  const seconds =
    lastOf('totalExecutionDurationSeconds', '\\d{1,9}\\b') ??
    lastOf('duration', '\\d{1,9}(?=s\\b)') ??
    lastOf('DURATION\\(S\\)', '\\d{1,9}\\b');
  const minutes = lastOf('(?:(?:executionT|t)imeoutMinutes|TIMEOUT\\(MIN\\))', '\\d{1,9}\\b');
  const wall = (field: string) => parseWall(lastOf(field, '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d') ?? '');
  const livedMs = (wall('updatedAt') ?? Number.NaN) - (wall('createdAt') ?? Number.NaN);
  const durationMs = seconds === undefined ? livedMs : Number(seconds) * 1000;
  if (Number.isNaN(durationMs)) return undefined;
  return { durationMs, executionTimeoutMs: minutes === undefined ? undefined : Number(minutes) * 60_000 };
}

/** Whoever asks is named, or the call is. */
const saysAsked =
  /(?:cancel{1,2}ed|stopped|terminated) (?:by|at|on|upon) (?:the |a )?(?:user|person|operator|request|administrator)\b|user request|(?<!\bno )\bCancelJobRun\b|cancel{1,2}(?:ation|ed)? (?:was )?requested by/i;
/** Words, and not the name of the setting, which stands in every description of a run. */
const saysTimedOut =
  /timed out|(?:execution|run)(?:[ -]time-?out|timeout\b)|exceed(?:ed|s|ing) [^\n]{0,40}(?:time-?out|execution time|run ?time)/i;

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
