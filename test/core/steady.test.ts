import { describe, expect, it } from 'vitest';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { JobMemory } from '../../src/core/memory.ts';
import {
  aForeignRun,
  aJob,
  aRequest,
  atBatch,
  beside,
  checkpoint,
  hourMs,
  inState,
  judge,
  minuteMs,
  nowMs,
  type Situation,
} from '../support/build.ts';

const incident = {
  id: 'inc_0',
  openedAtMs: nowMs - hourMs,
  needsHuman: false,
  toldReason: 'job-run-failed',
  restarts: 2,
} as const;

function running(forMs: number, batch: number): NonNullable<Situation['observation']> {
  const run = inState('RUNNING', { createdAtMs: nowMs - forMs - minuteMs, startedAtMs: nowMs - forMs });
  return { run, checkpoints: { [checkpoint]: atBatch(batch) } };
}

describe('a live run', () => {
  it.each([
    ['RUNNING', 'nothing', 'run-healthy', 5 * minuteMs],
    ['SUBMITTED', 'nothing', 'run-starting', minuteMs],
    ['QUEUED', 'nothing', 'run-starting', minuteMs],
    ['SCHEDULED', 'nothing', 'run-starting', minuteMs],
    ['CANCELLING', 'wait', 'run-cancelling', 30_000],
  ] as const)('in %s is left alone and looked at again', (state, kind, reason, laterMs) => {
    const decision = judge({ observation: { run: inState(state) } });
    expect(decision).toMatchObject({ kind, reason, guard: { kind: 'done' } });
    expect(decision.verdict.untilMs).toBe(nowMs + laterMs);
    expect(decision.verdict.notice).toBeUndefined();
  });

  it('ends the park and every wish, for somebody has started it', () => {
    const parked = { reason: 'data-at-risk', atMs: nowMs - hourMs } as const;
    const { verdict } = judge({ memory: { parked } });
    expect(verdict.forget).toEqual(expect.arrayContaining(['wish', 'grant', 'parked', 'unknownSinceMs']));
  });

  it('stays what it is when the listing shows nobody else', () => {
    expect(judge({ observation: { others: beside() } }).reason).toBe('run-healthy');
    expect(judge({ observation: { others: beside(aForeignRun()) } }).reason).not.toBe('run-healthy');
  });
});

describe('an open incident', () => {
  const isClosed = (observation: Situation['observation']) => {
    const { verdict } = judge({ ...(observation ? { observation } : {}), memory: { incident } });
    const told = verdict.notice?.event === 'incident.recovered';
    expect(verdict.forget?.includes('incident') ?? false).toBe(told);
    return told;
  };

  it('closes once the run has committed a batch and lived for stableAfter', () => {
    expect(isClosed(running(20 * minuteMs, 101))).toBe(true);
  });

  it('stays open a moment before stableAfter', () => {
    expect(isClosed(running(20 * minuteMs - 1, 101))).toBe(false);
  });

  it('stays open as long as no batch was committed: uptime is no progress', () => {
    expect(isClosed(running(9 * hourMs, 100))).toBe(false);
  });

  it('stays open while the checkpoint cannot be read', () => {
    const unreadable = { [checkpoint]: { kind: 'unknown', why: 's3-down' } } as const;
    expect(isClosed({ ...running(9 * hourMs, 101), checkpoints: unreadable })).toBe(false);
  });

  it('stays open while one of two locations stands still, whichever it is', () => {
    const second = 's3://acme-checkpoints/orders-late';
    const progress = {
      [checkpoint]: { committedAtStart: 100, streak: 0 },
      [second]: { committedAtStart: 100, streak: 0 },
    };
    const noticeAt = (first: number, other: number) => {
      const checkpoints = { [checkpoint]: atBatch(first), [second]: atBatch(other) };
      const observation = { ...running(9 * hourMs, 101), checkpoints };
      return judge({ observation, memory: { incident, progress } }).verdict.notice;
    };
    expect(noticeAt(101, 100)).toBeUndefined();
    expect(noticeAt(100, 101)).toBeUndefined();
    expect(noticeAt(101, 101)?.event).toBe('incident.recovered');
  });

  it('has the job looked at when its restart has proved itself, and calmly before', () => {
    const untilMs = (forMs: number) =>
      judge({ memory: { incident }, observation: running(forMs, 101) }).verdict.untilMs;
    expect(untilMs(minuteMs)).toBe(nowMs + 5 * minuteMs);
    expect(untilMs(18 * minuteMs)).toBe(nowMs + 2 * minuteMs);
  });
});

it('a recovery with larger workers offers to keep them', () => {
  const recovered = (memory: Partial<JobMemory>) =>
    judge({ memory: { incident, ...memory }, observation: running(2 * hourMs, 130) }).verdict.notice?.text ??
    '';
  const workers = { executor: { cores: 8, memory: '44g' } };
  expect(recovered({ workers })).toContain(
    'It runs with larger workers (executor cores 8, executor memory 44g): write them into its launch to keep them.',
  );
  expect(recovered({})).not.toContain('larger workers');
});

it('a recovery with larger workers says what they are in the launch by now, and nothing of what is there already', () => {
  const recovered = (launch: ResolvedJob['launch'], workers: JobMemory['workers']) =>
    judge({
      job: aJob({ ...(launch ? { launch } : {}) }),
      memory: { incident, ...(workers ? { workers } : {}) },
      observation: running(2 * hourMs, 130),
    }).verdict.notice?.text ?? '';
  const launch = aRequest('--conf spark.executor.memory=14g --conf spark.executor.memoryOverhead=2g');
  expect(recovered(launch, { executor: { memory: '22g', overheadMb: 3_072 } })).toContain(
    '(executor memory 22g instead of 14g, executor memoryOverhead 3072m instead of 2g)',
  );
  const deployed = aRequest('--conf spark.executor.memory=54g --conf spark.executor.cores=8');
  expect(recovered(deployed, { executor: { memory: '22g' } })).not.toContain('larger workers');
});
