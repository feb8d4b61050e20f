import { describe, expect, it } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import type { FailedAttempt, LogsSensor } from '../../src/core/observation.ts';
import {
  aJob,
  aRun,
  atBatch,
  checkpoint,
  ended,
  inState,
  judge,
  minuteMs,
  nowMs,
  seen,
  texts,
} from '../support/build.ts';

const none: LogsSensor = { kind: 'none', why: 'the run writes its logs to no S3 location' };

function attempt(number: number, stateDetails: string, changes: Partial<FailedAttempt> = {}) {
  const failedAttempt: FailedAttempt = {
    number,
    stateDetails,
    endedAtMs: nowMs - minuteMs,
    logs: none,
    ...changes,
  };
  return {
    run: seen(aRun({ attempt: number + 1, attemptCreatedAtMs: nowMs - minuteMs })),
    checkpoints: { [checkpoint]: atBatch(120) },
    failedAttempt,
  };
}

describe('a run that the service tries again', () => {
  it('is cancelled when no retry can cure what its attempt died of, and parked once it is gone', () => {
    const decision = judge({ observation: attempt(1, texts.badCode) });
    expect(decision).toMatchObject({
      kind: 'cancel',
      reason: 'futile',
      verdict: { judgement: { class: 'user-code-error' }, run: { jobRunId: 'run-1' } },
    });
    expect(explain(decision).join('\n')).toContain('attempt 1 failed 60 s ago');
    const gone = judge({
      memory: { ...decision.verdict.learned },
      observation: { run: ended('', { state: 'CANCELLED' }), ownCancelOf: 'run-1' },
    });
    expect(gone).toMatchObject({
      kind: 'park',
      reason: 'deterministic-failure',
      verdict: { judgement: { class: 'user-code-error' }, notice: { event: 'incident.needs-human' } },
    });
  });

  it('is cancelled at once when data are at risk', () => {
    const decision = judge({ observation: attempt(1, texts.dataLost) });
    expect(decision).toMatchObject({
      kind: 'cancel',
      verdict: { learned: { cancelled: { reason: 'data-at-risk' } } },
    });
  });

  it('goes on when the failure may pass, and the attempt is on record', () => {
    const decision = judge({ observation: attempt(1, texts.transient) });
    expect(decision).toMatchObject({
      kind: 'nothing',
      reason: 'attempt-failed',
      verdict: { judgement: { class: 'transient-io' }, learned: { lastFailure: { count: 1 } } },
    });
  });

  it('is cancelled when the same unknown error kills two attempts at one batch', () => {
    const oddity = 'com.example.Oddness: the gyre did gimble';
    const first = judge({ observation: attempt(1, oddity) });
    expect(first).toMatchObject({ reason: 'attempt-failed' });
    const second = judge({ memory: { ...first.verdict.learned }, observation: attempt(2, oddity) });
    expect(second).toMatchObject({ kind: 'cancel', reason: 'futile' });
    expect(second.verdict.learned?.cancelled?.reason).toBe('unexplained-error');
    const job = aJob({ restart: { classes: { unknown: { action: 'stop-and-page' } } } });
    expect(judge({ job, observation: attempt(1, oddity) })).toMatchObject({ kind: 'cancel' });
  });

  it('goes on when the attempt after it commits, unless data are at risk', () => {
    const further = (text: string) => {
      const committedAtMs = nowMs - 1_000;
      const sensor = {
        kind: 'seen',
        committedBatch: 121,
        plannedBatch: 121,
        times: { committedAtMs },
      } as const;
      const checkpoints = { [checkpoint]: sensor };
      return judge({ observation: { ...attempt(1, text), checkpoints } });
    };
    expect(further(texts.badCode)).toMatchObject({
      kind: 'nothing',
      reason: 'attempt-failed',
      verdict: { learned: { lastFailure: { count: 1 } } },
    });
    expect(further(texts.dataLost)).toMatchObject({ kind: 'cancel' });
  });

  it('is given time for its log when nothing else tells', () => {
    const coming = { logs: { kind: 'none', why: 'no driver log has arrived yet', mayCome: true } } as const;
    expect(judge({ observation: attempt(1, 'ExitCode: 1.', coming) })).toMatchObject({
      kind: 'wait',
      reason: 'awaits-evidence',
    });
  });

  it('has the action that the policy gives to the class', () => {
    const job = aJob({ restart: { classes: { 'user-code-error': { action: 'restart' } } } });
    expect(judge({ job, observation: attempt(1, texts.badCode) })).toMatchObject({
      reason: 'attempt-failed',
    });
  });

  it('is left to end when it is being cancelled already', () => {
    const observation = { ...attempt(1, texts.badCode), run: inState('CANCELLING', { attempt: 2 }) };
    expect(judge({ observation })).toMatchObject({ reason: 'run-cancelling' });
  });
});
