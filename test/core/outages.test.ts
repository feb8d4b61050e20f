import { describe, expect, it } from 'vitest';
import {
  advance,
  correlated,
  type FailedJob,
  jobsNeeded,
  type MemberState,
  type Outage,
  openOutage,
  outageOf,
  roomOf,
  usualCorrelation,
  widened,
  withMember,
} from '../../src/core/outages.ts';

const minuteMs = 60_000;
const nowMs = Date.parse('2026-11-27T12:00:00Z');

function failures(count: number, changes: Partial<FailedJob> = {}): FailedJob[] {
  return Array.from({ length: count }, (_, index) => ({
    job: `${changes.applicationId ?? 'a'}-${index}`,
    class: 'transient-io',
    applicationId: 'a',
    atMs: nowMs - index * 1000,
    ...changes,
  }));
}

function fleetOf(jobs: number, ofApplication = jobs) {
  return { nowMs, correlation: usualCorrelation, jobs, jobsOf: () => ofApplication };
}

function outage(changes: Partial<Outage> = {}): Outage {
  const fresh = openOutage(
    'inc_1',
    { scope: 'a', class: 'transient-io' },
    { nowMs: nowMs - 10 * minuteMs, recent: [] },
  );
  return { ...fresh, ...changes };
}

/** So many members of the phase that is under way, granted so long ago. */
function members(count: number, agoMs = minuteMs) {
  return Array.from({ length: count }, (_, index) => ({ job: `a-${index}`, grantedAtMs: nowMs - agoMs }));
}

function judged(before: Outage, states: readonly MemberState[], waiting = 50): Outage {
  return advance(before, { states, waiting, nowMs });
}

describe('failures are one outage', () => {
  it.each([
    { jobs: 4, needed: 3 },
    { jobs: 30, needed: 3 },
    { jobs: 101, needed: 11 },
    { jobs: 5_000, needed: 20 },
  ])('when $needed of $jobs jobs fail of one class', ({ jobs, needed }) => {
    expect(jobsNeeded(usualCorrelation, jobs)).toBe(needed);
    expect(correlated(failures(needed), [], fleetOf(jobs))).toEqual([
      { scope: 'a', class: 'transient-io', jobs: needed },
    ]);
    expect(correlated(failures(needed - 1), [], fleetOf(jobs))).toEqual([]);
  });

  it('only within five minutes, and only if they are distinct jobs', () => {
    expect(correlated(failures(5, { atMs: nowMs - 5 * minuteMs }), [], fleetOf(10))).toEqual([]);
    expect(correlated(failures(5, { job: 'always-the-same' }), [], fleetOf(10))).toEqual([]);
  });

  it('of the whole fleet when they come from several applications', () => {
    const both = [...failures(2), ...failures(2, { applicationId: 'b' })];
    expect(correlated(both, [], fleetOf(10))).toEqual([{ scope: '*', class: 'transient-io', jobs: 4 }]);
  });

  it('not when they have different causes', () => {
    const mixed = [...failures(2), ...failures(2, { class: 'worker-lost' })];
    expect(correlated(mixed, [], fleetOf(10))).toEqual([]);
  });

  it('not a second time while the first is open, but again after it was closed', () => {
    const open = outage();
    expect(correlated(failures(5), [open], fleetOf(10))).toEqual([]);
    expect(correlated(failures(5), [{ ...open, closedAtMs: nowMs }], fleetOf(10))).toHaveLength(1);
  });

  it('never where the policy says that they are not', () => {
    const off = { ...fleetOf(10), correlation: { ...usualCorrelation, enabled: false } };
    expect(correlated(failures(10), [], off)).toEqual([]);
  });

  it('and stay one when the same class comes up in another application', () => {
    const wider = widened([outage()], { class: 'transient-io' });
    expect(wider).toMatchObject({ id: 'inc_1', scope: '*' });
    expect(wider && outageOf([wider], { class: 'transient-io', applicationId: 'b' })?.id).toBe('inc_1');
  });
});

