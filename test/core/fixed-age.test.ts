import { describe, expect, it } from 'vitest';
import { fixedAgeMs } from '../../src/core/rules/fixed-age.ts';
import { ended, hourMs, judge, minuteMs, nowMs, texts } from '../support/build.ts';

const aged = (...agesMs: number[]) => agesMs.map((ageMs, index) => ({ jobRunId: `run-${index}`, ageMs }));

describe('a death at a fixed age', () => {
  it('is told of when three runs in a row became as old as each other', () => {
    const run = ended(texts.transient, {
      jobRunId: 'run-9',
      startedAtMs: nowMs - 12 * hourMs,
      endedAtMs: nowMs - 10_000,
    });
    const memory = { ages: aged(2 * hourMs, 12 * hourMs + minuteMs, 12 * hourMs - minuteMs) };
    const decision = judge({ memory, observation: { run } });
    expect(decision.verdict.notice?.text).toContain('The last 3 runs all died after 12 h');
    expect(decision.verdict.learned?.ages?.map(({ jobRunId }) => jobRunId)).toEqual([
      'run-1',
      'run-2',
      'run-9',
    ]);
  });

  it('is none of two, of young runs, or of ages that differ', () => {
    expect(fixedAgeMs(aged(hourMs, hourMs))).toBeUndefined();
    expect(fixedAgeMs(aged(minuteMs, minuteMs, minuteMs))).toBeUndefined();
    expect(fixedAgeMs(aged(hourMs, hourMs, hourMs + 5 * minuteMs))).toBeUndefined();
    expect(fixedAgeMs(aged(hourMs, hourMs + minuteMs, hourMs))).toBeCloseTo(hourMs + 20_000);
  });

  it('counts an end once, however often it is judged', () => {
    const run = ended(texts.transient, { jobRunId: 'run-2' });
    const { learned } = judge({ memory: { ages: aged(1, 2, 3) }, observation: { run } }).verdict;
    expect(learned?.ages?.map(({ jobRunId }) => jobRunId)).toEqual(['run-0', 'run-1', 'run-2']);
  });
});
