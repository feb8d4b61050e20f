import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChargeResult,
  charge,
  dayMs,
  emptyRing,
  hourMs,
  type Ring,
  ringOfClass,
  roomAt,
  stamp,
  usage,
} from '../../src/core/budget.ts';
import type { BudgetLimits } from '../../src/core/job.ts';
import { clocksApartMs } from '../../src/core/protocol.ts';

/** From decision to acceptance: the send deadline, the signature's validity and the list lag, rounded up. */
const acceptedLateMaxMs = 20 * 60_000;

/** One try to charge, this long after the try before, accepted (or found never to start) that long after. */
const tries = fc.array(
  fc.record({
    pauseMs: fc.oneof(
      fc.integer({ min: 0, max: 30_000 }),
      fc.integer({ min: 0, max: 2 * hourMs }),
      fc.constantFrom(hourMs, hourMs + clocksApartMs, dayMs - 1, dayMs + clocksApartMs),
    ),
    lateMs: fc.integer({ min: 0, max: acceptedLateMaxMs }),
    neverStarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

const limits: fc.Arbitrary<BudgetLimits> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 8 }))
  .map(([perHour, more]) => ({ perHour, perDay: perHour + more }));

interface Played {
  readonly acceptedAtMs: readonly number[];
  readonly refusals: readonly { nowMs: number; result: ChargeResult; ring: Ring }[];
  readonly moments: readonly { nowMs: number; ring: Ring }[];
}

/** Plays the tries in time order; a claim is stamped as soon as the clock has passed its acceptance. */
function play(
  steps: readonly { pauseMs: number; lateMs: number; neverStarts: boolean }[],
  max: BudgetLimits,
) {
  const played = { acceptedAtMs: [] as number[], refusals: [] as Played['refusals'][number][] };
  const moments: { nowMs: number; ring: Ring }[] = [];
  let ring = emptyRing;
  let nowMs = 1_700_000_000_000;
  let open: { id: string; atMs: number; decidedAtMs: number; neverStarts: boolean }[] = [];
  for (const [index, step] of steps.entries()) {
    nowMs += step.pauseMs;
    for (const one of open.filter(({ atMs }) => atMs <= nowMs)) {
      ring = stamp(ring, one.id, one.neverStarts ? undefined : one.atMs);
      if (!one.neverStarts) played.acceptedAtMs.push(one.atMs);
    }
    open = open.filter(({ atMs }) => atMs > nowMs);
    const result = charge(ring, max, { claimId: `clm_${index}`, nowMs });
    if (result.ok) {
      ring = result.ring;
      open.push({
        id: `clm_${index}`,
        atMs: nowMs + step.lateMs,
        decidedAtMs: nowMs,
        neverStarts: step.neverStarts,
      });
    } else played.refusals.push({ nowMs, result, ring });
    moments.push({ nowMs, ring });
  }
  for (const one of open) if (!one.neverStarts) played.acceptedAtMs.push(one.atMs);
  return { ...played, moments } satisfies Played;
}

function mostInAnyWindow(timesMs: readonly number[], windowMs: number): number {
  const counts = timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + windowMs).length);
  return Math.max(0, ...counts);
}

const classes = ['worker-lost', 'transient-io', 'memory-exhausted'] as const;

