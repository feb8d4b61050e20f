import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import type { Clock } from '../../src/core/data-loss-clock.ts';
import { blockFault } from '../../src/local/slack-limits.ts';
import { incidentMessage, stepLine } from '../../src/slack/incident-message.ts';
import { plain, timeOfDay } from '../../src/slack/text.ts';
import { hourMs, judge, nowMs } from '../support/build.ts';
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
          block_id: `${one.id}:0`,
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '*:large_orange_circle: Recovering – orders*  ·  demo / us-east-1\na worker was lost.',
          },
        },
        {
          block_id: `${one.id}:1`,
          type: 'section',
          fields: [
            {
              type: 'mrkdwn',
              text: '*Failure*\n`worker-lost`\n<https://wiki.example.com/runbooks/worker-lost|Runbook>',
            },
          ],
        },
        {
          block_id: `${one.id}:2`,
          type: 'context',
          elements: [{ type: 'mrkdwn', text: '`orders` · `checkpilot status orders`' }],
        },
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
    [
      'shows a password',
      'jdbc: user=ana password=hunter2, retry',
      'jdbc: user=ana password=[redacted] retry',
    ],
    ['shows a token', 'login with token: abc.def-123 failed', 'login with token: [redacted] failed'],
    ['shows an access key', 'key AKIAIOSFODNN7EXAMPLE is unknown', 'key [redacted] is unknown'],
    ['shows a key', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', '[redacted]\n\n'],
    ['shows who is behind a URL', 'GET https://ana:pw@db.local/x', 'GET https://…@db.local/x'],
    [
      'shows an environment value',
      'spark.emr-serverless.driverEnv.DB_HOST=10.0.0.7 is not reachable',
      'spark.emr-serverless.driverEnv.DB_HOST=… is not reachable',
    ],
  ])('never %s because a log says so', (_what, text, safe) => {
    expect(plain(text, 500)).toBe(safe);
    const said = rendered(notice('incident.opened', { text }));
    expect(said).not.toContain(text);
  });

  it('names the shards that a person looks for, which have as many digits as an account', () => {
    expect(plain('late shardId-000000000001 of 111122223333', 500)).toBe('late shardId-000000000001 of …');
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

  it('names data at risk as such, and does not hide that a person is needed', () => {
    const risk = { reason: 'retention-running-out', text: 'orders: unread records are lost.' } as const;
    expect(incidentMessage({ notice: notice('incident.updated', risk), where }).text).toMatch(
      /^Data at risk: /,
    );
    const still = notice('incident.updated', { ...risk, stillNeedsHuman: true });
    expect(incidentMessage({ notice: still, where }).text).toMatch(/^ACTION NEEDED: /);
    const proposed = notice('retention.undo-proposed', { reason: 'retention-still-extended' });
    expect(incidentMessage({ notice: proposed, where }).text).toMatch(/^Proposal: /);
  });

  it.each<[string, Clock, string]>([
    [
      'how much is used and when data is lost, in the zone of the reader',
      {
        kind: 'running',
        level: 'warning',
        lossAtMs: nowMs + 10.8 * hourMs,
        sinceMs: nowMs - 13.2 * hourMs,
        bound: 'at-least',
        how: 'batch 7',
        retentionMs: 24 * hourMs,
        recoveryMs: 0,
      },
      'source keeps 24 h, at least 55 % used\\nloss from <!date^1795416480^{date_short_pretty} {time_secs}|2026-11-23 06:48:00 UTC>',
    ],
    [
      'what is not known',
      { kind: 'unknown', level: 'calm', why: 'denied: no <right>' },
      'unknown: denied: no &lt;right&gt;',
    ],
    ['that nothing is unread', { kind: 'idle', how: 'quiet' }, 'nothing is unread'],
  ])('says of the data-loss clock %s', (_what, clock, expected) => {
    const decision = { ...judge(), clock };
    const message = incidentMessage({ notice: notice('incident.opened'), decision, where });
    expect(JSON.stringify(message.blocks)).toContain(`*Data-loss clock*\\n${expected}`);
  });

  it('shows times in the zone of the reader, and in UTC where that is not known', () => {
    expect(timeOfDay(Date.parse('2026-11-22T14:33:05.400Z'))).toBe(
      '<!date^1795357985^{time_secs}|14:33:05 UTC>',
    );
  });
});
