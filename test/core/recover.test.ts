import { describe, expect, it } from 'vitest';
import type { ClassPolicy, RestartPolicy } from '../../src/core/job.ts';
import {
  aForeignRun,
  aJob,
  atBatch,
  beside,
  checkpoint,
  ended,
  hourMs,
  inState,
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

/** `streak` starts in a row have moved nothing since batch 100. */
function stuck(text: string, streak: number, restart: Partial<RestartPolicy> = {}) {
  return endedWith(text, {
    job: aJob({ restart }),
    observation: { checkpoints: { [checkpoint]: atBatch(100) } },
    memory: { progress: { [checkpoint]: { committedAtStart: 100, streak } }, backoffStep: streak },
  });
}

describe('what follows for each kind of failure', () => {
  it.each([
    ['a lost worker', texts.workerLost, 'start', 'job-run-failed'],
    ['a broken connection', texts.transient, 'start', 'job-run-failed'],
    ['a throttle', texts.throttled, 'start', 'job-run-failed'],
    ['too little memory', texts.outOfMemory, 'start', 'job-run-failed'],
    ['a full disk', texts.outOfDisk, 'start', 'job-run-failed'],
    ['no capacity', texts.noCapacity, 'start', 'waits-for-capacity'],
    ['an end without a word', '', 'start', 'job-run-failed'],
    ['a fault of the program', texts.badCode, 'park', 'deterministic-failure'],
    ['a missing permission', texts.noPermission, 'park', 'deterministic-failure'],
    ['lost source data', texts.dataLost, 'park', 'data-at-risk'],
  ])('%s', (_what, text, kind, reason) => {
    expect(endedWith(text)).toMatchObject({ kind, reason, guard: { kind: 'done' } });
  });

  it('a streaming run that ended by itself is an outage', () => {
    expect(judge({ observation: { run: inState('SUCCESS') } })).toMatchObject({
      kind: 'start',
      reason: 'run-succeeded',
    });
  });

  it('a run cut off at its execution time-out is started again, and not taken for a cancel', () => {
    const atLimit = { mode: 'BATCH', executionTimeoutMs: 12 * hourMs, durationMs: 12 * hourMs } as const;
    const decision = judge({ observation: { run: inState('CANCELLED', atLimit) } });
    expect(decision).toMatchObject({ kind: 'start', reason: 'execution-timeout' });
  });

  it('the policy may choose another action for a class', () => {
    const job = (policy: ClassPolicy) => aJob({ restart: { classes: { 'worker-lost': policy } } });
    expect(endedWith(texts.workerLost, { job: job({ action: 'stop-and-page' }) }).kind).toBe('park');
    expect(endedWith(texts.workerLost, { job: job({ action: 'ignore' }) })).toMatchObject({
      kind: 'nothing',
      reason: 'stopped-on-purpose',
    });
  });

  it('a class that stops by default restarts up to the streak of the job when the policy says restart', () => {
    const classes = { 'user-code-error': { action: 'restart-with-backoff' } } as const;
    expect(stuck(texts.badCode, 2, { classes }).kind).toBe('start');
    expect(stuck(texts.badCode, 3, { classes }).reason).toBe('streak-without-progress');
  });
});

describe('a cancelled run', () => {
  it('that a person cancelled is respected, announced once, and forgets the incident', () => {
    const { kind, reason, verdict } = judge({ observation: { run: inState('CANCELLED') } });
    expect({ kind, reason }).toEqual({ kind: 'nothing', reason: 'cancelled-by-person' });
    expect(verdict.learned).toMatchObject({ desired: 'stopped' });
    expect(verdict.forget).toEqual(['wish', 'grant', 'incident']);
    expect(verdict.notice?.event).toBe('run.stopped-by-person');
  });

  it('stays stopped without another word', () => {
    const decision = judge({ observation: { run: inState('CANCELLED') }, memory: { desired: 'stopped' } });
    expect(decision).toMatchObject({ kind: 'nothing', reason: 'stopped-on-purpose' });
    expect(decision.verdict.notice).toBeUndefined();
  });

  it('that streamed for twelve hours was still cancelled by a person: STREAMING has no time-out', () => {
    const run = inState('CANCELLED', { mode: 'STREAMING', durationMs: 12 * hourMs });
    expect(judge({ observation: { run } }).reason).toBe('cancelled-by-person');
  });

  it('that Checkpilot cancelled is started again', () => {
    const observation = { run: inState('CANCELLED'), ownCancelOf: 'run-1' };
    expect(judge({ observation })).toMatchObject({ kind: 'start', reason: 'cancelled-by-checkpilot' });
  });

  it('is a person’s when our own cancel was of another run', () => {
    const observation = { run: inState('CANCELLED'), ownCancelOf: 'run-0' };
    expect(judge({ observation }).reason).toBe('cancelled-by-person');
  });
});

describe('a streak', () => {
  it.each([
    ['a lost worker', texts.workerLost, 3],
    ['a broken connection', texts.transient, 3],
    ['an unknown end', '', 2],
    ['too little memory', texts.outOfMemory, 2],
  ])('of restarts that committed nothing parks the job: %s', (_what, text, limit) => {
    expect(stuck(text, limit - 1).kind).toBe('start');
    const parked = stuck(text, limit);
    expect(parked).toMatchObject({ kind: 'park', reason: 'streak-without-progress' });
    expect(parked.verdict.learned?.parked).toMatchObject({ jobRunId: 'run-1', atMs: nowMs });
    expect(parked.verdict.notice).toMatchObject({ event: 'incident.needs-human', severity: 'critical' });
    expect(parked.verdict.notice?.text).toContain('batch 100');
  });

  it('has the limit that the policy gives the class, before that of the job', () => {
    const restart = { classes: { 'transient-io': { streak: 5 } } };
    expect(stuck(texts.transient, 4, restart).kind).toBe('start');
    expect(stuck(texts.transient, 5, restart).kind).toBe('park');
  });

  it('ends with one newly committed batch', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 100, streak: 9 } } };
    const observation = { checkpoints: { [checkpoint]: atBatch(101) } };
    expect(endedWith(texts.transient, { memory, observation }).kind).toBe('start');
  });

  it('never parks a job that waits for capacity', () => {
    expect(stuck(texts.noCapacity, 99)).toMatchObject({ kind: 'start', reason: 'waits-for-capacity' });
  });

  it('counts the worst of several locations', () => {
    const second = 's3://acme-checkpoints/orders-late';
    const observation = { checkpoints: { [checkpoint]: atBatch(900), [second]: atBatch(7) } };
    const marks = (streak: number) => ({
      progress: {
        [checkpoint]: { committedAtStart: 100, streak: 0 },
        [second]: { committedAtStart: 7, streak },
      },
    });
    expect(endedWith(texts.transient, { observation, memory: marks(2) }).kind).toBe('start');
    expect(endedWith(texts.transient, { observation, memory: marks(3) }).kind).toBe('park');
  });

  it('at its limit is neither a loop nor a reason to start while a location cannot be read', () => {
    const observation = { checkpoints: { [checkpoint]: { kind: 'unknown', why: 's3-down' } as const } };
    const memory = { progress: { [checkpoint]: { committedAtStart: 100, streak: 3 } } };
    expect(endedWith(texts.transient, { observation, memory })).toMatchObject({
      kind: 'wait',
      reason: 'progress-unknown',
    });
  });
});