describe('the ring of a job with budgets of classes', () => {
  const tries = fc.array(
    fc.record({
      pauseMs: fc.integer({ min: 0, max: hourMs / 2 }),
      lateMs: fc.integer({ min: 0, max: acceptedLateMaxMs }),
      neverStarts: fc.boolean(),
      class: fc.constantFrom(...classes),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('lets neither the job nor any class have more than its limit in any rolling window, and holds nobody back who has room', () => {
    fc.assert(
      fc.property(tries, limits, limits, (steps, ofJob, ofClass) => {
        const accepted: { atMs: number; class: (typeof classes)[number] }[] = [];
        let open: ((typeof accepted)[number] & { id: string; neverStarts: boolean })[] = [];
        let ring = emptyRing;
        let nowMs = 1_700_000_000_000;
        for (const [index, step] of steps.entries()) {
          nowMs += step.pauseMs;
          for (const one of open.filter(({ atMs }) => atMs <= nowMs)) {
            ring = stamp(ring, one.id, one.neverStarts ? undefined : one.atMs);
            if (!one.neverStarts) accepted.push(one);
          }
          open = open.filter(({ atMs }) => atMs > nowMs);
          const claimId = `clm_${index}`;
          const hasRoom =
            roomAt(ring, ofJob, nowMs).ok && roomAt(ringOfClass(ring, step.class), ofClass, nowMs).ok;
          const result = charge(ring, ofJob, { claimId, nowMs, class: step.class, classLimits: ofClass });
          expect(result.ok).toBe(hasRoom);
          if (!result.ok) continue;
          ring = result.ring;
          open.push({ ...step, id: claimId, atMs: nowMs + step.lateMs });
        }
        accepted.push(...open.filter(({ neverStarts }) => !neverStarts));
        const times = (of?: string) => accepted.flatMap((one) => (of && one.class !== of ? [] : [one.atMs]));
        for (const [of, max] of [
          [undefined, ofJob] as const,
          ...classes.map((one) => [one, ofClass] as const),
        ]) {
          expect(mostInAnyWindow(times(of), hourMs)).toBeLessThanOrEqual(max.perHour);
          expect(mostInAnyWindow(times(of), dayMs)).toBeLessThanOrEqual(max.perDay);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the ring of a budget', () => {
  it('never lets more than the limit be accepted in any rolling window', () => {
    fc.assert(
      fc.property(tries, limits, (steps, max) => {
        const { acceptedAtMs } = play(steps, max);
        expect(mostInAnyWindow(acceptedAtMs, hourMs)).toBeLessThanOrEqual(max.perHour);
        expect(mostInAnyWindow(acceptedAtMs, dayMs)).toBeLessThanOrEqual(max.perDay);
      }),
      { numRuns: 400 },
    );
  });

  it('has room exactly at the moment that a refusal names, and none a millisecond before', () => {
    fc.assert(
      fc.property(tries, limits, (steps, max) => {
        for (const { result, ring } of play(steps, max).refusals) {
          if (result.ok || result.freesAtMs === undefined) continue;
          expect(roomAt(ring, max, result.freesAtMs).ok).toBe(true);
          expect(roomAt(ring, max, result.freesAtMs - 1).ok).toBe(false);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('hides when it frees only while a claim is open', () => {
    fc.assert(
      fc.property(tries, limits, (steps, max) => {
        for (const { result, ring } of play(steps, max).refusals) {
          if (!result.ok && result.freesAtMs === undefined) expect(ring.open).not.toEqual([]);
        }
      }),
    );
  });

  it('shows people no more than the limit, and the limit only when there is no room', () => {
    fc.assert(
      fc.property(tries, limits, (steps, max) => {
        for (const { nowMs, ring } of play(steps, max).moments) {
          const used = usage(ring, nowMs);
          expect(used.hour).toBeLessThanOrEqual(max.perHour);
          expect(used.day).toBeLessThanOrEqual(max.perDay);
          const isFull = used.hour === max.perHour || used.day === max.perDay;
          if (isFull) expect(roomAt(ring, max, nowMs).ok).toBe(false);
        }
      }),
    );
  });

  it('names the later of two full windows', () => {
    const ring = { charges: [0, dayMs - hourMs, dayMs - hourMs / 2], open: [] };
    expect(roomAt(ring, { perHour: 1, perDay: 3 }, dayMs - 1)).toEqual({
      ok: false,
      window: 'hour',
      freesAtMs: dayMs + hourMs / 2 + clocksApartMs,
    });
  });

  it('forgets no charge that still counts when it makes room for the next', () => {
    const max = { perHour: 2, perDay: 2 };
    const later = charge({ charges: [0], open: [] }, max, { claimId: 'clm_1', nowMs: dayMs - 1 });
    expect(
      later.ok && charge(later.ring, max, { claimId: 'clm_2', nowMs: dayMs + clocksApartMs - 1 }).ok,
    ).toBe(false);
    expect(later.ok && charge(later.ring, max, { claimId: 'clm_2', nowMs: dayMs + clocksApartMs }).ok).toBe(
      true,
    );
  });

  it('counts each class apart, beside the job, and settles both together', () => {
    const of = (claimId: string, one: 'worker-lost' | 'transient-io', atMs: number) =>
      ({ claimId, nowMs: atMs, class: one, classLimits: { perHour: 1 } }) as const;
    const max = { perHour: 10, perDay: 10 };
    const first = charge(emptyRing, max, of('clm_1', 'worker-lost', 0));
    if (!first.ok) throw new Error('an empty ring has room');
    expect(charge(first.ring, max, of('clm_2', 'worker-lost', 1)).ok).toBe(false);
    expect(charge(first.ring, max, of('clm_3', 'transient-io', 1)).ok).toBe(true);
    const settled = stamp(first.ring, 'clm_1', 5);
    expect(settled).toEqual({ charges: [5], open: [], classes: { 'worker-lost': [5] } });
    const again = 5 + hourMs + clocksApartMs;
    expect(charge(settled, max, of('clm_4', 'worker-lost', again - 1)).ok).toBe(false);
    expect(charge(settled, max, of('clm_4', 'worker-lost', again)).ok).toBe(true);
  });

  it('obeys a changed limit at once, both ways', () => {
    const ring = { charges: [0, 1, 2], open: [] };
    expect(roomAt(ring, { perHour: 4, perDay: 9 }, 10).ok).toBe(true);
    expect(roomAt(ring, { perHour: 2, perDay: 9 }, 10)).toMatchObject({
      window: 'hour',
      freesAtMs: hourMs + clocksApartMs + 1,
    });
  });

  it('keeps the time of the decision for a claim that never started, and ignores a claim it does not know', () => {
    const ring = { charges: [5], open: [{ claimId: 'clm_1', decidedAtMs: 3 }] };
    expect(stamp(ring, 'clm_1', undefined)).toEqual({ charges: [3, 5], open: [] });
    expect(stamp(ring, 'clm_2', 9)).toBe(ring);
  });
});