describe('the canaries', () => {
  it('are two, and those that were let go before anybody knew count as such', () => {
    expect(roomOf(outage())).toBe(2);
    const opened = openOutage(
      'inc_2',
      { scope: 'a', class: 'transient-io' },
      { nowMs, recent: [...failures(5), ...failures(3, { class: 'worker-lost' })] },
    );
    expect(opened.members).toHaveLength(5);
    expect(roomOf(opened)).toBe(0);
  });

  it('let the first wave of four go when one of them has committed a batch, running alone is not enough', () => {
    const trying = outage({ members: members(2) });
    expect(judged(trying, ['running', 'running'])).toMatchObject({ phase: 'canary' });
    const next = judged(trying, ['committed', 'failed']);
    expect(next).toMatchObject({ phase: 'waves', wave: 0, members: [] });
    expect(roomOf(next)).toBe(4);
  });

  it('hold everything when all of them failed, for ten minutes, then twice as long, up to an hour', () => {
    const waits: number[] = [];
    let one = outage({ members: members(2) });
    for (let round = 0; round < 5; round++) {
      one = judged({ ...one, phase: 'canary', members: members(2) }, ['failed', 'failed']);
      expect(one.phase).toBe('hold');
      expect(roomOf(one)).toBe(0);
      waits.push(((one.nextTryAtMs ?? 0) - nowMs) / minuteMs);
    }
    expect(waits).toEqual([10, 20, 40, 60, 60]);
  });

  it('have failed, too, when they have committed nothing for a quarter of an hour', () => {
    expect(judged(outage({ members: members(2, 15 * minuteMs) }), ['running', 'waiting']).phase).toBe('hold');
  });

  it('are tried again when the time has come', () => {
    const held = outage({ phase: 'hold', nextTryAtMs: nowMs });
    expect(judged({ ...held, nextTryAtMs: nowMs + 1 }, []).phase).toBe('hold');
    const again = judged(held, []);
    expect(again).toMatchObject({ phase: 'canary', members: [] });
    expect(roomOf(again)).toBe(2);
  });
});

describe('the waves', () => {
  it('double, and then all others flow', () => {
    const sizes: number[] = [];
    let one = outage({ phase: 'waves' });
    while (one.phase === 'waves') {
      sizes.push(roomOf(one));
      const states = Array.from({ length: roomOf(one) }, () => 'running' as const);
      one = judged({ ...one, members: members(states.length) }, states);
    }
    expect(sizes).toEqual([4, 8, 16, 25]);
    expect(one.phase).toBe('flow');
    expect(roomOf(one)).toBe(Number.POSITIVE_INFINITY);
  });

  it('wait for half of the wave to be RUNNING', () => {
    const one = outage({ phase: 'waves', members: members(4) });
    expect(judged(one, ['running', 'waiting', 'waiting', 'waiting']).wave).toBe(0);
    expect(judged(one, ['running', 'running', 'waiting', 'waiting']).wave).toBe(1);
  });

  it('stop when more than a fifth of one fails, although the others run', () => {
    const one = outage({ phase: 'waves', wave: 1, members: members(8) });
    const states = (failed: number): MemberState[] => [
      ...Array.from({ length: 8 - failed }, () => 'running' as const),
      ...Array.from({ length: failed }, () => 'failed' as const),
    ];
    expect(judged(one, states(1)).phase).toBe('waves');
    expect(judged(one, states(2)).phase).toBe('hold');
  });

  it('are over at once when nobody waits any more', () => {
    expect(judged(outage({ phase: 'waves', members: members(1) }), ['running'], 0)).toMatchObject({
      wave: 1,
    });
  });
});

describe('the flow', () => {
  it('goes on while four of five of the last starts run, and holds when they do not', () => {
    const one = outage({ phase: 'flow', members: members(25) });
    const states = (failed: number): MemberState[] => [
      ...Array.from({ length: 25 - failed }, () => 'running' as const),
      ...Array.from({ length: failed }, () => 'failed' as const),
    ];
    expect(judged(one, states(5)).phase).toBe('flow');
    expect(judged(one, states(6)).phase).toBe('hold');
  });

  it('keeps the last 25 of its starts in view', () => {
    let one = outage({ phase: 'flow' });
    for (let index = 0; index < 40; index++) one = withMember(one, { job: `a-${index}`, grantedAtMs: nowMs });
    expect(one.members).toHaveLength(25);
    expect(one.members[0]?.job).toBe('a-15');
    expect(one.granted).toBe(40);
  });
});

describe('an outage is over', () => {
  it('when for five minutes no job waited for it', () => {
    const idle = judged(outage({ phase: 'flow' }), ['running'], 0);
    expect(idle).toMatchObject({ idleSinceMs: nowMs });
    const later = advance(idle, { states: ['running'], waiting: 0, nowMs: nowMs + 5 * minuteMs });
    expect(later.closedAtMs).toBe(nowMs + 5 * minuteMs);
    const again = advance(idle, { states: ['running'], waiting: 1, nowMs: nowMs + 4 * minuteMs });
    expect(again.idleSinceMs).toBeUndefined();
  });
});
