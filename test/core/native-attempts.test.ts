import { describe, expect, it } from 'vitest';
import {
  attemptsPerHourMax,
  countAttempts,
  failedInHour,
  nativeText,
} from '../../src/core/native-attempts.ts';
import { aJob, aRun, hourMs, minuteMs, nowMs } from '../support/build.ts';

describe("the service's own attempts", () => {
  it('are counted from the number of the attempt that is there, and once', () => {
    const run = aRun({ state: 'RUNNING', attempt: 3, attemptCreatedAtMs: nowMs - minuteMs });
    const once = countAttempts(undefined, run, nowMs);
    expect(failedInHour(once, nowMs)).toBe(2);
    expect(failedInHour(countAttempts(once, run, nowMs + minuteMs), nowMs + minuteMs)).toBe(2);
  });

  it('count the last one too when the run has failed, and go on over runs', () => {
    const live = countAttempts(undefined, aRun({ state: 'RUNNING', attempt: 2 }), nowMs);
    const over = countAttempts(live, aRun({ state: 'FAILED', attempt: 3, endedAtMs: nowMs }), nowMs);
    expect(failedInHour(over, nowMs)).toBe(3);
    const next = countAttempts(
      over,
      aRun({ jobRunId: '00next', state: 'RUNNING', attempt: 2 }),
      nowMs + minuteMs,
    );
    expect(failedInHour(next, nowMs + minuteMs)).toBe(4);
  });

  it('count once when two runs stand side by side and now one, now the other is looked at', () => {
    const ours = aRun({ jobRunId: '00ours', state: 'RUNNING', attempt: 3, attemptCreatedAtMs: nowMs });
    const second = aRun({ jobRunId: '00second', state: 'RUNNING', attempt: 2, attemptCreatedAtMs: nowMs });
    let seen = countAttempts(undefined, ours, nowMs);
    for (const run of [second, ours, second, ours]) seen = countAttempts(seen, run, nowMs);
    expect(failedInHour(seen, nowMs)).toBe(3);
    const ended = { ...ours, state: 'FAILED', endedAtMs: nowMs } as const;
    for (const run of [ended, second, ended]) seen = countAttempts(seen, run, nowMs);
    expect(failedInHour(seen, nowMs)).toBe(4);
  });

  it('take what an older record says of one run', () => {
    const older = { jobRunId: '00ours', failed: 2, times: [nowMs, nowMs] };
    const other = countAttempts(older, aRun({ jobRunId: '00second', state: 'RUNNING', attempt: 1 }), nowMs);
    const back = countAttempts(other, aRun({ jobRunId: '00ours', state: 'RUNNING', attempt: 3 }), nowMs);
    expect(failedInHour(back, nowMs)).toBe(2);
  });

  it('leave the count an hour later', () => {
    const run = aRun({ state: 'FAILED', attempt: 1, endedAtMs: nowMs });
    expect(failedInHour(countAttempts(undefined, run, nowMs), nowMs + hourMs - 1)).toBe(1);
    expect(failedInHour(countAttempts(undefined, run, nowMs), nowMs + hourMs)).toBe(0);
  });

  it('do not grow without end', () => {
    let seen = countAttempts(undefined, aRun({ state: 'RUNNING', attempt: 2 }), nowMs);
    for (let attempt = 3; attempt < 500; attempt += 1)
      seen = countAttempts(seen, aRun({ state: 'RUNNING', attempt }), nowMs + attempt);
    for (let index = 0; index < 50; index += 1)
      seen = countAttempts(seen, aRun({ jobRunId: `00run${index}`, state: 'FAILED' }), nowMs + 500);
    expect(seen?.times).toHaveLength(60);
    expect(seen?.earlier).toHaveLength(8);
  });

  it('are none for a run that was cancelled at its first attempt', () => {
    expect(countAttempts(undefined, aRun({ state: 'CANCELLED', attempt: 1 }), nowMs)).toBeUndefined();
  });

  it('are shown beside our own, with the worst case of an hour', () => {
    const { restart } = aJob({ restart: { nativeRetries: 3, budget: { perHour: 3, perDay: 12 } } });
    expect(attemptsPerHourMax(restart)).toBe(12);
    expect(nativeText({ failedHour: 2, perRun: 3 }, 3)).toBe(
      "EMR's own attempts: 2 failed in the last hour, at most 3 an hour in each run (12 an hour in the worst case)",
    );
  });
});
