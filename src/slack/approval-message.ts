import type { Approval, ClosedApproval } from '../core/approval.ts';
import type { ResolvedApprovals } from '../core/job.ts';
import { failureLine } from './incident-facts.ts';
import { type Block, numbered, type SlackMessage, type Subject } from './incident-message.ts';
import { code, plain, timeOfDay } from './text.ts';

export interface Question extends Subject {
  readonly approval: Approval | ClosedApproval;
  /** Whom the policy names. */
  readonly approvers?: ResolvedApprovals | undefined;
}

const textMax = 900;

/** A plan that waits for a yes, as people see it now: the question, and then what became of it. */
export function approvalMessage(question: Question): SlackMessage {
  const { notice, approval, where } = question;
  const { word, mark } = states[approval.state];
  const name = plain(notice.job, 100);
  const isOpen = approval.state === 'open';
  const title = `*${mark} ${word} – ${code(approval.action, 40)} of ${name}*  ·  ${plain(where.policy, 60)} / ${where.region}`;
  const outcome = isOpen ? [] : [plain(outcomeOf(question), textMax)];
  const context = isOpen ? [askingLine(question), commandsLine(question)] : [planLine(approval)];
  const text = `${word}: ${plain(notice.text, textMax)}`;
  const blocks: Block[] = [
    section([title, plain(wishText(question), textMax), ...outcome].join('\n')),
    ...failureFields(question),
    { type: 'context', elements: context.map((line) => ({ type: 'mrkdwn', text: line })) },
  ];
  return {
    text,
    blocks: numbered(notice, blocks),
    metadata: {
      event_type: 'checkpilot_incident',
      event_payload: { incident: notice.thread ?? notice.id, job: notice.job, state: approval.state },
    },
  };
}

const states: Readonly<Record<(Approval | ClosedApproval)['state'], { word: string; mark: string }>> = {
  open: { word: 'Approval needed', mark: ':raised_hand:' },
  approved: { word: 'Approved', mark: ':white_check_mark:' },
  used: { word: 'Approved and done', mark: ':white_check_mark:' },
  declined: { word: 'Declined', mark: ':no_entry_sign:' },
  expired: { word: 'Nobody answered', mark: ':hourglass:' },
  void: { word: 'Plan changed', mark: ':white_circle:' },
  'not-needed': { word: 'No longer needed', mark: ':white_circle:' },
};

function wishText({ approval, notice }: Question): string {
  return `Checkpilot would ${approval.text.replace(` ${notice.job} `, ' it ')}.`;
}

/** Who said what and when; after that, what became of it. */
function outcomeOf({ approval, notice }: Question): string {
  const { by, reason, answeredAtMs } = approval;
  const isAnswer =
    approval.state === 'approved' || approval.state === 'declined' || approval.state === 'used';
  if (!isAnswer || by === undefined) return notice.text;
  const said = approval.state === 'declined' ? 'Declined' : 'Approved';
  const at = answeredAtMs === undefined ? '' : ` ${clockTime(answeredAtMs)}`;
  return `${said} by ${by}${at}: ${reason ?? ''}`;
}

/** In text that is escaped Slack's own form of a time would be shown as it is. */
function clockTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}

function failureFields({ decision, notice, where }: Question): readonly Block[] {
  const failureClass = decision?.verdict.judgement?.class;
  if (!failureClass || notice.approval?.state !== 'open') return [];
  const text = `*Failure*\n${failureLine(failureClass, decision, where.runbooks)}`;
  return [{ type: 'section', fields: [{ type: 'mrkdwn', text }] }];
}

function askingLine({ approval, approvers }: Question): string {
  const { slackUsers = [], slackUserGroups = [] } = approvers ?? {};
  const named = [...slackUserGroups.map((id) => `<!subteam^${id}>`), ...slackUsers.map((id) => `<@${id}>`)];
  return [
    'mode `suggest`',
    planLine(approval),
    `expires ${timeOfDay(approval.expiresAtMs)}`,
    ...(named.length > 0 ? [`approvers ${named.join(' ')}`] : []),
  ].join(' · ');
}

function planLine({ hash }: Approval | ClosedApproval): string {
  return `plan ${code(hash, 40)}`;
}

/** By the plan that was read, and not by the job: it may ask for something else by then. */
function commandsLine({ approval: { hash }, notice: { job } }: Question): string {
  const verbs = [`approve ${hash} --reason "…"`, `decline ${hash} --reason "…"`, `explain ${job}`];
  return verbs.map((verb) => code(`checkpilot ${verb}`, 200)).join(' · ');
}

function section(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}
