import { ageText, keepsText } from '../core/clock-words.ts';
import { type Clock, isClockReason } from '../core/data-loss-clock.ts';
import type { Decision } from '../core/decision.ts';
import { adviceOn } from '../core/explain-advice.ts';
import { forMs } from '../core/explain-seen.ts';
import { gist } from '../core/failure/gist.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isTerminal } from '../core/job-run.ts';
import type { Tried } from '../core/memory.ts';
import { nativeText } from '../core/native-attempts.ts';
import { nextStepOf } from '../core/next-step.ts';
import type { BudgetRoom, CheckpointSensor } from '../core/observation.ts';
import { reasons } from '../core/reason.ts';
import { usedText } from '../core/spent-budget.ts';
import type { Subject } from './incident-message.ts';
import { code, dayAndTime, plain, timeOfDay } from './text.ts';

const evidenceMax = 160;
const stepMax = 400;

/** Facts beside the sentence, for a failure that goes on; a person who stopped a job or started a run knows them. */
export function fieldsOf({ notice, decision, job, where, call }: Subject): readonly string[] {
  if (!/^(?:incident|writers)\./.test(notice.event)) return [];
  const failureClass = notice.class ?? decision?.verdict.judgement?.class;
  const restarts = decision && job ? [`*Restarts*\n${budgetLine(decision, job)}`] : [];
  if (notice.event === 'incident.recovered')
    return [...(failureClass ? [`*Was down with*\n\`${failureClass}\``] : []), ...restarts];
  const frees = decision && notice.event === 'incident.needs-human' ? adviceOn(decision) : [];
  return [
    ...(decision && !isClockReason(notice.reason) ? nextField(decision) : []),
    ...(failureClass ? [`*Failure*\n${failureLine(failureClass, decision, where.runbooks)}`] : []),
    ...(decision ? lagField(decision) : []),
    ...restarts,
    ...(decision ? checkpointField(decision) : []),
    ...(decision?.clock ? [`*Data-loss clock*\n${clockField(decision.clock, decision.atMs)}`] : []),
    ...(frees.length > 0 ? [`*What helps*\n${frees.map((line) => `• ${plain(line, 300)}`).join('\n')}`] : []),
    ...(call ? [`*Person called*\n<${call}|see the message>`] : []),
  ];
}

function nextField(decision: Decision): readonly string[] {
  const next = nextStepOf(decision);
  if (!next) return [];
  const at = next.atMs === undefined ? '' : `, ${dayAndTime(next.atMs)}`;
  return [`*Next step*\n${plain(next.text, stepMax)}${at}`];
}

export function failureLine(
  failureClass: string,
  decision: Decision | undefined,
  runbooks: string | undefined,
): string {
  const evidence = decision?.verdict.judgement?.evidence ?? '';
  const quote = evidence === '' ? '' : ` ← ${code(gist(evidence, evidenceMax), evidenceMax)}`;
  // A URL of the policy, checked there; the class is a word of ours.
  const runbook = runbooks ? `\n<${runbooks.replace(/[<>|\s]/g, '')}/${failureClass}|Runbook>` : '';
  return `\`${failureClass}\`${quote}${runbook}`;
}

/** Both layers are named: the service's own attempts inside a run, and the runs that Checkpilot starts. */
function budgetLine({ observation, streak, verdict }: Decision, { restart }: ResolvedJob): string {
  const { budget, run } = observation;
  const { perHour } = restart.budget;
  const failureClass = verdict.judgement?.class;
  const ofClass = failureClass && budget.classes?.[failureClass];
  const attempt = run.kind === 'seen' && isTerminal(run.run) ? run.run.attempt : undefined;
  const native = budget.native
    ? nativeText(budget.native, perHour)
    : `EMR's own attempts: up to ${restart.nativeRetries} an hour in each run`;
  return [
    usedText({ ...budget, ...restart.budget }),
    ...(streak ? [`in a row without a new batch: ${streak.now} of ${streak.max}`] : []),
    ...(ofClass ? [`\`${failureClass}\`: ${usedText(ofClass)}${freesText(ofClass)}`] : []),
    `${native}${attempt === undefined ? '' : `, the last one made ${attempt}`}`,
  ].join('\n');
}

function freesText({ room, freesAtMs }: BudgetRoom): string {
  return room || freesAtMs === undefined ? '' : `, next at ${timeOfDay(freesAtMs)}`;
}

/** How long the oldest record has waited to be read. */
function lagField({ clock, atMs }: Decision): readonly string[] {
  return clock?.kind === 'running' ? [`*Lag*\noldest unread record ${ageText(clock, atMs)}`] : [];
}

function checkpointField({ observation }: Decision): readonly string[] {
  const sensors = Object.values(observation.checkpoints);
  const lines = sensors.flatMap((sensor) => (sensor.kind === 'seen' ? [batchText(sensor, observation)] : []));
  if (lines.length === 0) return sensors.length > 0 ? ['*Checkpoint*\nnot readable'] : [];
  return [`*Checkpoint*\n${lines.join('\n')}`];
}

