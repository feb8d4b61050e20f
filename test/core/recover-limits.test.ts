import { describe, expect, it } from 'vitest';
import type { RestartPolicy } from '../../src/core/job.ts';
import {
  aJob,
  atBatch,
  checkpoint,
  ended,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  secondMs,
  texts,
} from '../support/build.ts';

function endedWith(text: string, situation: Situation = {}) {
  return judge({ ...situation, observation: { run: ended(text), ...situation.observation } });
}

/** Milliseconds from now to the start that the decision wishes for; undefined when it wishes for none. */
function delayMs(text: string, situation: Situation): number | undefined {
  const { verdict } = endedWith(text, situation);
  return verdict.kind === 'start' ? verdict.wish.notBeforeMs - nowMs : undefined;
}

/** No batch since the last start, and so many backoff steps behind us. */
function step(backoffStep: number, random: number): Situation {
  return {
    observation: { checkpoints: { [checkpoint]: atBatch(100) } },
    memory: { backoffStep },
    random,
  };
}

describe('the wait before a restart', () => {
  it.each([
    ['a plain restart goes at once the first time', texts.workerLost, 0, 0.9, 0],
    ['a plain restart that did not help waits like the others', texts.workerLost, 1, 0.5, 30 * secondMs],
    ['a restart with backoff waits from the first time on', texts.transient, 0, 0.5, 15 * secondMs],
    ['each step doubles the longest wait', texts.transient, 2, 0.5, 60 * secondMs],
    ['the longest wait ends at the maximum', texts.transient, 40, 0.5, 5 * minuteMs],
    ['chance may let it go at once', texts.transient, 40, 0, 0],
    ['a wait for capacity has none: the line of the application lets it go', texts.noCapacity, 2, 0.5, 0],
  ])('%s', (_what, text, backoffStep, random, expectedMs) => {
    expect(delayMs(text, step(backoffStep, random))).toBe(expectedMs);
  });

  it('is the one of the class, where the policy says so, and the rest of it the one of the job', () => {
    const classes = { throttled: { backoff: { initialMs: 4 * minuteMs } } } as const;
    const job = aJob({ restart: { classes } });
    const wait = (text: string) => delayMs(text, { ...step(0, 0.5), job });
    expect(wait('Please reduce your request rate')).toBe(2 * minuteMs);
    expect(wait(texts.transient)).toBe(15 * secondMs);
    expect(delayMs('Please reduce your request rate', { ...step(40, 0.5), job })).toBe(5 * minuteMs);
  });

  it('is told as loud as the policy says for the class', () => {
    const severity = (failureClass: 'worker-lost' | 'user-code-error', text: string) =>
      endedWith(text, {
        ...step(0, 0.5),
        job: aJob({ restart: { classes: { [failureClass]: { severity: 'info' } } } }),
      }).verdict.notice?.severity;
    expect(severity('worker-lost', texts.workerLost)).toBe('info');
    expect(severity('user-code-error', texts.workerLost)).toBe('warning');
    expect(severity('user-code-error', 'ZeroDivisionError: division by zero')).toBe('info');
  });

  it('starts over with progress', () => {
    const observation = { checkpoints: { [checkpoint]: atBatch(101) } };
    const memory = { backoffStep: 5 };
    expect(delayMs(texts.workerLost, { observation, memory, random: 0.9 })).toBe(0);
    expect(delayMs(texts.transient, { observation, memory, random: 0.5 })).toBe(15 * secondMs);
  });
});

describe('the restart budget', () => {
  const empty = {
    room: false,
    window: 'hour',
    freesAtMs: nowMs + 23 * minuteMs,
    usedHour: 3,
    usedDay: 5,
  } as const;
  const exhausted = (restart: Partial<RestartPolicy>, memory: Situation['memory'] = {}) =>
    endedWith(texts.transient, { job: aJob({ restart }), observation: { budget: empty }, memory });

  it('when used up makes the job wait until the moment it frees, and pages', () => {
    const decision = exhausted({ onBudgetExhausted: 'page' });
    expect(decision).toMatchObject({ kind: 'wait', reason: 'retry-budget-exhausted' });
    expect(decision.verdict.untilMs).toBe(nowMs + 23 * minuteMs);
    expect(decision.verdict.notice).toMatchObject({ event: 'incident.needs-human', severity: 'critical' });
    expect(decision.verdict.notice?.text).toContain('possible in 23 min');
  });

  it('when used up makes the job wait in silence if the policy says wait', () => {
    const decision = exhausted({ onBudgetExhausted: 'wait' });
    expect(decision).toMatchObject({ kind: 'wait', reason: 'retry-budget-exhausted' });
    expect(decision.verdict.untilMs).toBe(nowMs + 23 * minuteMs);
    expect(decision.verdict.notice).toBeUndefined();
  });

  it('is looked at every minute while an open claim hides when it frees', () => {
    const { freesAtMs: _hidden, ...budget } = empty;
    const { verdict } = endedWith(texts.transient, { observation: { budget } });
    expect(verdict.untilMs).toBe(nowMs + minuteMs);
  });

  it('is not given back by progress', () => {
    const observation = { budget: empty, checkpoints: { [checkpoint]: atBatch(5_000) } };
    expect(endedWith(texts.workerLost, { observation }).reason).toBe('retry-budget-exhausted');
  });

  it('comes after the streak: a loop is parked even if budget is left or not', () => {
    const observation = { budget: empty, checkpoints: { [checkpoint]: atBatch(100) } };
    const memory = { progress: { [checkpoint]: { committedAtStart: 100, streak: 3 } } };
    expect(endedWith(texts.transient, { observation, memory }).reason).toBe('streak-without-progress');
  });
});

describe('an unreadable checkpoint', () => {
  const checkpoints = { [checkpoint]: { kind: 'unknown', why: 's3-down' } } as const;
  const blind = (sinceLastStartMs: number | undefined) =>
    endedWith(texts.transient, {
      observation: { checkpoints },
      memory: sinceLastStartMs === undefined ? {} : { lastStartAtMs: nowMs - sinceLastStartMs },
    });

  it('allows a restart when there was none in the last hour', () => {
    expect(blind(undefined).kind).toBe('start');
    expect(blind(60 * minuteMs).kind).toBe('start');
  });

  it('makes the next one wait until the hour is over, and is read again every minute', () => {
    const decision = blind(20 * minuteMs);
    expect(decision).toMatchObject({ kind: 'wait', reason: 'progress-unknown' });
    expect(decision.verdict.untilMs).toBe(nowMs + minuteMs);
  });

  it('is never called corrupt', () => {
    expect(blind(0).verdict.judgement?.class).toBe('transient-io');
  });
});
