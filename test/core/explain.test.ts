import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/data-loss-clock.ts';
import { explain, guardChecks } from '../../src/core/explain.ts';
import { forMs } from '../../src/core/explain-seen.ts';
import { withholdings } from '../../src/core/reason.ts';
import {
  aForeignRun,
  aGrant,
  aJob,
  aWish,
  beside,
  checkpoint,
  ended,
  hourMs,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  secondMs,
  texts,
} from '../support/build.ts';

const told = (situation: Situation) => `\n${explain(judge(situation)).join('\n')}\n`;

describe('a decision explained', () => {
  it('says why a job that ran out of memory is not restarted, and from when it may be', () => {
    const budget = {
      room: false,
      window: 'hour',
      freesAtMs: nowMs + 33 * minuteMs,
      usedHour: 3,
      usedDay: 6,
    } as const;
    const details = `Job failed after 3 attempts in the hour.\n${texts.outOfMemory}`;
    expect(told({ observation: { run: ended(details, { attempt: 3 }), budget } })).toBe(`
orders: wait (retry-budget-exhausted)
  why        The restart budget of the job is used up.
  saw        run run-1 FAILED, ended 10 s ago, lived 2 h, attempt 3 of the service
             "Job failed after 3 attempts in the hour. ExecutorLostFailure (executor 3 exited) Container killed on request. Exit code is 137"
             other live runs: not looked for, nothing depended on them
             ${checkpoint}: batch 120 committed, 121 planned
  class      memory-exhausted (executor) → restart-with-more-memory   by memory-exit-code
             evidence: "${texts.outOfMemory}"
  rules      identity, stop, launch, seam: do not apply · recover: retry-budget-exhausted
  guard      not asked: nothing would be sent
  budget     ✘ 3 used in the last hour, 6 in the last day: the hour is full, frees in 33 min
  follows    looks again in 33 min, or when an event wakes it
  would change the answer
             · wait 33 min
             · raise restart.budget in the policy
             · checkpilot start orders --reason "…"; or start a run yourself, it is taken over
`);
  });

  it('says what it would have started while it only observes', () => {
    expect(told({ job: aJob({ mode: 'observe' }), observation: { run: ended(texts.transient) } })).toBe(`
orders: start wanted (job-run-failed), withheld because the mode is observe
  why        The run failed with a cause that a restart from the checkpoint can cure.
  saw        run run-1 FAILED, ended 10 s ago, lived 2 h
             "${texts.transient}"
             other live runs: not looked for, nothing depended on them
             ${checkpoint}: batch 120 committed, 121 planned
  class      transient-io → restart-with-backoff   by connection-broken
  rules      identity, stop, launch, seam: do not apply · recover: job-run-failed
  guard      ✔ kill switch off   ✔ record of this release   ✔ clock agrees   ✔ fleet not paused
             ✔ job not paused   ✔ action not paused
             ✘ the mode is observe
  budget     ✔ 0 used in the last hour, 0 in the last day: room for one more
  follows    the wish is recorded, nothing is sent
  would change the answer
             · set mode: act (or actions.restart: act) in the policy
`);
  });

  it('says what is started, and with what change, when the turn of the job has come', () => {
    const change = 'with executor memory 14g → 22341m';
    const plan = { base: { generation: 4 }, change, spendsBudget: true } as const;
    const memory = { wish: aWish({ class: 'memory-exhausted', plan }), grant: aGrant() };
    expect(told({ observation: { run: ended(''), others: beside() }, memory })).toBe(`
orders: start now (job-run-failed)
  why        The run failed with a cause that a restart from the checkpoint can cure.
  saw        run run-1 FAILED, ended 10 s ago, lived 2 h
             no other live run of this job
             ${checkpoint}: batch 120 committed, 121 planned
  class      memory-exhausted, judged when the start was wished for
  rules      identity, stop, launch, seam: do not apply · recover: job-run-failed
  guard      ✔ kill switch off   ✔ record of this release   ✔ clock agrees   ✔ fleet not paused
             ✔ job not paused   ✔ action not paused   ✔ mode above observe   ✔ rights to act deployed
             ✔ no deny window   ✔ inside allow windows   ✔ mode act
  budget     ✔ 0 used in the last hour, 0 in the last day: room for one more
  follows    a start with the request of generation 4, with executor memory 14g → 22341m: the checkpoint is claimed, then StartJobRun is sent
`);
  });

  it('names both writers when a person’s run writes beside ours', () => {
    expect(told({ observation: { others: beside(aForeignRun()) } })).toBe(`
orders: wait (foreign-run-beside-ours)
  why        Two live runs write to one checkpoint, and ours is the older: neither is touched.
  saw        run run-1 RUNNING, started 119 min ago
             other live runs: run-of-ana RUNNING by arn:aws:iam::111122223333:user/ana, started 5 min ago
             ${checkpoint}: batch 120 committed, 121 planned
  rules      identity: foreign-run-beside-ours
  guard      not asked: nothing would be sent
  budget     ✔ 0 used in the last hour, 0 in the last day: room for one more
  follows    looks again in 60 s, or when an event wakes it
  would change the answer
             · cancel the run that should not write to this checkpoint
`);
  });

  it('tells a person what a parked job needs', () => {
    const lines = explain(judge({ observation: { run: ended(texts.dataLost) } }));
    expect(lines[0]).toBe('orders: parked, needs a person (data-at-risk)');
    expect(lines.slice(-4)).toEqual([
      '  follows    no start until a person starts the job again; the checkpoint is left as it is',
      '  would change the answer',
      '             · look at the checkpoint and the source before anything is started',
      '             · checkpilot start orders --override --reason "…"; or start a run yourself, it is taken over',
    ]);
  });
});