function batchText(
  { committedBatch, times }: Extract<CheckpointSensor, { kind: 'seen' }>,
  { run, nowMs }: Decision['observation'],
): string {
  if (committedBatch < 0) return 'no batch committed yet';
  const committedAtMs = times?.committedAtMs;
  const endedAtMs = run.kind === 'seen' && isTerminal(run.run) ? run.run.endedAtMs : undefined;
  if (committedAtMs === undefined) return `batch ${committedBatch} committed`;
  // A batch that is dated after the end was written by somebody else, or by a clock that differs.
  if (endedAtMs !== undefined && endedAtMs >= committedAtMs)
    return `batch ${committedBatch} committed, ${forMs(endedAtMs - committedAtMs)} before the run ended`;
  return `batch ${committedBatch} committed, ${forMs(Math.max(0, nowMs - committedAtMs))} ago`;
}

/** Share and time of loss, in the reader's zone; never silent about what is not known. */
function clockField(clock: Clock, atMs: number): string {
  if (clock.kind === 'unknown') return `unknown: ${plain(clock.why, evidenceMax)}`;
  if (clock.kind === 'idle') return 'nothing is unread';
  const { lossAtMs, sinceMs, retentionMs, bound, assumed } = clock;
  const keeps = `source keeps ${keepsText(retentionMs)}${assumed === undefined ? '' : ' at least'}`;
  const used = Math.floor((100 * Math.max(0, atMs - sinceMs)) / retentionMs);
  const sure = { exact: '', 'at-most': 'at most ', about: 'about ', 'at-least': 'at least ' }[bound];
  const loss = lossAtMs <= atMs ? 'records are lost since' : 'loss from';
  return `${keeps}, ${sure}${used} % used\n${loss} ${dayAndTime(lossAtMs)}`;
}

/** The starts of this incident and how far each one got, for the person who has to do better. */
export function triedText({ notice, decision }: Subject): string | undefined {
  const tried = notice.history?.tried ?? [];
  if (tried.length === 0) return undefined;
  const now = decision && committedNow(decision);
  const lines = tried.map((one, index) => {
    const after = index + 1 < tried.length ? tried[index + 1]?.fromBatch : now;
    return `${index + 1}. ${timeOfDay(one.atMs)} ${tryText(one, after)}`;
  });
  return `*What was tried*\n${lines.join('\n')}`;
}

function tryText({ fromBatch, change }: Tried, after: number | undefined): string {
  const from =
    fromBatch === undefined ? '' : fromBatch < 0 ? ' from the beginning' : ` after batch ${fromBatch}`;
  const step = change === undefined ? '' : `, ${plain(change, 200)}`;
  if (fromBatch === undefined || after === undefined || after < fromBatch) return `started${from}${step}`;
  const batches = after - fromBatch;
  const got = batches === 0 ? 'no batch' : batches === 1 ? '1 batch' : `${batches} batches`;
  return `started${from}${step} → ${got} committed`;
}

/** The newest batch of all locations, as the starts note it. */
function committedNow({ observation }: Decision): number | undefined {
  const sensors = Object.values(observation.checkpoints);
  const batches = sensors.flatMap((sensor) => (sensor.kind === 'seen' ? [sensor.committedBatch] : []));
  return batches.length > 0 && batches.length === sensors.length ? Math.max(...batches) : undefined;
}

/** Why, where to read more, and in the end how long it took. */
export function contextOf({ notice, decision, job, steps }: Subject): readonly string[] {
  const name = notice.job === '*' ? '' : code(notice.job, 100);
  if (!decision) return name === '' ? [] : [`${name} · ${code(`checkpilot status ${notice.job}`, 150)}`];
  const more = `${code(`checkpilot explain ${notice.job}`, 150)} · ${code(decision.id, 60)}`;
  if (notice.event === 'incident.recovered') return [...timesOf(notice, steps), more];
  if (!notice.event.startsWith('incident.')) return [more];
  const { judgement } = decision.verdict;
  const isOfPolicy = judgement && job?.restart.classes[judgement.class] !== undefined;
  const why = [
    `Why: ${plain(reasons[decision.reason], 300)}`,
    ...(judgement ? [`rule ${code(judgement.rule, 80)}`] : []),
    ...(isOfPolicy ? [`policy ${code(`restart.classes.${judgement.class}`, 80)}`] : []),
  ];
  return [why.join(' · '), more];
}

function timesOf({ history, atMs }: Subject['notice'], steps: number | undefined): readonly string[] {
  if (!history) return [];
  const inThread = steps === undefined ? '' : ` · ${steps === 1 ? '1 step' : `${steps} steps`} in the thread`;
  return [`Opened ${dayAndTime(history.openedAtMs)} · closed ${dayAndTime(atMs)}${inThread}`];
}
