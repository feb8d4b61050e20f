import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob, matchesRun } from '../../src/core/match.ts';
import { aJob } from '../support/build.ts';

/** Few letters make hits likely; the rest means something to a regular expression and nothing to a glob. */
const letters = fc.constantFrom('a', 'b', '.', '+', '(', '$', '\\', '\n', '?');
const text = fc.string({ unit: letters, maxLength: 8 });
const glob = fc.string({ unit: fc.oneof(letters, fc.constant('*')), maxLength: 6 });

function oracle(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's');
}

describe('a glob', () => {
  it('says the same as the regular expression for it', () => {
    fc.assert(
      fc.property(glob, text, (pattern, name) => {
        expect(matchesGlob(pattern, name)).toBe(oracle(pattern).test(name));
      }),
      { numRuns: 5_000 },
    );
  });

  it('matches what its stars were replaced by', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.array(text), (parts, fillings) => {
        const name = parts
          .map((part, index) => (index === 0 ? part : `${fillings[index] ?? ''}${part}`))
          .join('');
        expect(matchesGlob(parts.join('*'), name)).toBe(true);
      }),
    );
  });

  it.each([
    ['orders', 'orders', true],
    ['orders', 'orders-late', false],
    ['orders*', 'orders', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*', '', true],
    ['*b*', 'abc', true],
  ])('%j against %j is %j', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  it('answers at once for a pattern that makes regular expressions slow', () => {
    expect(matchesGlob(`${'a*'.repeat(200)}b`, 'a'.repeat(20_000))).toBe(false);
  });
});

describe('a run', () => {
  const job = aJob({
    match: { applicationId: 'app-1', jobName: 'orders-*', tags: { env: 'prod', team: 'x' } },
  });
  const run = { applicationId: 'app-1', name: 'orders-eu', tags: { env: 'prod', team: 'x', more: 'y' } };

  it('belongs to a job with its application, its name and all of its tags', () => {
    expect(matchesRun(job, run)).toBe(true);
  });

  it.each([
    ['another application', { ...run, applicationId: 'app-2' }],
    ['another name', { ...run, name: 'clicks' }],
    ['a tag with another value', { ...run, tags: { env: 'test', team: 'x' } }],
    ['a tag less', { ...run, tags: { env: 'prod' } }],
  ])('with %s does not', (_what, other) => {
    expect(matchesRun(job, other)).toBe(false);
  });
});
