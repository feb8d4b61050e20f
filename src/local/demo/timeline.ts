import { styleText } from 'node:util';
import type { Decision } from '../../core/decision.ts';
import { gist } from '../../core/failure/gist.ts';
import { reasons, withholdings } from '../../core/reason.ts';
import type { JournalEntry } from '../../world/journal.ts';
import type { SlackPost } from '../slack.ts';
import { oneLine } from './slack-view.ts';

type Style = Parameters<typeof styleText>[0];

/** One line of the story: when, which job, what kind of thing, and the sentence. */
export interface Line {
  readonly atMs: number;
  readonly job: string;
  readonly mark: string;
  readonly text: string;
  readonly style: Style;
  /** Order of what happens in one instant: cause before decision before effect. */
  readonly rank: number;
}

/** What the world did, as far as people care: starts, ends, retries, not every batch. */
export function lineOfJournal(entry: JournalEntry): Line | undefined {
  const base = { atMs: entry.t, job: entry.job ?? '?' };
  switch (entry.kind) {
    case 'start-accepted':
      return {
        ...base,
        rank: 3,
        mark: 'started',
        text: `run ${entry.jobRunId} (${entry.cause ?? 'by a person'})`,
        style: 'green',
      };
    case 'start-replayed':
      return {
        ...base,
        rank: 4,
        mark: 'sent again',
        text: `the same client token: still run ${entry.jobRunId}, no second one`,
        style: 'cyan',
      };
    case 'attempt-failed':
      return {
        ...base,
        rank: 0,
        mark: 'attempt died',
        text: `${entry.class}, attempt ${entry.attempt ?? '?'} of run ${entry.jobRunId}`,
        style: 'yellow',
      };
    case 'run-state':
      if (entry.state === 'RUNNING')
        return { ...base, rank: 5, mark: 'running', text: `run ${entry.jobRunId}`, style: 'green' };
      if (entry.state === 'CANCELLED')
        return { ...base, rank: 1, mark: 'CANCELLED', text: cancelled(entry), style: 'yellow' };
      if (entry.state === 'FAILED')
        return {
          ...base,
          rank: 1,
          mark: 'FAILED',
          text: `run ${entry.jobRunId}: the service gave up`,
          style: 'red',
        };
      return undefined;
    case 'double-writer':
      return { ...base, rank: 6, mark: 'TWO WRITERS', text: 'two live runs on one checkpoint', style: 'red' };
    default:
      return undefined;
  }
}

/** An attempt after the first is one that the service had begun by itself; no other line tells of it. */
function cancelled({ jobRunId, attempt }: { readonly jobRunId?: string; readonly attempt?: number }): string {
  const inAttempt =
    attempt !== undefined && attempt > 1 ? ` in attempt ${attempt}, begun by the service` : '';
  return `run ${jobRunId}${inAttempt}`;
}

/** What was decided and why; waits that only pass the time are left out. */
export function lineOfDecision(decision: Decision): Line | undefined {
  const { verdict, guard, job, atMs, kind, reason } = decision;
  // The first start of a job is no news.
  if (reason === 'never-started') return undefined;
  if (kind === 'wait' || (kind === 'nothing' && !verdict.adopt && reason !== 'cancelled-by-person'))
    return undefined;
  // The second half of a start is only worth a line when something holds it back.
  if (verdict.kind === 'claim' && guard.kind === 'done') return undefined;
  const held = guard.kind === 'done' ? '' : ` – ${guard.kind}: ${withholdings[guard.why]}`;
  const { judgement } = verdict;
  const why = judgement?.evidence
    ? `${judgement.class} ← "${gist(judgement.evidence, 90)}"`
    : reasons[reason];
  const plan = verdict.kind === 'start' ? planText(verdict.wish, atMs) : '';
  return {
    job,
    atMs,
    mark: `→ ${kind}`,
    style: kind === 'park' ? 'red' : 'cyan',
    rank: 2,
    text: `${why}${plan}${held}`,
  };
}

function planText(
  wish: { readonly notBeforeMs: number; readonly plan: { readonly change?: string } },
  atMs: number,
): string {
  const waitSeconds = Math.ceil((wish.notBeforeMs - atMs) / 1000);
  const when = waitSeconds > 0 ? `, backoff ${waitSeconds} s` : '';
  return `${when}${wish.plan.change ? `, ${wish.plan.change}` : ''}`;
}

/** What people read in Slack: a new message, or one that was changed. */
export function lineOfPost(atMs: number, post: SlackPost): Line {
  const { job } = (post.metadata?.event_payload ?? {}) as { job?: string };
  const text = oneLine(post);
  const style = /ACTION NEEDED/.test(text) ? 'red' : /Recovered/.test(text) ? 'green' : 'yellow';
  return { atMs, job: job ?? '?', rank: 7, mark: 'Slack', text, style };
}

/** A fault that the demo put in, so that nobody has to guess why something came late. */
export function lineOfFault(atMs: number, job: string, text: string): Line {
  return { atMs, job, rank: 1, mark: 'injected', text, style: 'magenta' };
}

/** `+01:02:03  job  mark  text`, long texts continued under themselves. */
export function render(
  line: Line,
  { startMs, columns, isPlain }: { startMs: number; columns: number; isPlain: boolean },
): string {
  const head = `  ${clock(line.atMs - startMs)}  ${line.job.padEnd(14)}`;
  const mark = line.mark.padEnd(13);
  const indent = head.length + mark.length + 1;
  const text = wrap(line.text, Math.max(30, columns - indent)).join(`\n${' '.repeat(indent)}`);
  return `${head} ${isPlain ? mark : styleText(line.style, mark)}${text}`;
}

export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `+${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