describe('a decision that later passes came to again', () => {
  const parked = {
    reason: 'deterministic-failure',
    class: 'user-code-error',
    atMs: nowMs - 30 * minuteMs,
    jobRunId: 'run-1',
  } as const;
  const parkedJob = () => judge({ observation: { run: ended(texts.transient) }, memory: { parked } });

  it('says since when and why the job is parked, and that it waits for a person', () => {
    const lines = explain(parkedJob(), { atMs: nowMs + 2 * hourMs, parked });
    expect(lines.slice(0, 3)).toEqual([
      'orders: waits for a person (parked)',
      '  why        The job is parked until a person or a new version changes something.',
      '             parked since 2026-11-22 19:30:00 UTC, 2 h 30 min ago (deterministic-failure, user-code-error): The same input and code would fail the same way.',
    ]);
  });

  it('tells the time that is left, and when it is looked at again, as the last of them had it', () => {
    const decision = judge();
    const atMs = nowMs + 2 * hourMs;
    const clock: Clock = {
      kind: 'running',
      sinceMs: nowMs,
      lossAtMs: nowMs + 24 * hourMs,
      retentionMs: 24 * hourMs,
      recoveryMs: 0,
      bound: 'about',
      how: 'it says so',
      level: 'calm',
    };
    const lines = explain({ ...decision, clock }, { atMs, clock, untilMs: atMs + 5 * minuteMs });
    expect(lines.find((line) => line.includes('clock  '))).toMatch(/about 2 h old .* in 22 h$/);
    expect(lines).toContain('  follows    looks again in 5 min, or when an event wakes it');
  });

  it('is told as it was when nothing came after it', () => {
    expect(explain(parkedJob())[1]).toMatch(/^ {2}why/);
    expect(explain(parkedJob())[2]).toMatch(/^ {2}saw/);
  });
});

describe('single lines', () => {
  const lineOf = (label: string, situation: Situation) =>
    explain(judge(situation)).find((line) => line.trim().startsWith(label));

  it('name the sensor that did not answer, and why', () => {
    const unknown = { kind: 'unknown', why: 'throttled: Rate exceeded' } as const;
    const lines = told({ observation: { run: unknown, checkpoints: { [checkpoint]: unknown } } });
    expect(lines).toContain('the last run could not be read: throttled: Rate exceeded');
    expect(lines).toContain(`${checkpoint}: could not be read: throttled: Rate exceeded`);
  });

  it('say which run is taken over', () => {
    const observation = { run: { kind: 'none' }, others: beside(aForeignRun()) } as const;
    expect(lineOf('orders', { observation })).toBe('orders: take over (run-adopted)');
    expect(lineOf('follows', { observation })).toContain('run run-of-ana is ours to watch from now on');
  });

  it('say how long the backoff lasts', () => {
    expect(lineOf('follows', { observation: { run: ended(texts.transient) }, random: 0.9 })).toBe(
      '  follows    a start with the request of generation 1, in 27 s, when its turn in the fleet comes',
    );
  });

  it('say that a cancel was our own', () => {
    const observation = { run: ended('', { state: 'CANCELLED' as const }), ownCancelOf: 'run-1' };
    expect(told({ observation })).toContain('Checkpilot itself asked for the cancel of this run');
  });

  it('name every check of the guard, in its order', () => {
    expect(guardChecks.map((check) => check.why).sort()).toEqual(Object.keys(withholdings).sort());
    const allHold = {
      job: aJob({ mode: 'suggest' }),
      observation: { run: ended(texts.workerLost), gates: { killSwitch: true, fleetPaused: true } },
    } as const;
    expect(lineOf('guard', allHold)).toBe('  guard      ✘ the kill switch is on');
  });
});

describe('a duration for people', () => {
  it.each([
    [1, '1 s'],
    [99 * secondMs, '99 s'],
    [100 * secondMs, '2 min'],
    [119 * minuteMs, '119 min'],
    [2 * hourMs, '2 h'],
    [5 * hourMs + 20 * minuteMs, '5 h 20 min'],
    [48 * hourMs, '2 d'],
    [76 * hourMs, '3 d 4 h'],
  ])('of %i ms is %s', (durationMs, text) => {
    expect(forMs(durationMs)).toBe(text);
  });
});
