import { describe, expect, it } from 'vitest';
import type { CheckpointSensor } from '../../src/core/observation.ts';
import { marksAtStart } from '../../src/core/progress.ts';
import {
  aJob,
  aMemory,
  anObservation,
  aRun,
  atBatch,
  checkpoint,
  ended,
  hourMs,
  inState,
  judge,
  minuteMs,
  nowMs,
  seen,
  texts,
} from '../support/build.ts';

const other = 's3://acme-checkpoints/orders-rare';
const job = aJob({ checkpoints: [checkpoint, other] });

/** A query that has committed all that it planned. */
function quiet(batch: number): CheckpointSensor {
  return { kind: 'seen', committedBatch: batch, plannedBatch: batch };
}

const marks = (first: number, second: number, streak = 0) => ({
  [checkpoint]: { committedAtStart: first, streak },
  [other]: { committedAtStart: second, streak },
});

/** Ends of one text, one after the other, each followed by a restart: what is decided at each. */
function endsOf(
  ends: readonly Readonly<Record<string, CheckpointSensor>>[],
  { livedMs = hourMs } = {},
): readonly string[] {
  let memory = aMemory({ progress: {} });
  return ends.map((checkpoints) => {
    const run = ended(texts.transient, { startedAtMs: nowMs - livedMs, endedAtMs: nowMs });
    const observation = { run, checkpoints };
    const decision = judge({ job, memory, observation });
    memory = { ...memory, progress: marksAtStart(memory, anObservation(observation), true) };
    return decision.reason;
  });
}

const isRestarted = 'job-run-failed';

describe('of two queries one has nothing to do', () => {
  it('and the other one moves: no number of deaths is a streak', () => {
    const deaths = [1, 2, 3, 4, 5].map((month) => ({
      [checkpoint]: atBatch(month * 40_000),
      [other]: quiet(7),
    }));
    expect(endsOf(deaths)).toEqual(deaths.map(() => isRestarted));
  });

  it('and neither moves: three restarts are a streak, for a run may die before it plans any batch', () => {
    const deaths = [1, 2, 3, 4].map(() => ({ [checkpoint]: quiet(100), [other]: quiet(7) }));
    expect(endsOf(deaths)).toEqual([isRestarted, isRestarted, isRestarted, 'streak-without-progress']);
  });

  it('and the other one does not commit the batch that it has in flight: three restarts are a streak', () => {
    const deaths = [1, 2, 3, 4].map(() => ({ [checkpoint]: atBatch(100), [other]: quiet(7) }));
    expect(endsOf(deaths)).toEqual([isRestarted, isRestarted, isRestarted, 'streak-without-progress']);
  });

  it('and never had any: a network that fails late is no wrong set-up, and the text names the batch of the other one', () => {
    const decision = judge({
      job,
      memory: { progress: marks(100, -1) },
      observation: {
        run: ended('java.net.UnknownHostException: kinesis.eu-west-1.amazonaws.com'),
        checkpoints: { [checkpoint]: atBatch(50_000), [other]: quiet(-1) },
      },
    });
    expect(decision).toMatchObject({ kind: 'start', verdict: { judgement: { class: 'transient-io' } } });
    expect(decision.verdict.notice?.text).toContain('Restart from batch 50000');
  });

  it('and neither ever had any: a host that was never reached is a wrong set-up', () => {
    const decision = judge({
      job,
      memory: { progress: marks(-1, -1) },
      observation: {
        run: ended('java.net.UnknownHostException: kinesis.eu-west-1.amazonaws.com'),
        checkpoints: { [checkpoint]: quiet(-1), [other]: quiet(-1) },
      },
    });
    expect(decision).toMatchObject({ kind: 'park', verdict: { judgement: { class: 'config-invalid' } } });
  });

  it('has its incident closed when the other one has committed', () => {
    const incident = {
      id: 'inc_0',
      openedAtMs: nowMs - 10 * hourMs,
      needsHuman: false,
      toldReason: 'job-run-failed',
      restarts: 1,
    } as const;
    const { verdict } = judge({
      job,
      memory: { incident, progress: marks(100, 7, 1) },
      observation: {
        run: inState('RUNNING', { startedAtMs: nowMs - 9 * hourMs }),
        checkpoints: { [checkpoint]: atBatch(50_000), [other]: quiet(7) },
      },
    });
    expect(verdict.notice).toMatchObject({ event: 'incident.recovered' });
    expect(verdict.notice?.text).toContain('at batch 50000');
  });
});

