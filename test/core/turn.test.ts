import { describe, expect, it } from 'vitest';
import { byUrgency, type Placed, tierAt } from '../../src/core/turn.ts';

const hourMs = 3_600_000;
const nowMs = 1_000 * hourMs;

function placed(name: string, wish: Partial<Placed> & { waitedHours?: number }): Placed & { name: string } {
  const { waitedHours = 0, ...given } = wish;
  const dueAtMs = nowMs - waitedHours * hourMs;
  return { name, tier: 2, createdAtMs: dueAtMs, notBeforeMs: dueAtMs, ...given };
}

function order(...wishes: readonly (Placed & { name: string })[]): readonly string[] {
  return [...wishes].sort(byUrgency(nowMs)).map(({ name }) => name);
}

describe('the order of wishes', () => {
  it('is data-loss deadline, then tier, then age', () => {
    const wishes = [
      placed('old', { createdAtMs: 1 }),
      placed('young', {}),
      placed('first tier', { tier: 1 }),
      placed('far deadline', { tier: 3, deadlineMs: nowMs + 9 * hourMs }),
      placed('near deadline', { tier: 3, deadlineMs: nowMs + hourMs }),
    ];
    expect(order(...wishes)).toEqual(['near deadline', 'far deadline', 'first tier', 'old', 'young']);
  });

  it('has what nobody needs at once behind everything else, however urgent that is', () => {
    const wishes = [
      placed('refit', { tier: 1, deadlineMs: nowMs + 1, waitedHours: 20, voluntary: true }),
      placed('restart', { tier: 3 }),
    ];
    expect(order(...wishes)).toEqual(['restart', 'refit']);
  });

  it('counts each whole hour of waiting as one tier', () => {
    expect(tierAt({ tier: 3, notBeforeMs: nowMs - hourMs + 1 }, nowMs)).toBe(3);
    expect(tierAt({ tier: 3, notBeforeMs: nowMs - 2 * hourMs }, nowMs)).toBe(1);
    expect(order(placed('fresh', { tier: 1 }), placed('patient', { tier: 3, waitedHours: 2 }))).toEqual([
      'patient',
      'fresh',
    ]);
  });

  it('counts no backoff as waiting', () => {
    expect(tierAt({ tier: 3, notBeforeMs: nowMs + 5 * hourMs }, nowMs)).toBe(3);
  });

  it('keeps the tiers of jobs that have waited equally long, however long that is', () => {
    const together = [3, 1, 2].map((tier) => placed(`tier ${tier}`, { tier, waitedHours: 30 }));
    expect(order(...together)).toEqual(['tier 1', 'tier 2', 'tier 3']);
  });
});
