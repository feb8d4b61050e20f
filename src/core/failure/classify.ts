import { judgeCancel } from './cancel.ts';
import { absence, chooseMatch, type Match, matchOwn } from './choose.ts';
import { confidenceOf, confidences } from './confidence.ts';
import { withContext } from './context.ts';
import { isBareExit } from './gist.ts';
import { type FailureEvidence, type Judgement, judged } from './judgement.ts';
import { failureClasses, isRestart, isSafetyClass } from './taxonomy.ts';
import { linesAround, readRecords, type TextRecord } from './text.ts';
import { namesError, unexplainedError, unexplainedLine } from './unexplained.ts';

export type { FailureContext, FailureEvidence, Judgement } from './judgement.ts';
export type { TextSource } from './lines.ts';

/**
 * Says why a run ended and what is right to do. Pure; never throws; time is linear in the text.
 *
 * What is judged to be data loss, corruption, incompatibility or a second writer is not answered with a restart, except
 * for the few rules that name one: those have one restart, and stop when they come back. A danger in the words of a
 * passing cause can be taken for that; docs/judgement.md tells how often.
 */
export function classify(evidence: FailureEvidence): Judgement {
  const context = evidence.context ?? {};
  if (evidence.state === 'SUCCESS')
    return judged('unknown', 'run-succeeded', { confidence: confidences.nothing });
  if (evidence.state === 'CANCELLED' || evidence.state === 'CANCELLING')
    return judgeCancel(evidence.text, context);
  const records = readRecords([...(evidence.logs ?? []), { source: 'stateDetails', text: evidence.text }]);
  const known = chooseMatch(records);
  // What endangers data stays so, whatever a policy makes of its words.
  const isDanger = known !== undefined && isSafetyClass(known.rule.class);
  const match = isDanger ? known : (matchOwn(records, evidence.classifiers ?? []) ?? known);
  const explained = match && !hasUnexplained(match, records) ? match : undefined;
  return withContext(
    explained ? judgementOf(explained, records) : unknown(records),
    explained?.rule,
    context,
  );
}

/** A trace of a dying driver explains no exception beside it. */
function hasUnexplained({ rule, lines }: Match, records: readonly TextRecord[]): boolean {
  if (rule.strength !== 'symptom') return false;
  const line = unexplainedLine(records)?.line;
  return line !== undefined && namesError(line) && !lines.includes(line) && !rule.pattern.test(line);
}

/**
 * No rule knows the text. An error that says something in its own words may be any danger, so it stops; where nothing
 * is said, the last loud line tells one such failure from another, and nothing is quoted.
 */
function unknown(records: readonly TextRecord[]): Judgement {
  const said = unexplainedLine(records);
  if (said)
    return judged('unknown', unexplainedError, {
      action: 'stop-and-page',
      evidence: linesAround(said.line, 0, said.line.length),
      place: said.place,
      confidence: confidences.nothing,
    });
  const loud = records.filter(({ loudness }) => loudness === 'loud').at(-1);
  const last = loud?.message.split('\n').at(-1) ?? '';
  const telling = isBareExit(last) ? '' : last;
  return judged('unknown', 'no-rule-matched', { telling, confidence: confidences.nothing });
}

function judgementOf(match: Match, records: readonly TextRecord[]): Judgement {
  const { rule, lines, place, telling } = match;
  const judgement = judged(rule.class, rule.id, {
    action: isRefuted(match) ? undefined : rule.action,
    evidence: lines,
    place,
    telling,
    confidence: confidenceOf(match, records),
  });
  const sized = rule.class === 'worker-lost' || 'sizeStep' in failureClasses[rule.class];
  const worker = sized
    ? (workerIn(lines) ?? workerIn(records.map(({ message }) => message).join('\n')))
    : undefined;
  return worker ? { ...judgement, worker } : judgement;
}

/** A restart allowed for a damaged-looking checkpoint is off when the lines around say that something is truly gone. */
function isRefuted({ rule, record, lines }: Match): boolean {
  const restarts = rule.action !== undefined && isRestart(rule.action);
  return restarts && isSafetyClass(rule.class) && absence.test(record.message.replace(lines, ''));
}

/** Driver or executor, when the text names exactly one of them. Spark's local mode calls the driver an executor. */
function workerIn(text: string): 'driver' | 'executor' | undefined {
  const driver =
    /executor driver\b|maxResultSize|Exception in thread "main"|ApplicationMaster|driver (?:has been |was |is )?(?:killed|lost|exited|out of memory|ran out)|Driver (?:process|container)/i.test(
      text,
    );
  const executor =
    /ExecutorLostFailure|Lost executor|executor \d{1,6}\b|CoarseGrainedExecutorBackend|Python worker exited|Executor updated: /i.test(
      text.replace(/executor driver/gi, 'driver').replace(/ExecutorLostFailure \(driver/gi, ''),
    );
  if (driver === executor) return undefined;
  return driver ? 'driver' : 'executor';
}
