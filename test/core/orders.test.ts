import { describe, expect, it } from 'vitest';
import { adviceOn } from '../../src/core/explain-advice.ts';
import { aJob, ended, inState, judge, minuteMs, nowMs, texts } from '../support/build.ts';

const order = {
  id: 'ord_1',
  by: 'ana',
  reason: 'jar fixed',
  override: false,
  expiresAtMs: nowMs + 30 * minuteMs,
};
const parked = { reason: 'deterministic-failure' as const, atMs: nowMs - minuteMs, jobRunId: 'run-1' };

describe('an order to start', () => {
  it('starts a job that ended with a deterministic error, without charge and without backoff', () => {
    const { verdict } = judge({ observation: { run: ended(texts.badCode) }, memory: { order } });
    expect(verdict).toMatchObject({
      kind: 'start',
      reason: 'ordered-by-person',
      forget: ['order', 'parked'],
      wish: { cause: 'operator', afterRunId: 'run-1', notBeforeMs: nowMs, plan: { spendsBudget: false } },
    });
  });

  it('does not move a parked job unless the person said so', () => {
    const situation = { observation: { run: ended(texts.badCode) }, memory: { order, parked } };
    expect(judge(situation).reason).toBe('parked');
    expect(judge({ ...situation, memory: { parked, order: { ...order, override: true } } }).reason).toBe(
      'ordered-by-person',
    );
  });

  it('is not obeyed once it has expired', () => {
    const expired = { ...order, expiresAtMs: nowMs };
    expect(judge({ observation: { run: ended(texts.badCode) }, memory: { order: expired } }).kind).toBe(
      'park',
    );
  });

  it('is forgotten when the run is live already', () => {
    const decision = judge({ observation: { run: inState('RUNNING') }, memory: { order } });
    expect(decision.reason).toBe('run-healthy');
    expect(decision.verdict.forget).toContain('order');
  });
});

describe('a stop by a person', () => {
  it('cancels the live run, and starts nothing once it has ended', () => {
    const stopped = { desired: 'stopped' as const };
    expect(judge({ observation: { run: inState('RUNNING') }, memory: stopped })).toMatchObject({
      kind: 'cancel',
      reason: 'stop-ordered',
    });
    expect(judge({ observation: { run: inState('CANCELLING') }, memory: stopped }).kind).toBe('wait');
    expect(judge({ observation: { run: inState('CANCELLED') }, memory: stopped }).reason).toBe(
      'stopped-on-purpose',
    );
  });

  it('is held back by the kill switch like every command', () => {
    const decision = judge({
      observation: { run: inState('RUNNING'), gates: { killSwitch: true } },
      memory: { desired: 'stopped' },
    });
    expect(decision.guard).toEqual({ kind: 'withheld', why: 'kill-switch' });
  });
});

describe('mode suggest', () => {
  const job = aJob({ mode: 'suggest' });

  it('takes the order of a person for the approval, of starts and of stops', () => {
    expect(judge({ job, observation: { run: ended(texts.badCode) }, memory: { order } }).guard).toEqual({
      kind: 'done',
    });
    expect(
      judge({ job, observation: { run: inState('RUNNING') }, memory: { desired: 'stopped' } }).guard,
    ).toEqual({ kind: 'done' });
  });

  it('only proposes what nobody ordered', () => {
    expect(judge({ job, observation: { run: ended(texts.workerLost) } }).guard).toEqual({
      kind: 'suggested',
      why: 'awaits-approval',
    });
  });
});

describe('advice', () => {
  it('is there for every reason that parks a job, with the command to type', () => {
    const parks = [
      'deterministic-failure',
      'data-at-risk',
      'checkpoint-went-back',
      'streak-without-progress',
      'size-steps-used-up',
      'start-refused',
    ] as const;
    for (const reason of parks) {
      const decision = judge({ observation: { run: ended(texts.badCode) } });
      const lines = adviceOn({ ...decision, kind: 'park', reason });
      expect(lines.join('\n'), reason).toContain('checkpilot start orders --override');
    }
  });
});
