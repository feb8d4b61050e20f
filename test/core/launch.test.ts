import { describe, expect, it } from 'vitest';
import {
  aGrant,
  aJob,
  aWish,
  beside,
  ended,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  texts,
} from '../support/build.ts';

const never: NonNullable<Situation['observation']> = { run: { kind: 'none' }, others: beside() };

describe('a job that never ran', () => {
  it('is wished for at once, from the request of the policy, without spending the budget', () => {
    const decision = judge({ observation: never, memory: { generation: 0 } });
    expect(decision).toMatchObject({ kind: 'start', reason: 'never-started', guard: { kind: 'done' } });
    expect(decision.verdict).toMatchObject({
      wish: { cause: 'launch', notBeforeMs: nowMs, plan: { base: 'spec', spendsBudget: false } },
    });
  });

  it('stays away when the job is meant to be stopped', () => {
    expect(judge({ observation: never, memory: { desired: 'stopped' } }).reason).toBe('stopped-on-purpose');
  });

  it('stays parked after its first start was refused', () => {
    const parked = { reason: 'start-refused', atMs: nowMs - minuteMs } as const;
    expect(judge({ observation: never, memory: { parked } })).toMatchObject({
      kind: 'nothing',
      reason: 'parked',
    });
  });

  it('says that there is nothing to start when the policy has no launch.spec', () => {
    const { launch: _left, ...job } = aJob();
    expect(judge({ job, observation: never })).toMatchObject({
      kind: 'nothing',
      reason: 'no-request-to-start',
    });
  });

  it('claims with a live grant, whatever the restart budget says', () => {
    const { afterRunId: _none, ...wish } = aWish({
      cause: 'launch',
      reason: 'never-started',
      plan: { base: 'spec', spendsBudget: false },
    });
    const observation = { ...never, budget: { room: false } };
    const decision = judge({ observation, memory: { wish, grant: aGrant() } });
    expect(decision).toMatchObject({ kind: 'start', reason: 'never-started', verdict: { kind: 'claim' } });
  });

  it('replaces the wish that answered a run which is no longer known', () => {
    const decision = judge({ observation: never, memory: { wish: aWish(), grant: aGrant() } });
    expect(decision).toMatchObject({ reason: 'never-started', verdict: { kind: 'start' } });
  });
});

describe('what the next start is made from', () => {
  it.each<[string, Situation['job'], number, unknown]>([
    ['the last run', aJob(), 4, { generation: 4 }],
    ['launch.spec when the policy says so', aJob({ restart: { launchFrom: 'spec' } }), 4, 'spec'],
    ['launch.spec when no generation is stored', aJob(), 0, 'spec'],
  ])('is %s', (_what, job, generation, base) => {
    const { verdict } = judge({
      ...(job ? { job } : {}),
      observation: { run: ended(texts.workerLost) },
      memory: { generation },
    });
    expect(verdict).toMatchObject({ kind: 'start', wish: { plan: { base } } });
  });
});
