import { describe, expect, it } from 'vitest';
import { decisionWrite, noticeWrite } from '../../src/control/writes.ts';
import { judge } from '../support/build.ts';

const secret = 'hunter2';
const quoting = `no login with Map(user -> ana, password -> ${secret}), says the log`;

describe('what is written', () => {
  it('as a decision has no secret in it, whoever quoted one', () => {
    const decision = judge({});
    const { observation, verdict } = decision;
    const write = decisionWrite({
      ...decision,
      observation: { ...observation, logs: { kind: 'unknown', why: quoting } },
      verdict: { ...verdict, untilMs: 7 },
    } as typeof decision);
    expect(JSON.stringify(write)).toContain('user -> ana, password -> [redacted]');
    expect(JSON.stringify(write)).not.toContain(secret);
  });

  it('as a notice has none either', () => {
    const ports = { clock: { now: () => 1 }, ids: { next: (kind: string) => `${kind}_1` } };
    const draft = { event: 'policy.broken', severity: 'critical', text: quoting } as const;
    const write = noticeWrite(ports as unknown as Parameters<typeof noticeWrite>[0], draft, {
      job: '*',
      decisionId: '',
    });
    expect(JSON.stringify(write)).toContain('user -> ana');
    expect(JSON.stringify(write)).not.toContain(secret);
  });
});
