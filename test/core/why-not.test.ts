import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { type Askable, askables, whyNot, whyNotLines } from '../../src/core/why-not.ts';
import { inputs } from '../support/arbitrary.ts';
import {
  aForeignRun,
  aGrant,
  aJob,
  aMemory,
  aWish,
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

/** What is asked of the last decision of this situation, a minute later. */
function ask(action: Askable, situation: Situation) {
  const decision = judge(situation);
  const memory = aMemory({ ...situation.memory, ...decision.verdict.learned });
  const asked = { decision, memory, job: situation.job ?? aJob(), nowMs: nowMs + minuteMs };
  return { asked, answer: whyNot(asked, action) };
}

const told = (action: Askable, situation: Situation) => {
  const { asked, answer } = ask(action, situation);
  return `\n${whyNotLines(asked, answer).join('\n')}\n`;
};

describe('why not restart', () => {
  it('says that the budget is used up, with its numbers and when it frees', () => {
    const budget = {
      room: false,
      window: 'hour',
      freesAtMs: nowMs + 34 * minuteMs,
      usedHour: 3,
      usedDay: 6,
    } as const;
    expect(told('restart', { observation: { run: ended(texts.transient), budget } })).toBe(`
orders: why not restart?
  decided    wait (retry-budget-exhausted) 60 s ago: The restart budget of the job is used up.
  by         rule recover; asked before it: identity, stop, launch, seam
  needs      ✔ run run-1 has ended (FAILED)
             ✔ the job is meant to run
             ✔ the job is not parked
             ✔ class transient-io: restart-with-backoff
             ✔ batch 120 is committed
             ✔ 0 of 3 restarts in a row without a committed batch
             ✘ budget: 3 of 3 in the last hour, 6 of 12 in 24 h; frees in 33 min
             ✔ the guard lets restart through: act
  would change the answer
             · wait 33 min, or raise restart.budget
`);
  });

  it('says of a parked job since when and why, and that no time frees it', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 120, streak: 3 } } };
    const text = told('start', { observation: { run: ended(texts.workerLost) }, memory });
    expect(text).toContain('decided    park (streak-without-progress)');
    expect(text).toContain('✘ parked for 60 s (streak-without-progress, worker-lost): no time frees it');
    expect(text).toContain('✘ 3 of 3 restarts in a row without a committed batch');
    expect(text).toContain('· checkpilot start orders --override --reason "…"');
  });

  it('names the class that stops, and where the policy could say otherwise', () => {
    const { answer } = ask('restart', { observation: { run: ended(texts.badCode) } });
    expect(answer.conditions).toContainEqual({
      holds: false,
      text: 'class user-code-error: stop-and-page',
      change: 'mend the cause; or set restart.classes.user-code-error.action if restarting cures it',
    });
  });

  it('says that a live run is nothing to restart', () => {
    expect(told('restart', {})).toContain(
      '✘ run run-1 is RUNNING: a job is started only when its run has ended',
    );
  });

  it('shows backoff and grant of a wish that waits', () => {
    const memory = { wish: aWish({ notBeforeMs: nowMs + 3 * minuteMs }), backoffStep: 2 };
    expect(told('restart', { observation: { run: ended('') }, memory })).toContain(
      '✘ backoff, step 2: 2 min more',
    );
    const waiting = { wish: aWish() };
    expect(told('restart', { observation: { run: ended('') }, memory: waiting })).toMatch(
      /✔ the backoff is over\n +✘ waits for its turn in the fleet for 90 s/,
    );
    const lapsed = { wish: aWish(), grant: aGrant({ expiresAtMs: nowMs - secondMs }) };
    expect(told('restart', { observation: { run: ended('') }, memory: lapsed })).toContain(
      '(the last grant lapsed)',
    );
  });

  it('names what the guard holds back, and for how long a pause goes on', () => {
    const pause = { untilMs: nowMs + 2 * hourMs, by: 'ana', reason: 'db move' };
    const paused = told('restart', { observation: { run: ended(texts.transient) }, memory: { pause } });
    expect(paused).toContain(
      '✘ held back by the guard: the job is paused (ends in 119 min), by ana: "db move"',
    );
    const observing = {
      job: aJob({ mode: 'observe' as const }),
      observation: { run: ended(texts.transient) },
    };
    expect(told('restart', observing)).toMatch(
      /✘ held back by the guard: the mode is observe\n.*\n +· set mode: act/,
    );
  });

  it('leaves open what nothing tells', () => {
    const unknown = { kind: 'unknown', why: 'throttled' } as const;
    const { answer } = ask('restart', {
      observation: { run: unknown, checkpoints: { [checkpoint]: unknown } },
    });
    const open = answer.conditions.filter(({ holds }) => holds === 'unknown').map(({ text }) => text);
    expect(open).toEqual(['the last run could not be read: throttled', 'a checkpoint could not be read']);
  });

  it('says so when it was decided', () => {
    const text = told('restart', { observation: { run: ended(texts.transient) } });
    expect(text).toContain('orders: restart is what was decided');
    expect(text).not.toContain('would change');
  });

  it('names another run that writes to the checkpoint', () => {
    const text = told('restart', { observation: { run: ended(''), others: beside(aForeignRun()) } });
    expect(text).toContain('✘ another live run writes here: run-of-ana RUNNING');
  });
});

