import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import { blockFault } from '../../src/local/slack-limits.ts';
import { incidentMessage, stepLine } from '../../src/slack/incident-message.ts';
import { plain, timeOfDay } from '../../src/slack/text.ts';
import { notice } from './support.ts';

const where = { policy: 'demo', region: 'us-east-1', runbooks: 'https://wiki.example.com/runbooks' };
const rendered = (one: Notice) => JSON.stringify(incidentMessage({ notice: one, where }));

describe('a message', () => {
  it('says the state as a word, the job and the place, and links the runbook of its class', () => {
    const one = notice('incident.opened', { class: 'worker-lost', text: 'orders: a worker was lost.' });
    expect(incidentMessage({ notice: one, where })).toEqual({
      text: 'Recovering: orders: a worker was lost.',
      blocks: [
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '*:large_orange_circle: Recovering – orders*  ·  demo / us-east-1\na worker was lost.',
          },
        },
        {
          type: 'section',
          fields: [
            {
              type: 'mrkdwn',
              text: '*Failure*\n`worker-lost`\n<https://wiki.example.com/runbooks/worker-lost|Runbook>',
            },
          ],
        },
        { type: 'context', elements: [{ type: 'mrkdwn', text: '`orders` · `checkpilot status orders`' }] },
      ],
      metadata: {
        event_type: 'checkpilot_incident',
        event_payload: { incident: 'inc_1', job: 'orders', state: 'incident.opened' },
      },
    });
  });

  it.each([
    ['pings a channel', '<!channel> look', '&lt;!channel&gt; look'],
    ['draws a link', '<https://evil.example|orders>', '&lt;https://evil.example|orders&gt;'],
    ['hides what follows', 'fine\u202e\u0000done', 'fine  done'],
    ['names an account', 'role of 111122223333', 'role of …'],
    ['names an ARN', 'arn:aws:iam::111122223333:role/x is denied', 'arn:… is denied'],
    ['names a bucket', 'reading s3://acme-secret/a/b failed', 'reading s3://… failed'],
  ])('never %s because a log says so', (_what, text, safe) => {
    expect(plain(text, 500)).toBe(safe);
    const said = rendered(notice('incident.opened', { text }));
    expect(said).not.toContain(text);
  });

  it('fits into what Slack takes, whatever a notice says', () => {
    const events: Notice['event'][] = [
      'incident.opened',
      'incident.needs-human',
      'policy.broken',
      'run.adopted',
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 5_000 }),
          fc.string({
            unit: fc.constantFrom('&', '<', '>', '`', '*', '\n', 'é', '🙂'),
            minLength: 3_000,
            maxLength: 6_000,
          }),
        ),
        fc.string({ minLength: 1, maxLength: 256 }),
        fc.constantFrom(...events),
        (text, job, event) => {
          const one = notice(event, { text: `${job}: ${text}`, job });
          const message = incidentMessage({ notice: one, where, call: 'https://example.slack.com/p1' });
          expect(blockFault(message.blocks as unknown as Record<string, unknown>[])).toBeUndefined();
          expect(message.text.length).toBeLessThan(4_000);
          expect(message.text).not.toMatch(/<[!@#]/);
          expect(stepLine(one)).not.toMatch(/<!(?!date)|<[@#]/);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('shows times in the zone of the reader, and in UTC where that is not known', () => {
    expect(timeOfDay(Date.parse('2026-11-22T14:33:05.400Z'))).toBe(
      '<!date^1795357985^{time_secs}|14:33:05 UTC>',
    );
  });
});
