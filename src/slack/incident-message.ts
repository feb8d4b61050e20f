import type { Notice } from '../control/ports.ts';
import { isClockReason } from '../core/data-loss-clock.ts';
import type { Decision } from '../core/decision.ts';
import { gist } from '../core/failure/gist.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isTerminal } from '../core/job-run.ts';
import { contextOf, fieldsOf, triedText } from './incident-facts.ts';
import { plain, timeOfDay } from './text.ts';

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

export type Block = { readonly block_id?: string } & (
  | { readonly type: 'header'; readonly text: Words }
  | { readonly type: 'section'; readonly text?: Words; readonly fields?: readonly Words[] }
  | { readonly type: 'context'; readonly elements: readonly Words[] }
);

export interface Subject {
  readonly notice: Notice;
  /** What the notice tells of, when it is still kept. */
  readonly decision?: Decision | undefined;
  /** The job as the policy declares it now. */
  readonly job?: ResolvedJob | undefined;
  readonly where: { readonly policy: string; readonly region: string; readonly runbooks?: string };
  /** The post that calls a person, for the head of the thread to point to. */
  readonly call?: string | undefined;
  /** Steps in the thread, this one included. */
  readonly steps?: number | undefined;
}

/** A step of a thread, in characters: what happened, the telling words of the evidence, and what follows. */
const stepMax = 320;
/** Of the evidence in a step, at least this much is kept. */
const stepQuoteMin = 60;
// Slack's limits: a header 150 characters, a section 3,000, a field 2,000. People read far less.
const textMax = 900;

/** One incident, or one notice that stands alone, as people see it now. */
export function incidentMessage(subject: Subject): SlackMessage {
  const { notice, where } = subject;
  const state = stateOf(notice);
  const place = `${plain(where.policy, 60)} / ${where.region}`;
  const body = plain(bodyOf(subject), textMax);
  const fields = fieldsOf(subject).map(words);
  const context = contextOf(subject).map(words);
  const tried = state.word === 'Needs a human' ? triedText(subject) : undefined;
  const isCall = state.word === 'Needs a human';
  const title = `*${state.mark} ${state.word} – ${nameOf(subject, 100)}*  ·  ${place}`;
  const text = plain(notice.text, textMax);
  return {
    text: isCall ? `ACTION NEEDED: ${text}` : `${state.word}: ${text}`,
    blocks: numbered(notice, [
      ...(isCall ? [header(subject)] : []),
      { type: 'section', text: words(`${isCall ? `${state.mark} ${place}` : title}\n${body}`) },
      ...(fields.length > 0 ? [{ type: 'section' as const, fields }] : []),
      ...(tried ? [{ type: 'section' as const, text: words(tried) }] : []),
      ...(context.length > 0 ? [{ type: 'context' as const, elements: context }] : []),
    ]),
    metadata: {
      event_type: 'checkpilot_incident',
      event_payload: { incident: notice.incidentId ?? notice.id, job: notice.job, state: notice.event },
    },
  };
}

/** Other ids with every state: Slack wants new ones when a message is changed. */
export function numbered({ id }: Notice, blocks: readonly Block[]): readonly Block[] {
  return blocks.map((block, index) => ({ ...block, block_id: `${id}:${index}` }));
}

/**
 * What a notice adds to the thread: when, what happened, and what follows. The thread is the job's, so its name goes
 * first, unless the thread is that of many jobs; then the quote of the evidence is made shorter, from its end, before anything else is.
 */
export function stepLine({ atMs, text, job, within }: Notice): string {
  const step = within === undefined ? withoutPointer(withoutName(text, job), job) : text;
  const over = plain(step, Number.MAX_SAFE_INTEGER).length - stepMax;
  const quote = over > 0 ? longestQuote(step) : undefined;
  const shorter =
    quote && step.replace(quote, () => gist(quote, Math.max(stepQuoteMin, quote.length - over)));
  return `${timeOfDay(atMs)} ${plain(shorter ?? step, stepMax)}`;
}

function longestQuote(text: string): string | undefined {
  const quotes = [...text.matchAll(/"([^"\n]+)"/g)].map(([, inner = '']) => inner);
  return quotes.sort((a, b) => b.length - a.length)[0];
}

function withoutName(text: string, job: string): string {
  return text.startsWith(`${job}: `) ? text.slice(job.length + 2) : text;
}

/** The last line of a message names the command. */
function withoutPointer(text: string, job: string): string {
  return text.replace(`; checkpilot explain ${job} says more.`, '.');
}

/** The title names the job already, the last line the command, and a field quotes more of the evidence. */
function bodyOf(subject: Subject): string {
  const { notice, decision } = subject;
  const { text, job } = notice;
  const said = `${job} is down and needs a person: `;
  const isSaid = text.startsWith(said) && isDownIn(subject);
  const rest = isSaid ? text.slice(said.length) : withoutName(text, job);
  // Without the decision the last line names another command.
  const body = decision ? withoutPointer(rest, job) : rest;
  const evidence = decision?.verdict.judgement?.evidence ?? '';
  return evidence === '' ? body : body.replace(`: "${gist(evidence)}".`, '.');
}

function nameOf({ notice, where }: Subject, lengthMax: number): string {
  return plain(notice.job === '*' ? where.policy : notice.job, lengthMax);
}

/** A header is no mrkdwn: escapes would be shown as they are. */
function header(subject: Subject): Block {
  const { notice, where } = subject;
  const name = notice.job === '*' ? where.policy : notice.job;
  const text = `Needs a human: ${name.slice(0, 100)}${isDownIn(subject) ? ' is down' : ''}`;
  return { type: 'header', text: { type: 'plain_text', text } };
}

function isDownIn({ notice, decision }: Subject): boolean {
  const run = decision?.observation.run;
  return run?.kind === 'seen' && isTerminal(run.run) && !isClockReason(notice.reason);
}

function words(text: string): Words {
  return { type: 'mrkdwn', text };
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
