import { describe, expect, it } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import type { BatchTimes, InputSensor } from '../../src/core/observation.ts';
import {
  aJob,
  aRun,
  checkpoint,
  ended,
  hourMs,
  inState,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  seen,
} from '../support/build.ts';

interface Still {
  readonly planned?: number;
  readonly committed?: number;
  readonly times?: BatchTimes;
  readonly input?: InputSensor;
}

function still({
  planned = 121,
  committed = 120,
  times,
  input,
}: Still): NonNullable<Situation['observation']> {
  return {
    checkpoints: {
      [checkpoint]: {
        kind: 'seen',
        plannedBatch: planned,
        committedBatch: committed,
        ...(times ? { times } : {}),
      },
    },
    ...(input ? { input } : {}),
  };
}

const inFlight = (forMs: number, batchP95Ms = minuteMs): BatchTimes => ({
  plannedAtMs: nowMs - forMs,
  committedAtMs: nowMs - forMs - 1_000,
  batchP95Ms,
});

describe('a run that stands still', () => {
  it('is cancelled and started again when its batch is under way for too long', () => {
    const decision = judge({ observation: still({ times: inFlight(16 * minuteMs) }) });
    expect(decision).toMatchObject({
      kind: 'cancel',
      reason: 'stalled',
      guard: { kind: 'done' },
      verdict: {
        run: { jobRunId: 'run-1' },
        learned: { cancelled: { jobRunId: 'run-1', reason: 'stalled' } },
        notice: { event: 'incident.opened', severity: 'warning' },
      },
    });
    expect(explain(decision).join('\n')).toContain('batch 121 is under way for 16 min, the limit is 15 min');
  });

  it('is left alone before that, and while batches of this job take that long', () => {
    for (const times of [inFlight(14 * minuteMs), inFlight(16 * minuteMs, 6 * minuteMs)])
      expect(judge({ observation: still({ times }) })).toMatchObject({ reason: 'run-healthy' });
  });

  it('has its time counted from its own start: the batch may be older than the run', () => {
    const young = seen(aRun({ startedAtMs: nowMs - 5 * minuteMs }));
    const retried = seen(aRun({ attempt: 2, attemptCreatedAtMs: nowMs - 5 * minuteMs }));
    for (const run of [young, retried]) {
      const observation = { ...still({ times: inFlight(hourMs) }), run };
      expect(judge({ observation })).toMatchObject({ reason: 'run-healthy' });
    }
  });

  it('is known by its stream when it plans no batch at all', () => {
    const times = { plannedAtMs: nowMs - hourMs, committedAtMs: nowMs - hourMs };
    const quiet = (input?: InputSensor) =>
      judge({ observation: still({ planned: 120, times, ...(input ? { input } : {}) }) }).reason;
    expect(quiet({ kind: 'seen', records: 5_000 })).toBe('stalled');
    expect(quiet({ kind: 'seen', records: 0 })).toBe('run-healthy');
    expect(quiet({ kind: 'unknown', why: 'throttled: rate exceeded' })).toBe('run-healthy');
    expect(quiet()).toBe('run-healthy');
  });

  it('starts again from its checkpoint once our cancel has ended it, as one of its restarts', () => {
    const { learned } = judge({ observation: still({ times: inFlight(16 * minuteMs) }) }).verdict;
    const decision = judge({
      memory: { ...learned },
      observation: {
        ...still({ times: inFlight(17 * minuteMs) }),
        run: ended('', { state: 'CANCELLED' }),
        ownCancelOf: 'run-1',
      },
    });
    expect(decision).toMatchObject({
      kind: 'start',
      reason: 'stalled',
      verdict: { wish: { cause: 'restart', plan: { spendsBudget: true } } },
    });
  });
});

describe('a person is called', () => {
  const observation = still({ times: inFlight(16 * minuteMs) });
  const page = { kind: 'nothing', reason: 'stalled', verdict: { notice: { severity: 'critical' } } };

  it('when the restart before brought no batch', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 120, streak: 1 } } };
    expect(judge({ observation, memory })).toMatchObject(page);
  });

  it('when the policy says so, or the budget is used up', () => {
    const byPolicy = judge({ job: aJob({ stall: { afterMs: 15 * minuteMs, action: 'page' } }), observation });
    const outOfBudget = judge({ observation: { ...observation, budget: { room: false } } });
    expect([byPolicy, outOfBudget]).toMatchObject([page, page]);
    expect(outOfBudget.verdict.notice?.text).toContain('budget is used up');
  });

  it('once, however often it is looked at', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 120, streak: 1 } } };
    const { learned } = judge({ observation, memory }).verdict;
    const again = judge({ observation, memory: { ...memory, ...learned } });
    expect(again).toMatchObject({ reason: 'stalled' });
    expect(again.verdict.notice).toBeUndefined();
  });
});

it('a run that is no longer RUNNING, or is to stop, is not judged by its batches', () => {
  const times = inFlight(hourMs);
  for (const state of ['SCHEDULED', 'CANCELLING'] as const)
    expect(judge({ observation: { ...still({ times }), run: inState(state) } }).reason).not.toBe('stalled');
  expect(judge({ observation: still({ times }), memory: { desired: 'stopped' } }).reason).toBe(
    'stop-ordered',
  );
});
