import { describe, expect, it } from 'vitest';
import { Random } from '../../src/world/random.ts';

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe('Random', () => {
  it('gives the same stream for the same seed and another one for another seed', () => {
    expect(draws(new Random(42), 100)).toEqual(draws(new Random('42'), 100));
    expect(draws(new Random(42), 5)).not.toEqual(draws(new Random(43), 5));
  });

  it('forks streams that do not depend on what was drawn before', () => {
    const [used, fresh] = [new Random(1), new Random(1)];
    draws(used, 10);
    expect(draws(used.fork('jobs'), 10)).toEqual(draws(fresh.fork('jobs'), 10));
    expect(draws(fresh.fork('jobs'), 3)).not.toEqual(draws(fresh.fork('events'), 3));
  });

  it('is spread evenly, also over neighbouring seeds', () => {
    const sample = draws(new Random(7), 20_000);
    expect(Math.min(...sample)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...sample)).toBeLessThan(1);
    expect(sample.reduce((sum, value) => sum + value, 0) / sample.length).toBeCloseTo(0.5, 1);
    const firsts = Array.from({ length: 2_000 }, (_, seed) => new Random(seed).next());
    expect(firsts.reduce((sum, value) => sum + value, 0) / firsts.length).toBeCloseTo(0.5, 1);
    expect(new Set(firsts).size).toBe(2_000);
  });

  it('draws log-normal values with the given median and 95th percentile', () => {
    const random = new Random(3);
    const sample = Array.from({ length: 20_000 }, () => random.logNormal({ median: 45, p95: 120 })).sort(
      (a, b) => a - b,
    );
    expect(sample[10_000]).toBeGreaterThan(43);
    expect(sample[10_000]).toBeLessThan(47);
    expect(sample[19_000]).toBeGreaterThan(113);
    expect(sample[19_000]).toBeLessThan(127);
  });

  it('picks, chances and words as asked', () => {
    const random = new Random(5);
    expect(['a', 'b']).toContain(random.pick(['a', 'b']));
    expect(() => random.pick([])).toThrow(RangeError);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect(random.letters(14)).toMatch(/^[0-9a-z]{14}$/);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
