import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/core/match.ts';
import { globsOverlap } from '../../src/policy/glob.ts';
import { deepMerge } from '../../src/policy/plain.ts';
import { parseDuration } from '../../src/policy/scalars.ts';
import { editDistance, suggest } from '../../src/policy/suggest.ts';

describe('globsOverlap', () => {
  it.each([
    ['clicks', 'clicks', true],
    ['clicks', 'click', false],
    ['clicks*', 'clicks', true],
    ['clicks*', 'click*', true],
    ['clicks*', '*-fr', true],
    ['clicks*', 'orders*', false],
    ['*-fr', '*-de', false],
    ['a*b*c', 'a*d*c', true],
  ])('says of %s and %s: %s', (a, b, overlap) => {
    expect(globsOverlap(a, b)).toBe(overlap);
    expect(globsOverlap(b, a)).toBe(overlap);
  });

  it('is true exactly when some name fits both', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 4 });
    const names = Array.from({ length: 2 ** 9 }, (_, n) =>
      n.toString(2).slice(1).replaceAll('0', 'a').replaceAll('1', 'b'),
    );
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        expect(globsOverlap(a, b)).toBe(names.some((name) => matchesGlob(a, name) && matchesGlob(b, name)));
      }),
    );
  });
});

describe('suggest', () => {
  it.each([
    ['budgets', 'budget'],
    ['intial', 'initial'],
    ['scaledown', 'scaleDown'],
    ['colour', undefined],
    ['scale', 'scaleDown'],
    ['sca', undefined],
  ])('answers %s with %s', (word, meant) => {
    expect(suggest(word, ['budget', 'initial', 'scaleDown', 'streak'])).toBe(meant);
  });

  it('measures in letters', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });
});

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['30', undefined],
    ['1.5h', undefined],
    ['-1s', undefined],
  ])('reads %s as %s ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });
});

describe('deepMerge', () => {
  it('merges maps, replaces lists and values, and unsets with null', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 1, e: { f: 1 } };
    expect(deepMerge(base, { a: { c: [3] }, d: null, e: 2 })).toEqual({ a: { b: 1, c: [3] }, e: 2 });
  });
});
