import { describe, expect, it } from 'vitest';
import type { JobMemory } from '../../src/core/memory.ts';
import type { LossSensor } from '../../src/core/observation.ts';
import { hourMs, judge, nowMs } from '../support/build.ts';

const look = { jobRunId: 'run-1', applicationId: 'app-1', attempt: 1, atMs: nowMs };
const of = { jobRunId: 'run-1', look };
const denied: LossSensor = { kind: 'unknown', why: 'access-denied: no', isGivenUp: true, ...of };
const cut: LossSensor = { kind: 'seen', found: [], cut: 'the end of SPARK_DRIVER/stderr.gz', ...of };

function told(losses: LossSensor | undefined, memory: Partial<JobMemory> = {}) {
  const { aside, concerns } = judge({ memory, observation: losses ? { losses } : {} });
  return {
    notices: aside?.notices ?? [],
    learned: aside?.learned?.lossBlind,
    concerns: concerns.filter(({ reason }) => reason === 'losses-unknown').map(({ text }) => text),
  };
}

describe('logs that cannot be searched for lost records', () => {
  it('are told once for the job, and are a concern until a search is answered', () => {
    const first = told(denied);
    expect(first.notices).toMatchObject([
      { severity: 'warning', reason: 'losses-unknown', thread: 'losses-unknown' },
    ]);
    expect(first.notices[0]?.text).toContain('access-denied: no');
    const memory = { lossBlind: first.learned ?? {} };
    const nextRun = told({ ...denied, jobRunId: 'run-2' }, memory);
    expect(nextRun.notices).toEqual([]);
    expect(told(undefined, memory).concerns).toEqual(first.concerns);
    const answered = told({ kind: 'seen', found: [], ...of }, memory);
    expect(answered).toEqual({ notices: [], learned: {}, concerns: [] });
    expect(told(denied, { lossBlind: answered.learned ?? {} }).notices).toHaveLength(1);
  });

  it('are not told while the next try may be answered', () => {
    expect(told({ kind: 'unknown', why: 'throttled', ...of })).toEqual({ notices: [], concerns: [] });
  });

  it('to their end are told once a day, with what was not read', () => {
    const first = told(cut);
    expect(first.notices[0]?.text).toContain('the end of SPARK_DRIVER/stderr.gz was not read');
    const memory = { lossBlind: first.learned ?? {} };
    expect(told(cut, memory)).toMatchObject({ notices: [], concerns: [expect.any(String)] });
    const old = { lossBlind: { cut: { atMs: nowMs - 25 * hourMs, why: 'x' } } };
    expect(told(cut, old).notices).toHaveLength(1);
    expect(told(undefined, old).concerns).toEqual([]);
  });

  it('because runs end too fast are told with those that are left out', () => {
    const { notices } = told({ kind: 'later', skipped: ['run-3', 'run-4'], ...of });
    expect(notices[0]?.text).toContain('not those of run-3, run-4');
    expect(notices[0]).not.toHaveProperty('thread');
  });
});
