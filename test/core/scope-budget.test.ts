import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyScopeRing,
  type ScopeRing,
  scopeRoomAt,
  scopeUsage,
  withGrantBack,
  withGrantCharged,
  withGrantOpen,
} from '../../src/core/scope-budget.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const nowMs = Date.parse('2026-11-27T12:00:00Z');

function charged(times: readonly number[]): ScopeRing {
  return times.reduce((ring, atMs, index) => {
    const grantId = `gnt_${index}`;
    return withGrantCharged(withGrantOpen(ring, { grantId, job: 'a', scopes: ['fleet'] }), grantId, atMs);
  }, emptyScopeRing);
}

describe('the budget of a scope', () => {
  it('has room until so many restarts lie in the hour, and says when the first of them leaves it', () => {
    const limits = { perHour: 3 };
    expect(scopeRoomAt(charged([nowMs, nowMs]), limits, nowMs)).toEqual({ ok: true });
    const full = scopeRoomAt(charged([nowMs - 50 * minuteMs, nowMs, nowMs]), limits, nowMs);
    expect(full).toEqual({ ok: false, window: 'hour', freesAtMs: nowMs + 15 * minuteMs + 11_000 });
  });

  it('counts a grant that is out as now, until it is charged or back', () => {
    const out = withGrantOpen(emptyScopeRing, { grantId: 'gnt_1', job: 'a', scopes: ['fleet'] });
    expect(scopeRoomAt(out, { perHour: 1 }, nowMs)).toEqual({ ok: false, window: 'hour' });
    expect(scopeRoomAt(withGrantBack(out, 'gnt_1'), { perHour: 1 }, nowMs)).toEqual({ ok: true });
    const used = withGrantCharged(out, 'gnt_1', nowMs - 2 * hourMs);
    expect(scopeRoomAt(used, { perHour: 1 }, nowMs)).toEqual({ ok: true });
    expect(scopeUsage(used, nowMs)).toEqual({ hour: 0, day: 1 });
  });

  it('charges a grant once, however often it is told', () => {
    const once = charged([nowMs]);
    expect(withGrantCharged(once, 'gnt_0', nowMs)).toBe(once);
  });

  it('waits for the later of two windows that are full', () => {
    const full = scopeRoomAt(charged([nowMs, nowMs]), { perHour: 2, perDay: 2 }, nowMs);
    expect(full).toMatchObject({ ok: false, window: 'day' });
  });

  it('holds whatever the limit was before: only the charges are kept', () => {
    const five = charged([nowMs, nowMs, nowMs, nowMs, nowMs]);
    expect(scopeRoomAt(five, { perHour: 4 }, nowMs).ok).toBe(false);
    expect(scopeRoomAt(five, { perHour: 6 }, nowMs).ok).toBe(true);
    expect(scopeRoomAt(five, {}, nowMs).ok).toBe(true);
  });

  it('keeps no more than a day, in a few hundred buckets', () => {
    const times = Array.from({ length: 3_000 }, (_, index) => nowMs + index * minuteMs);
    expect(charged(times).buckets.length).toBeLessThan(300);
  });

  it('never lets more than N accepted starts into any rolling hour, however late they are accepted', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 20 * minuteMs }),
      acceptedAfterMs: fc.option(fc.integer({ min: 0, max: 10 * minuteMs }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, perHour) => {
        let ring = emptyScopeRing;
        let atMs = nowMs;
        const accepted: number[] = [];
        const open: { grantId: string; settlesAtMs: number; isUsed: boolean }[] = [];
        for (const [index, { waitMs, acceptedAfterMs }] of steps.entries()) {
          atMs += waitMs;
          for (const one of open.filter(({ settlesAtMs }) => settlesAtMs <= atMs)) {
            open.splice(open.indexOf(one), 1);
            ring = one.isUsed
              ? withGrantCharged(ring, one.grantId, one.settlesAtMs)
              : withGrantBack(ring, one.grantId);
          }
          if (!scopeRoomAt(ring, { perHour }, atMs).ok) continue;
          const grantId = `gnt_${index}`;
          ring = withGrantOpen(ring, { grantId, job: 'a', scopes: ['fleet'] });
          const settlesAtMs = atMs + (acceptedAfterMs ?? 2 * minuteMs);
          open.push({ grantId, settlesAtMs, isUsed: acceptedAfterMs !== undefined });
          if (acceptedAfterMs !== undefined) accepted.push(settlesAtMs);
        }
        for (const from of accepted)
          expect(accepted.filter((at) => at >= from && at < from + hourMs).length).toBeLessThanOrEqual(
            perHour,
          );
      }),
      { numRuns: 300 },
    );
  });
});
