import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/core/backoff.ts';
import { refill, waitForTokenMs } from '../../src/core/pace.ts';

const backoff = fc.record({
  initialMs: fc.integer({ min: 0, max: 600_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxMs: fc.integer({ min: 0, max: 3_600_000 }),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const pace = fc.record({
  perSecond: fc.double({ min: 0.01, max: 50, noNaN: true }),
  burst: fc.integer({ min: 1, max: 25 }),
});
/** Tokens are sums of fractions: this much less than one is one. */
const roundingTokens = 1e-9;

describe('the backoff', () => {
  it('is a whole number of milliseconds from 0 to the cap of its step', () => {
    fc.assert(
      fc.property(backoff, fc.nat(10_000), random, (policy, step, drawn) => {
        const waitMs = backoffMs(policy, step, drawn);
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(policy.maxMs);
        if (step === 0) expect(waitMs).toBeLessThanOrEqual(policy.initialMs);
      }),
    );
  });

  it('never shortens its longest wait from one step to the next', () => {
    fc.assert(
      fc.property(backoff, fc.nat(100), random, (policy, step, drawn) => {
        expect(backoffMs(policy, step + 1, drawn)).toBeGreaterThanOrEqual(backoffMs(policy, step, drawn));
      }),
    );
  });
});

describe('the token bucket', () => {
  it('has a token exactly when the wait it names is over', () => {
    fc.assert(
      fc.property(pace, random, (speed, tokens) => {
        const bucket = { tokens, atMs: 1_000 };
        const waitMs = waitForTokenMs(bucket, speed);
        expect(refill(bucket, speed, 1_000 + waitMs).tokens).toBeGreaterThanOrEqual(1 - roundingTokens);
        if (waitMs > 1)
          expect(refill(bucket, speed, 1_000 + waitMs - 1).tokens).toBeLessThan(1 + roundingTokens);
      }),
    );
  });

  it('never holds more than its burst, and gains nothing from a clock that goes back', () => {
    fc.assert(
      fc.property(pace, fc.integer({ min: -100_000, max: 10_000_000 }), (speed, elapsedMs) => {
        const bucket = { tokens: Math.min(0.5, speed.burst), atMs: 1_000_000 };
        const later = refill(bucket, speed, bucket.atMs + elapsedMs);
        expect(later.tokens).toBeLessThanOrEqual(speed.burst);
        if (elapsedMs <= 0) expect(later).toEqual(bucket);
      }),
    );
  });

  it('fills the same in one step as in two', () => {
    fc.assert(
      fc.property(pace, fc.nat(60_000), fc.nat(60_000), (speed, firstMs, secondMs) => {
        const bucket = { tokens: 0, atMs: 0 };
        const once = refill(bucket, speed, firstMs + secondMs);
        const twice = refill(refill(bucket, speed, firstMs), speed, firstMs + secondMs);
        expect(twice.tokens).toBeCloseTo(once.tokens, 6);
      }),
    );
  });

  it('lets nobody wait for a token that is there', () => {
    expect(waitForTokenMs({ tokens: 1, atMs: 0 }, { perSecond: 0.5, burst: 5 })).toBe(0);
    expect(waitForTokenMs({ tokens: 0, atMs: 0 }, { perSecond: 0.5, burst: 5 })).toBe(2_000);
  });
});
