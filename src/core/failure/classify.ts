import { judgeCancel } from './cancel.ts';
import { absence, chooseMatch, type Match } from './choose.ts';
import { type FailureContext, type FailureEvidence, type Judgement, judged } from './judgement.ts';
import type { FailureRule } from './rule.ts';
import { failureClasses, isRestart, isSafetyClass } from './taxonomy.ts';
import { readRecords, type TextRecord } from './text.ts';

export type { FailureContext, FailureEvidence, Judgement } from './judgement.ts';

/**
 * Says why a run ended and what is right to do. Pure; never throws; time is linear in the text.
 *
 * No text of data loss, corruption, incompatibility or a second writer is answered with a restart, except the few
 * whose rule names one: those have one restart, and stop when they come back.
 */
export function classify(evidence: FailureEvidence): Judgement {
  const context = evidence.context ?? {};
  if (evidence.state === 'SUCCESS') return judged('unknown', 'run-succeeded');
  if (evidence.state === 'CANCELLED' || evidence.state === 'CANCELLING')
    return judgeCancel(evidence.text, context);
  const records = readRecords(evidence.text);
  const match = chooseMatch(records);
  if (!match) return judged('unknown', 'no-rule-matched');
  return withContext(judgementOf(match, records), match.rule, context);
}

function judgementOf(match: Match, records: readonly TextRecord[]): Judgement {
  const own = isRefuted(match) ? undefined : match.rule.action;
  const judgement = judged(match.rule.class, match.rule.id, own, match.lines);
  const sized = match.rule.class === 'worker-lost' || 'sizeStep' in failureClasses[match.rule.class];
  const worker = sized
    ? (workerIn(match.lines) ?? workerIn(records.map(({ message }) => message).join('\n')))
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

/** What the text cannot decide: a network never reached, a restart already spent, a heartbeat that stops again. */
function withContext(judgement: Judgement, rule: FailureRule, context: FailureContext): Judgement {
  if (rule.reachability && context.everCommitted === false) {
    return { ...judgement, class: 'config-invalid', action: failureClasses['config-invalid'].action };
  }
  if (!hasRepeated(context)) return judgement;
  if (judgement.class === 'schema-evolved') return { ...judgement, action: 'stop-and-page' };
  const { action } = failureClasses[judgement.class];
  if (isRestart(judgement.action) && !isRestart(action)) return { ...judgement, action };
  if (rule.id === 'executor-lost' && /heartbeat/i.test(judgement.evidence)) {
    const memory = failureClasses['memory-exhausted'];
    return { ...judgement, class: 'memory-exhausted', action: memory.action };
  }
  return judgement;
}

/** The same failure came before, with no batch committed since. A job that never committed repeats with every try. */
function hasRepeated({ sameBatchFailures = 0, attempts = 0, everCommitted }: FailureContext): boolean {
  return sameBatchFailures >= 2 || (everCommitted === false && attempts >= 2);
}
