import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clocksApartMs } from '../../src/core/protocol.ts';
import {
  changesNow,
  isVoluntary,
  usualVoluntary,
  type VoluntaryChange,
  voluntaryRoomAt,
} from '../../src/core/voluntary.ts';

const minuteMs = 60_000;
const nowMs = 1_000_000 * minuteMs;
const limits = usualVoluntary;

function change(given: Partial<VoluntaryChange> = {}): VoluntaryChange {
  return { job: 'orders', applicationId: '00a', grantedAtMs: nowMs - minuteMs, ...given };
}

function room(changes: readonly VoluntaryChange[], applicationId = '00a', atMs = nowMs) {
  return voluntaryRoomAt(changes, applicationId, { limits, nowMs: atMs });
}

describe('changes that nobody needs at once', () => {
  it('are refits and upgrades, and nothing that brings a job back', () => {
    const causes = ['launch', 'restart', 'refit', 'upgrade', 'operator'] as const;
    expect(causes.filter(isVoluntary)).toEqual(['refit', 'upgrade']);
  });

  it('are one at a time in an application, and two in the fleet', () => {
    expect(room([])).toEqual({ ok: true });
    expect(room([change()])).toEqual({ ok: false, text: '1 of 1 changes under way in 00a' });
    expect(room([change()], '00b')).toEqual({ ok: true });
    expect(room([change(), change({ applicationId: '00b' })], '00c')).toEqual({
      ok: false,
      text: '2 of 2 changes under way',
    });
  });

  it('are six in ten minutes, and the next one has a time', () => {
    const six = Array.from({ length: 6 }, (_, index) =>
      change({ grantedAtMs: nowMs - (9 - index) * minuteMs, isOver: true }),
    );
    const full = room(six);
    expect(full).toEqual({
      ok: false,
      text: '6 of 6 changes in 10 min',
      freesAtMs: nowMs + minuteMs + clocksApartMs,
    });
    expect(room(six, '00a', nowMs + minuteMs + clocksApartMs)).toEqual({ ok: true });
  });

  it('begin at most as often as the limit says in any span, whatever is over when', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * minuteMs }), { maxLength: 80 }), (gaps) => {
        const begun: number[] = [];
        let changes: readonly VoluntaryChange[] = [];
        let atMs = nowMs;
        for (const gapMs of gaps) {
          atMs += gapMs;
          const fates = changes.map(() => 'committed' as const);
          changes = changesNow(changes, fates, { nowMs: atMs, withinMs: limits.withinMs });
          if (!room(changes, '00a', atMs).ok) continue;
          begun.push(atMs);
          changes = [...changes, change({ grantedAtMs: atMs })];
        }
        for (const from of begun) {
          const inside = begun.filter((one) => one >= from && one < from + limits.withinMs);
          expect(inside.length).toBeLessThanOrEqual(limits.count);
        }
      }),
    );
  });

  it('are under way until their run has committed a batch, failed, or had an hour', () => {
    const still = (fate: Parameters<typeof changesNow>[1][number], ageMs = minuteMs) =>
      changesNow([change({ grantedAtMs: nowMs - ageMs })], [fate], { nowMs, withinMs: 10 * minuteMs });
    expect(still('waiting')).toEqual([change()]);
    expect(still('running')).toEqual([change()]);
    expect(still('committed')).toEqual([change({ isOver: true })]);
    expect(still('failed')).toEqual([change({ isOver: true })]);
    expect(still('committed', 11 * minuteMs)).toEqual([]);
    expect(still('running', 59 * minuteMs)).toHaveLength(1);
    expect(still('running', 60 * minuteMs)).toEqual([]);
  });

  it('count for nothing when their turn passed and nothing was sent', () => {
    const seen = { nowMs, withinMs: 10 * minuteMs };
    expect(changesNow([change()], ['held-back'], seen)).toEqual([]);
  });
});
