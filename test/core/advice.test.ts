import { describe, expect, it } from 'vitest';
import type { Approval } from '../../src/core/approval.ts';
import { explain } from '../../src/core/explain.ts';
import type { ActionName, Mode } from '../../src/core/job.ts';
import { whyNot } from '../../src/core/why-not.ts';
import {
  aJob,
  aMemory,
  aWish,
  checkpoint,
  ended,
  hourMs,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  texts,
} from '../support/build.ts';

const job = aJob({ mode: 'suggest' });
const dead: Situation = { job, observation: { run: ended(texts.workerLost) } };
const question = judge(dead).approval?.now ?? expect.fail('nothing was asked');
const times = { plannedAtMs: nowMs - 20 * minuteMs, committedAtMs: nowMs - 21 * minuteMs };
const still: Situation = {
  job,
  observation: {
    checkpoints: { [checkpoint]: { kind: 'seen', committedBatch: 120, plannedBatch: 121, times } },
  },
};
const cancel = judge(still).approval?.now ?? expect.fail('nothing was asked');
const answer = (asked: Approval, state: Approval['state']): Approval => ({
  ...asked,
  state,
  by: 'ana',
  reason: 'not now',
  answeredAtMs: nowMs,
});

const adviceOf = (situation: Situation, approval: Approval) =>
  explain(judge({ ...situation, memory: { approval } })).at(-1);

describe('what would change the answer to a question', () => {
  it('is a yes to its plan while it is open, and never after that', () => {
    expect(adviceOf(dead, question)).toContain(`checkpilot approve ${question.hash} --reason`);
    for (const state of ['declined', 'expired'] as const)
      expect(adviceOf(dead, answer(question, state))).not.toContain('approve');
    expect(adviceOf(dead, answer(question, 'declined'))).toContain('asked again once the plan changes');
    expect(adviceOf(dead, answer(question, 'expired'))).toContain('it is asked again, with a new message');
  });

  it('never takes a start for a cancel', () => {
    expect(adviceOf(dead, question)).toContain('checkpilot start orders --reason "…" starts it now');
    expect(adviceOf(still, cancel)).toContain('checkpilot stop orders --reason "…" cancels it now');
  });

  it('is said by --why-not as well, which knows a yes', () => {
    const conditionOf = (approval: Approval) => {
      const memory = aMemory({ approval });
      const decision = judge({ ...dead, memory });
      return whyNot({ decision, memory, job, nowMs }, 'restart').conditions.at(-1);
    };
    expect(conditionOf(question)).toMatchObject({
      holds: false,
      change: expect.stringContaining(`checkpilot approve ${question.hash}`),
    });
    expect(conditionOf(answer(question, 'declined'))).toMatchObject({
      holds: false,
      change: expect.not.stringContaining('approve'),
    });
    expect(conditionOf(answer(question, 'approved'))).toMatchObject({ holds: true });
  });
});

describe('a question about records', () => {
  const source = {
    retention: { kind: 'seen', retentionMs: 24 * hourMs, readAtMs: nowMs, from: 'service' },
    read: { kind: 'seen', location: checkpoint, batch: 120, plannedAtMs: nowMs - 16 * hourMs, isExact: true },
    marks: {},
    input: { batch: 120, firstMs: nowMs - 16 * hourMs, readAtMs: nowMs },
  } as const;
  const inDanger = (mode: Mode, actions: Partial<Record<ActionName, Mode>> = {}): Situation => ({
    job: aJob({
      mode,
      actions,
      source: { kinesis: { stream: 'clicks' } },
      retention: { warnAt: 0.5, extendToMs: 168 * hourMs },
    }),
    observation: { run: ended(texts.badCode), source, gates: { act: 'all' } },
  });

  it('is shown by explain with its plan, whatever is said of the run', () => {
    const decision = judge(inDanger('act', { extendRetention: 'suggest' }));
    const { hash } = decision.extensionApproval?.now ?? expect.fail('nothing was asked');
    const text = explain(decision).join('\n');
    expect(text).toContain(
      `  asks       a person is asked to keep the records of clicks for 168 h instead of 24 h`,
    );
    expect(text).toContain(`checkpilot approve ${hash} --reason "…", within 30 min`);
  });
});

describe('what would change the answer of a start that waits for its turn', () => {
  it('is the end of what holds the whole fleet, and not time', () => {
    const waiting = (gates: NonNullable<Situation['observation']>['gates']) =>
      explain(
        judge({
          observation: { run: ended(texts.workerLost), gates: gates ?? {} },
          memory: { wish: aWish({ class: 'worker-lost' }) },
        }),
      ).at(-1);
    expect(waiting({})).toContain('nothing to do by hand: starts of the fleet take turns');
    expect(waiting({ killSwitch: true })).toContain('checkpilot kill off');
    expect(waiting({ fleetPaused: true })).toContain('checkpilot resume --all');
  });
});

describe('an order', () => {
  it('is explained with the person who gave it, and why', () => {
    const order = { id: 'ord_1', by: 'ana', reason: 'jar 2.4.1', override: false, expiresAtMs: nowMs + 1 };
    expect(explain(judge({ ...dead, memory: { order } }))[1]).toBe(
      '  why        A person ordered the start. (ana: "jar 2.4.1")',
    );
    const stopped = { by: 'bo', reason: 'migration', atMs: nowMs - hourMs };
    const stop = judge({ memory: { desired: 'stopped', stopped } });
    expect(explain(stop)[1]).toBe('  why        A person ordered the job to stop. (bo: "migration")');
    const memory = aMemory({ desired: 'stopped', stopped });
    const down = judge({ observation: { run: ended('', { state: 'CANCELLED' }) }, memory });
    expect(explain(down)[1]).toBe('  why        The job is meant to be stopped. (bo: "migration")');
    expect(whyNot({ decision: down, memory, job: aJob(), nowMs }, 'restart').conditions).toContainEqual(
      expect.objectContaining({
        text: 'the job is meant to be stopped: bo stopped it 60 min ago ("migration")',
      }),
    );
  });
});
