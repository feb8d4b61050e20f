import type { Notice } from '../control/ports.ts';
import { keepsText } from '../core/clock-words.ts';
import { type Clock, isClockReason } from '../core/data-loss-clock.ts';
import type { Decision } from '../core/decision.ts';
import { adviceOn } from '../core/explain-advice.ts';
import { gist } from '../core/failure/gist.ts';
import type { ResolvedJob } from '../core/job.ts';
import { reasons } from '../core/reason.ts';
import { code, dayAndTime, plain, timeOfDay } from './text.ts';

/** What chat.postMessage and chat.update take besides the channel. */
export interface SlackMessage {
  /** A whole sentence: screen readers and notifications read this and not the blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly metadata: {
    readonly event_type: 'checkpilot_incident';
    readonly event_payload: Readonly<Record<string, string>>;
  };
}

interface Words {
  readonly type: 'mrkdwn' | 'plain_text';
  readonly text: string;
}

export type Block =
  | { readonly type: 'header'; readonly text: Words }
  | { readonly type: 'section'; readonly text?: Words; readonly fields?: readonly Words[] }
  | { readonly type: 'context'; readonly elements: readonly Words[] };

export interface Subject {
  readonly notice: Notice;
  /** What the notice tells of, when it is still kept. */
  readonly decision?: Decision | undefined;
  /** The job as the policy declares it now. */
  readonly job?: ResolvedJob | undefined;
  readonly where: { readonly policy: string; readonly region: string; readonly runbooks?: string };
  /** The post that calls a person, for the head of the thread to point to. */
  readonly call?: string | undefined;
}

/** A step of a thread: its sentence, and as much of the evidence as fits. */
const stepMax = 220;
// Slack's limits: a header 150 characters, a section 3,000, a field 2,000. People read far less.
const textMax = 900;
const evidenceMax = 160;

/** One incident, or one notice that stands alone, as people see it now. */
export function incidentMessage(subject: Subject): SlackMessage {
  const { notice, where } = subject;
  const state = stateOf(notice);
  const name = plain(notice.job === '*' ? where.policy : notice.job, 100);
  const text = plain(notice.text, textMax);
  // The title names the job already.
  const body = text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
  const place = `${plain(where.policy, 60)} / ${where.region}`;
  const fields = fieldsOf(subject).map((line): Words => ({ type: 'mrkdwn', text: line }));
  const context = contextOf(subject).map((line): Words => ({ type: 'mrkdwn', text: line }));
  const head: Block[] =
    state.word === 'Needs a human'
      ? [
          // A header is no mrkdwn: escapes would be shown as they are.
          {
            type: 'header',
            text: { type: 'plain_text', text: `Needs a human: ${notice.job}`.slice(0, 150) },
          },
          { type: 'section', text: { type: 'mrkdwn', text: `${state.mark} ${place}\n${body}` } },
        ]
      : [
          {
            type: 'section',
            text: { type: 'mrkdwn', text: `*${state.mark} ${state.word} – ${name}*  ·  ${place}\n${body}` },
          },
        ];
  return {
    text: state.word === 'Needs a human' ? `ACTION NEEDED: ${text}` : `${state.word}: ${text}`,
    blocks: [
      ...head,
      ...(fields.length > 0 ? [{ type: 'section' as const, fields }] : []),
      ...(context.length > 0 ? [{ type: 'context' as const, elements: context }] : []),
    ],
    metadata: {
      event_type: 'checkpilot_incident',
      event_payload: { incident: notice.incidentId ?? notice.id, job: notice.job, state: notice.event },
    },
  };
}

/** What a notice adds to the thread: when, and what. */
export function stepLine({ atMs, text }: Notice): string {
  return `${timeOfDay(atMs)} ${plain(text, stepMax)}`;
}

