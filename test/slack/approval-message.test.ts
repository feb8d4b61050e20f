import { describe, expect, it } from 'vitest';
import type { Approval, ClosedApproval } from '../../src/core/approval.ts';
import { blockFault } from '../../src/local/slack-limits.ts';
import { approvalMessage } from '../../src/slack/approval-message.ts';
import { ended, judge, nowMs, texts } from '../support/build.ts';
import { atMs, notice, workspace } from './support.ts';

const asked: Approval = {
  hash: '0b41f0b41f0',
  action: 'restart',
  text: 'start orders with the request of generation 4, with executor memory 14g → 21.8g',
  state: 'open',
  decisionId: 'dec_7',
  askedAtMs: atMs,
  expiresAtMs: atMs + 30 * 60_000,
};
const approved: Approval = {
  ...asked,
  state: 'approved',
  by: 'ana',
  reason: 'looks <right>',
  answeredAtMs: atMs + 60_000,
};
const where = { policy: 'demo', region: 'us-east-1' };
const approvers = { expireAfterMs: 1, slackUsers: ['U0ONCALL'], slackUserGroups: ['S0PLATFORM'] };

function about(approval: Approval | ClosedApproval, text = 'orders: something happened.') {
  const event = approval.state === 'open' ? 'approval.requested' : 'approval.closed';
  const { incidentId: _, ...told } = notice(event, { text, approval, thread: 'approval-dec_7' });
  return told;
}

const messageOf = (approval: Approval | ClosedApproval, text?: string) =>
  approvalMessage({ notice: about(approval, text), approval, approvers, where });

describe('a question in Slack', () => {
  it('says what would be done, the plan, until when, who is asked, and the commands that answer', () => {
    const { text, blocks } = messageOf(asked, 'orders: it failed. Checkpilot would start orders.');
    expect(text).toBe('Approval needed: orders: it failed. Checkpilot would start orders.');
    expect(blocks).toEqual([
      {
        block_id: expect.stringMatching(/:0$/),
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: '*:raised_hand: Approval needed – `restart` of orders*  ·  demo / us-east-1\nCheckpilot would start it with the request of generation 4, with executor memory 14g → 21.8g.',
        },
      },
      {
        block_id: expect.stringMatching(/:1$/),
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text: expect.stringMatching(
              /^mode `suggest` · plan `0b41f0b41f0` · expires <!date\^\d+\^\{time_secs\}\|15:03:00 UTC> · approvers <!subteam\^S0PLATFORM> <@U0ONCALL>$/,
            ),
          },
          {
            type: 'mrkdwn',
            text: '`checkpilot approve 0b41f0b41f0 --reason "…"` · `checkpilot decline 0b41f0b41f0 --reason "…"` · `checkpilot explain orders`',
          },
        ],
      },
    ]);
  });

  it('shows the failure that it answers', () => {
    const decision = judge({ observation: { run: ended(texts.outOfMemory), nowMs } });
    const { blocks } = approvalMessage({ notice: about(asked), approval: asked, decision, where });
    expect(JSON.stringify(blocks)).toContain('*Failure*\\n`memory-exhausted`');
  });

  it.each([
    [approved, 'Approved', 'Approved by ana 14:34 UTC: looks &lt;right&gt;'],
    [{ ...approved, state: 'declined' }, 'Declined', 'Declined by ana 14:34 UTC: looks'],
    [{ ...approved, state: 'used', closedAtMs: atMs, why: 'x' }, 'Approved and done', 'Approved by ana'],
    [{ ...asked, state: 'expired' }, 'Nobody answered', 'something happened'],
    [{ ...asked, state: 'void', closedAtMs: atMs, why: 'x' }, 'Plan changed', 'something happened'],
    [{ ...asked, state: 'not-needed', closedAtMs: atMs, why: 'x' }, 'No longer needed', 'something happened'],
  ] as const)('is changed to its outcome: %#', (approval, word, outcome) => {
    const { text, blocks } = messageOf(approval);
    expect(text).toMatch(new RegExp(`^${word}: `));
    const shown = JSON.stringify(blocks);
    expect(shown).toContain(outcome);
    // Nobody may take an old message for an open question.
    expect(shown).not.toContain('checkpilot approve');
  });

  it('keeps inside the limits of blocks whatever the texts are', () => {
    for (const approval of [asked, approved]) {
      const long = { ...approval, text: `start orders ${'x'.repeat(5_000)}`, reason: 'y'.repeat(5_000) };
      const { blocks } = messageOf(long, 'z'.repeat(5_000));
      expect(blockFault(blocks)).toBeUndefined();
    }
  });

  it('is one post, edited in place, apart from the message of the incident', async () => {
    const { receiver, roots, replies } = await workspace();
    await receiver.tell({ notices: [notice('incident.opened')] });
    await receiver.tell({ notices: [about(asked)] });
    await receiver.tell({ notices: [about(approved)] });
    expect(roots()).toHaveLength(2);
    expect(roots()[1]?.text).toMatch(/^Approved: /);
    expect(replies()).toHaveLength(1);
  });
});
