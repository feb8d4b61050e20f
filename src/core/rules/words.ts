import type { Severity } from '../decision.ts';
import type { Judgement } from '../failure/classify.ts';
import { gist } from '../failure/gist.ts';
import { summaryOf } from '../failure/judgement.ts';
import type { Progress } from '../progress.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput } from '../rule.ts';

/** Why a job is parked, as the beginning of a sentence to a person; the class's own summary follows it. */
export function whyText(reason: Reason, progress?: Progress): string {
  if (reason === 'streak-without-progress')
    return `${progress?.streak ?? 0} restarts in a row committed no batch. `;
  if (reason === 'data-at-risk' || reason === 'checkpoint-went-back')
    return 'A restart could lose or repeat data. ';
  return '';
}

/** What happened, in one sentence: the class's summary and the telling part of the evidence, quoted. */
export function causeText(judgement: Judgement): string {
  const text = gist(judgement.evidence);
  const summary = summaryOf(judgement);
  return text === '' ? summary : `${summary.replace(/\.$/, '')}: "${text}".`;
}

/** How loud people are told of the class: as the policy says, else as the situation is. */
export function severityOf({ job }: DecideInput, judgement: Judgement, usual: Severity): Severity {
  return job.restart.classes[judgement.class]?.severity ?? usual;
}

export function batchText(progress: Progress): string {
  if (progress.batch === undefined) return 'an unknown batch';
  return progress.batch < 0 ? 'the beginning' : `batch ${progress.batch}`;
}

/** An order that could not be obeyed in its time, in words; empty where there is none. */
export function lapsedText({ memory: { order }, observation: { nowMs } }: DecideInput): string {
  if (!order || nowMs < order.expiresAtMs) return '';
  return ` The start that ${order.by} ordered ("${order.reason}") was held back until its time was over; order it again.`;
}