/** A state as a word and a mark: colour alone tells nothing to some. */
function stateOf({ event, severity, reason, stillNeedsHuman }: Notice): {
  readonly word: string;
  readonly mark: string;
} {
  if (stillNeedsHuman) return { word: 'Needs a human', mark: ':red_circle:' };
  switch (event) {
    case 'incident.needs-human':
    case 'writers.two-live-runs':
      return { word: 'Needs a human', mark: ':red_circle:' };
    case 'incident.recovered':
      return { word: 'Recovered', mark: ':large_green_circle:' };
    case 'run.stopped-by-person':
      return { word: 'Stopped', mark: ':white_circle:' };
    case 'run.adopted':
      return { word: 'Taken over', mark: ':information_source:' };
    case 'retention.undo-proposed':
      return { word: 'Proposal', mark: ':information_source:' };
    case 'policy.broken':
      return { word: 'Policy broken', mark: ':red_circle:' };
    case 'approval.requested':
    case 'approval.answered':
    case 'approval.closed':
      return { word: 'Approval', mark: ':raised_hand:' };
    case 'incident.opened':
    case 'incident.updated':
      if (isClockReason(reason)) return { word: 'Data at risk', mark: ':large_orange_circle:' };
      return { word: severity === 'critical' ? 'Down' : 'Recovering', mark: ':large_orange_circle:' };
  }
}

/** Facts beside the sentence, for a failure that goes on; a person who stopped a job or started a run knows them. */
function fieldsOf({ notice, decision, job, where, call }: Subject): readonly string[] {
  if (!/^(?:incident|writers)\./.test(notice.event)) return [];
  const failureClass = notice.class ?? decision?.verdict.judgement?.class;
  if (notice.event === 'incident.recovered')
    return failureClass ? [`*Was down with*\n\`${failureClass}\``] : [];
  const frees = decision && notice.event === 'incident.needs-human' ? adviceOn(decision) : [];
  return [
    ...(failureClass ? [`*Failure*\n${failureLine(failureClass, decision, where.runbooks)}`] : []),
    ...(decision && job ? [`*Restarts*\n${budgetLine(decision, job)}`] : []),
    ...(decision ? checkpointField(decision) : []),
    ...(decision?.clock ? [`*Data-loss clock*\n${clockField(decision.clock, decision.atMs)}`] : []),
    ...(frees.length > 0 ? [`*What helps*\n${frees.map((line) => `• ${plain(line, 300)}`).join('\n')}`] : []),
    ...(call ? [`*Person called*\n<${call}|see the message>`] : []),
  ];
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
function budgetLine({ observation: { budget } }: Decision, { restart }: ResolvedJob): string {
  const { perHour, perDay } = restart.budget;
  const runs = `${budget.usedHour} of ${perHour} this hour, ${budget.usedDay} of ${perDay} today`;
  return `${runs}\nEMR's own attempts: up to ${restart.nativeRetries} an hour in each run`;
}

function checkpointField({ observation }: Decision): readonly string[] {
  const sensors = Object.values(observation.checkpoints);
  const batches = sensors.flatMap((sensor) => (sensor.kind === 'seen' ? [sensor.committedBatch] : []));
  if (batches.length === 0) return sensors.length > 0 ? ['*Checkpoint*\nnot readable'] : [];
  const lines = batches.map((batch) => (batch < 0 ? 'no batch committed yet' : `batch ${batch} committed`));
  return [`*Checkpoint*\n${lines.join(', ')}`];
}

/** Share and time of loss, in the reader's zone; never silent about what is not known. */
function clockField(clock: Clock, atMs: number): string {
  if (clock.kind === 'unknown') return `unknown: ${plain(clock.why, evidenceMax)}`;
  if (clock.kind === 'idle') return 'nothing is unread';
  const { lossAtMs, sinceMs, retentionMs, bound, assumed } = clock;
  const keeps = `source keeps ${keepsText(retentionMs)}${assumed === undefined ? '' : ' at least'}`;
  const used = Math.floor((100 * Math.max(0, atMs - sinceMs)) / retentionMs);
  const sure = { 'at-most': 'at most ', about: 'about ', 'at-least': 'at least ' }[bound];
  const loss = lossAtMs <= atMs ? 'records are lost since' : 'loss from';
  return `${keeps}, ${sure}${used} % used\n${loss} ${dayAndTime(lossAtMs)}`;
}

function contextOf({ notice, decision }: Subject): readonly string[] {
  const job = notice.job === '*' ? '' : code(notice.job, 100);
  if (!decision) return job === '' ? [] : [`${job} · ${code(`checkpilot status ${notice.job}`, 150)}`];
  const rule = decision.verdict.judgement?.rule;
  const why = `Why: ${plain(reasons[decision.reason], 300)}${rule ? ` · rule ${code(rule, 80)}` : ''}`;
  const more = `${code(`checkpilot explain ${notice.job}`, 150)} · ${code(decision.id, 60)}`;
  return notice.event.startsWith('incident.') && notice.event !== 'incident.recovered' ? [why, more] : [more];
}
