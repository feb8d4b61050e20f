import { describe, expect, it } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import {
  aMemory,
  aRequest,
  aRun,
  atBatch,
  checkpoint,
  ended,
  inState,
  judge,
  seen,
  texts,
} from '../support/build.ts';

const committed = { progress: { [checkpoint]: { committedAtStart: 100, streak: 0, seen: 480 } } };

describe('a checkpoint that stands before what it had committed', () => {
  it.each([
    ['was deleted', -1],
    ['was cut by a few batches', 470],
    ['was replaced by an older copy', 12],
  ])('parks the job when it %s, even for a cause that would restart', (_what, batch) => {
    const decision = judge({
      observation: { run: ended(texts.workerLost), checkpoints: { [checkpoint]: atBatch(batch) } },
      memory: committed,
    });
    expect(decision).toMatchObject({ kind: 'park', reason: 'checkpoint-went-back' });
    expect(decision.verdict.judgement).toMatchObject({
      class: 'checkpoint-corrupt',
      action: 'stop-and-page-data-risk',
    });
    expect(decision.verdict.notice?.text).toContain('batch 480 was committed, now the newest is');
  });

  it('is checked again right before the claim', () => {
    const wish = {
      id: 'wsh_1',
      cause: 'restart' as const,
      reason: 'job-run-failed' as const,
      afterRunId: 'run-1',
      createdAtMs: 0,
      notBeforeMs: 0,
      tier: 2 as const,
      plan: { base: 'spec' as const, spendsBudget: true },
    };
    const situation = {
      observation: { run: ended(texts.workerLost), checkpoints: { [checkpoint]: atBatch(-1) } },
    };
    expect(judge({ ...situation, memory: { ...committed, wish } }).reason).toBe('checkpoint-went-back');
    // A person who orders the start has looked at it.
    expect(
      judge({ ...situation, memory: { ...committed, wish: { ...wish, cause: 'operator' } } }).reason,
    ).toBe('awaits-grant');
  });

  it('is no trouble when it stands where it stood', () => {
    const observation = { run: ended(texts.workerLost), checkpoints: { [checkpoint]: atBatch(480) } };
    expect(judge({ observation, memory: aMemory(committed) }).kind).toBe('start');
  });
});

describe('the safety lane', () => {
  it('is walked whatever the run lane says, and never makes a command', () => {
    const batch = aRun({ state: 'RUNNING', mode: 'BATCH' });
    const decision = judge({ observation: { run: seen(batch) } });
    expect(decision).toMatchObject({
      kind: 'nothing',
      reason: 'run-healthy',
      concerns: [{ rule: 'drift', reason: 'not-streaming' }],
    });
    expect(explain(decision).join('\n')).toContain('is in mode BATCH; start it with mode STREAMING');
    expect(
      judge({ observation: { run: inState('FAILED', { mode: 'BATCH' }) }, memory: { desired: 'stopped' } })
        .concerns,
    ).toHaveLength(1);
  });

  it('tells native retries that differ from the policy', () => {
    const request = { ...aRequest(), retryPolicy: { maxFailedAttemptsPerHour: 9 } };
    const run = aRun({ state: 'RUNNING', mode: 'STREAMING', request });
    expect(judge({ observation: { run: seen(run) } }).concerns.map(({ reason }) => reason)).toEqual([
      'native-retries-differ',
    ]);
  });

  it('finds nothing in a run that is as the policy says', () => {
    expect(judge({ observation: { run: inState('RUNNING') } }).concerns).toEqual([]);
  });
});