describe('of two queries one cannot commit its batch', () => {
  it('and its deaths are a streak, however the other one moves; people are told its batch', () => {
    const deaths = [1, 2, 3, 4].map((day) => ({ [checkpoint]: atBatch(day * 1_000), [other]: atBatch(7) }));
    expect(endsOf(deaths)).toEqual([isRestarted, isRestarted, isRestarted, 'streak-without-progress']);
    const parked = judge({
      job,
      memory: { progress: { ...marks(100, 7), [other]: { committedAtStart: 7, streak: 3 } } },
      observation: {
        run: ended(texts.transient),
        checkpoints: { [checkpoint]: atBatch(50_000), [other]: atBatch(7) },
      },
    });
    expect(parked.verdict.notice?.text).toContain('It stands at batch 7.');
  });

  it('counts from its first batch on, whatever deaths it sat through before', () => {
    const deaths = [
      ...[1, 2, 3].map((day) => ({ [checkpoint]: atBatch(day * 1_000), [other]: quiet(7) })),
      ...[4, 5].map((day) => ({ [checkpoint]: atBatch(day * 1_000), [other]: atBatch(7) })),
    ];
    expect(endsOf(deaths)).toEqual(deaths.map(() => isRestarted));
  });

  it('cannot be told when it cannot be read: its streak stands', () => {
    const decision = judge({
      job,
      memory: { progress: marks(100, 7, 3) },
      observation: {
        run: ended(texts.transient),
        checkpoints: { [checkpoint]: atBatch(50_000), [other]: { kind: 'unknown', why: 's3-down' } },
      },
    });
    expect(decision.reason).toBe('progress-unknown');
  });
});

describe('a run without any input', () => {
  const silent = [1, 2, 3, 4, 5].map(() => ({ [checkpoint]: quiet(100), [other]: quiet(7) }));

  it('that was RUNNING for six hours was idle, and none of a streak', () => {
    expect(endsOf(silent, { livedMs: 12 * hourMs })).toEqual(silent.map(() => isRestarted));
    expect(endsOf(silent, { livedMs: 6 * hourMs - minuteMs }).at(-1)).toBe('streak-without-progress');
  });

  it('but with a batch in flight was not idle, however old it became', () => {
    const held = silent.map(() => ({ [checkpoint]: atBatch(100), [other]: quiet(7) }));
    expect(endsOf(held, { livedMs: 12 * hourMs }).at(-1)).toBe('streak-without-progress');
  });

  it('that waited for hours and never was RUNNING is one of a streak', () => {
    const { startedAtMs: _never, ...run } = aRun({ state: 'FAILED', createdAtMs: nowMs - 12 * hourMs });
    const observation = anObservation({
      run: seen({ ...run, endedAtMs: nowMs }),
      checkpoints: silent[0] ?? {},
    });
    const memory = aMemory({ progress: marks(100, 7, 2) });
    expect(marksAtStart(memory, observation, true)[other]?.streak).toBe(3);
  });

  it('that somebody cancelled is one of a streak: its age was chosen', () => {
    const run = aRun({ state: 'CANCELLED', startedAtMs: nowMs - 12 * hourMs, endedAtMs: nowMs });
    const observation = anObservation({ run: seen(run), checkpoints: silent[0] ?? {} });
    const memory = aMemory({ progress: marks(100, 7, 2) });
    expect(marksAtStart(memory, observation, true)[other]?.streak).toBe(3);
  });

  it('counts from the start of its last attempt', () => {
    const run = aRun({
      state: 'FAILED',
      startedAtMs: nowMs - 12 * hourMs,
      attempt: 2,
      attemptCreatedAtMs: nowMs - hourMs,
      endedAtMs: nowMs,
    });
    const observation = anObservation({ run: seen(run), checkpoints: silent[0] ?? {} });
    const memory = aMemory({ progress: marks(100, 7, 2) });
    expect(marksAtStart(memory, observation, true)[other]?.streak).toBe(3);
  });
});