describe('why not park', () => {
  it('says how far the streak is, and what would park sooner', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 120, streak: 1 } } };
    const text = told('park', { observation: { run: ended(texts.transient) }, memory });
    expect(text).toContain(
      '✘ class transient-io: restart-with-backoff, and 1 of 3 restarts in a row without a committed batch',
    );
    expect(text).toContain('· restart.classes.transient-io.action: stop-and-page parks it at once');
  });

  it('says of a healthy job that nothing failed', () => {
    expect(told('park', {})).toContain('✘ run run-1 is RUNNING: a job is parked only when its run has ended');
  });
});

describe('why not cancel', () => {
  it('says how long no batch was committed, and when that is a stall', () => {
    const times = { committedAtMs: nowMs - 4 * minuteMs };
    const checkpoints = {
      [checkpoint]: { kind: 'seen', committedBatch: 120, plannedBatch: 120, times } as const,
    };
    expect(told('cancel', { observation: { checkpoints } })).toContain(
      'no batch for 4 min, a stall is 15 min',
    );
  });

  it('says that nothing came into the stream of a run that stands still', () => {
    const times = { committedAtMs: nowMs - 20 * minuteMs };
    const checkpoints = {
      [checkpoint]: { kind: 'seen', committedBatch: 120, plannedBatch: 120, times } as const,
    };
    const quiet = { checkpoints, input: { kind: 'seen', records: 0 } as const };
    expect(told('cancel', { observation: quiet })).toContain('but nothing came into the stream');
    const unknown = { checkpoints, input: { kind: 'unknown', why: 'throttled' } as const };
    expect(told('cancel', { observation: unknown })).toContain('? no order to stop');
  });

  it('has nothing to cancel when the run has ended', () => {
    expect(told('cancel', { observation: { run: ended('') } })).toContain('✘ run run-1 has ended (FAILED)');
    expect(told('cancel', { observation: { run: inState('SCHEDULED') } })).toContain(
      '✔ run run-1 is SCHEDULED',
    );
  });
});

describe('any answer', () => {
  it('names what is missing for a restart that was not decided', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const decision = decide(input);
        const memory = { ...input.memory, ...decision.verdict.learned };
        const asked = { decision, memory, job: input.job, nowMs: decision.atMs };
        const { does, conditions } = whyNot(asked, 'restart');
        const isOpen = conditions.some(({ holds }) => holds !== true);
        expect(does || isOpen).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has plain lines for every question', () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(...(Object.keys(askables) as Askable[])), (input, action) => {
        const decision = decide(input);
        const asked = { decision, memory: input.memory, job: input.job, nowMs: decision.atMs };
        const lines = whyNotLines(asked, whyNot(asked, action));
        expect(lines.length).toBeGreaterThan(4);
        expect(lines.join('\n')).not.toMatch(/undefined|NaN|\[object/);
      }),
    );
  });
});