describe('a parked job', () => {
  const parked = { reason: 'data-at-risk', jobRunId: 'run-1', atMs: nowMs - hourMs } as const;

  it('stays parked however often it is looked at, and is silent', () => {
    const decision = endedWith(texts.transient, { memory: { parked } });
    expect(decision).toMatchObject({ kind: 'nothing', reason: 'parked' });
    expect(decision.verdict.notice).toBeUndefined();
  });

  it('is judged afresh when another run of it has ended', () => {
    const observation = { run: ended(texts.transient, { jobRunId: 'run-2' }) };
    expect(judge({ observation, memory: { parked } })).toMatchObject({ kind: 'start' });
  });

  it('is unparked by the run that a person starts', () => {
    const observation = { others: beside(aForeignRun({ createdAtMs: nowMs - minuteMs })) };
    const { verdict } = endedWith(texts.badCode, { observation, memory: { parked } });
    expect(verdict).toMatchObject({ reason: 'run-adopted', forget: ['wish', 'grant', 'parked'] });
  });

  it('is told once, and again when the cause is another one', () => {
    const first = endedWith(texts.badCode);
    const memory = { incident: first.verdict.learned?.incident ?? expect.fail('no incident was opened') };
    expect(endedWith(texts.badCode, { memory }).verdict.notice).toBeUndefined();
    expect(endedWith(texts.noPermission, { memory }).verdict.notice?.event).toBe('incident.needs-human');
  });

  it('keeps the id of the incident that was open', () => {
    const openedAtMs = nowMs - 30 * secondMs;
    const incident = {
      id: 'inc_0',
      openedAtMs,
      needsHuman: false,
      toldReason: 'job-run-failed',
      restarts: 1,
    } as const;
    expect(endedWith(texts.badCode, { memory: { incident } }).verdict.learned?.incident).toMatchObject({
      id: 'inc_0',
      openedAtMs,
      restarts: 1,
      needsHuman: true,
    });
  });
});
