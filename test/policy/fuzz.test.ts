import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostics } from '../../src/policy/diagnostics.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { mergedValues } from '../../src/policy/merged-values.ts';

const everything = readFileSync(join(import.meta.dirname, 'fixtures/good-everything.yaml'), 'utf8');

/** Loads and prints; what comes back must be well formed whatever went in. */
function survives(...texts: readonly string[]): void {
  const files = texts.map((text, index) => ({ path: `${index}.yaml`, text }));
  const loaded = loadPolicy(files);
  const diagnostics = loaded.ok ? loaded.warnings : loaded.diagnostics;
  expect(loaded.ok).toBe(diagnostics.every(({ severity }) => severity === 'warning'));
  for (const { line, column, length } of diagnostics)
    expect(Math.min(line, column, length)).toBeGreaterThan(0);
  expect(formatDiagnostics(diagnostics, files)).toBeTypeOf('string');
  expect(mergedValues(files, 'a') ?? []).toBeInstanceOf(Array);
}

describe('whatever a file holds, loadPolicy does not throw', () => {
  it('survives any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => survives(text)));
  });

  it('survives text made of what YAML is made of', () => {
    const token = fc.constantFrom(
      ...[
        'jobs:',
        'a:',
        '- ',
        '\n',
        '\n  ',
        '{',
        '}',
        '[',
        ']',
        ', ',
        ': ',
        '&x ',
        '*x',
        '<<: ',
        '? ',
        '!!set ',
        '!!binary ',
        '---',
        '| ',
        '"',
        '#',
        '%YAML 1.1\n---\n',
        '~',
        '0e1',
        '__proto__: ',
        'constructor: ',
      ],
    );
    fc.assert(fc.property(fc.array(token, { maxLength: 30 }), (tokens) => survives(tokens.join(''))));
  });

  it('survives a good policy with a piece cut out, doubled or moved', () => {
    const at = fc.nat({ max: everything.length });
    fc.assert(
      fc.property(at, at, at, (a, b, c) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const piece = everything.slice(start, end);
        survives(everything.slice(0, start) + everything.slice(end));
        survives(everything.slice(0, c) + piece + everything.slice(c));
      }),
      { numRuns: 60 },
    );
  });

  it('survives any value in any place of a policy', () => {
    const places = [
      'metadata',
      'defaults',
      'jobs',
      'guardrails',
      'jobs.a',
      'jobs.a.match',
      'jobs.a.checkpoint',
      'jobs.a.source',
      'jobs.a.restart',
      'jobs.a.restart.classes',
      'jobs.a.launch.spec',
      'defaults.match',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), fc.jsonValue(), (place, value, other) => {
        const nested = place.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
        survives(JSON.stringify(nested), JSON.stringify(other));
      }),
    );
  });
});

describe('a file written to break its reader', () => {
  it.each([
    ['ten thousand open lists', '['.repeat(10_000)],
    ['ten thousand nested lists', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    [
      'two hundred nested maps',
      Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    ],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}`,
    ],
    ['a map that holds itself', 'jobs: &a { a: { match: *a } }'],
    ['a job called __proto__', 'jobs: { __proto__: { mode: act } }'],
    ['a key that is a map', 'jobs: { ? { a: 1 } : { mode: act } }'],
  ])('is refused: %s', (_name, text) => {
    survives(text);
    expect(loadPolicy([{ path: 'a.yaml', text }]).ok).toBe(false);
  });
});
