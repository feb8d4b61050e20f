import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostics, type SourceText } from '../../src/policy/diagnostics.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { schemaAt } from '../../src/policy/schema-walk.ts';
import { faultsAgainst, readTests, testKeysNotYet } from '../../src/policy-test/load.ts';
import { policyTestSchema } from '../../src/policy-test/schema.ts';

const folder = join(import.meta.dirname, 'fixtures');
const fixture = (path: string): SourceText => ({ path, text: readFileSync(join(folder, path), 'utf8') });
const named = (start: string) => readdirSync(folder).filter((name) => name.startsWith(start));

function found(file: SourceText): string[] {
  return readTests(file)
    .diagnostics.map(({ line, code }) => `${line} ${code}`)
    .sort();
}

function marked({ text }: SourceText): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      (/# <- (.+)$/.exec(line)?.[1] ?? '')
        .split(' ')
        .filter((code) => code !== '')
        .map((code) => `${index + 1} ${code}`),
    )
    .sort();
}

const foreign = (why: string) =>
  `CP1002 the file does not look like a file of policy tests: ${why} (such a file begins with apiVersion: checkpilot/v1 and kind: PolicyTest, and has policies, start and tests)`;

describe('a file of tests', () => {
  it.each(named('good-'))('%s is taken without a word', (name) => {
    expect(readTests(fixture(name)).diagnostics).toEqual([]);
  });

  it.each([...named('bad-'), ...named('warn-')])(
    '%s: each fault is found on its line, and no other',
    (name) => {
      const file = fixture(name);
      expect(found(file)).toEqual(marked(file));
    },
  );

  it.each([
    [
      'a policy',
      fixture('policy.yaml').text,
      'CP1004 the file is a policy, not one of policy tests (check it: checkpilot check FILE; its tests are a file of their own, with kind: PolicyTest)',
    ],
    [
      'a package.json',
      '{ "name": "x", "version": "1", "scripts": {} }',
      foreign('its keys are name, version, scripts'),
    ],
    [
      'tests of another tool',
      'rule_files: [a.yaml]\nevaluation_interval: 1m\ntests: []\n',
      foreign('its keys are rule_files, evaluation_interval, tests'),
    ],
    ['a list', '- a\n', foreign('it is a list')],
    ['a text', 'hello\n', foreign('it is a text')],
  ])('that is %s has that as its one fault', (_kind, text, told) => {
    const { diagnostics, document } = readTests({ path: 'a.yaml', text });
    expect(diagnostics.map(({ code, message, hint }) => `${code} ${message} (${hint})`)).toEqual([told]);
    expect(document).toBeUndefined();
  });

  it('of a kind that is misspelt is still read as one', () => {
    const { text } = fixture('good-minimal.yaml');
    for (const kind of ['PolicyTests', 'Policy'])
      expect(found({ path: 'a.yaml', text: text.replace('PolicyTest', kind) })).toEqual(['2 CP1004']);
  });

  it('can be run with warnings, and cannot with errors', () => {
    for (const name of named('warn-')) expect(readTests(fixture(name)).document).toBeDefined();
    for (const name of named('bad-')) expect(readTests(fixture(name)).document).toBeUndefined();
  });

  it('names jobs and receivers that the policy has', () => {
    const policy = loadPolicy([fixture('policy.yaml')]);
    if (!policy.ok) throw new Error('the policy of the tests has a fault');
    const file = fixture('against-policy.yaml');
    const faults = faultsAgainst(readTests(file), policy.policy);
    expect(faults.map(({ line, code }) => `${line} ${code}`).sort()).toEqual(marked(file));
    expect(faults.map(({ hint }) => hint)).toEqual([
      'did you mean "clicks"?',
      'there are: clicks, watched, frozen, asked, kept',
      'there are: team',
      'there are: sale',
    ]);
  });

  it('shows the very sample that cannot be read', () => {
    const file = fixture('bad-series.yaml');
    const shown = formatDiagnostics(readTests(file).diagnostics, [file]);
    expect(shown).toContain(`
bad-series.yaml:12:47 error CP1002 tests[0].series["checkpoint.lastCommittedBatch"]: "48212y40" is no sample
  12 |       checkpoint.lastCommittedBatch: "48211x5 48212y40" # <- CP1002
     |                                               ^^^^^^^^ write`);
  });

  it('says of what is not decided yet that it is not, and how the product calls what it does', () => {
    const { diagnostics } = readTests(fixture('bad-not-yet.yaml'));
    const said = (text: string) => diagnostics.find(({ message }) => message.includes(text))?.hint;
    expect(said('"recording"')).toContain('recordings cannot be replayed yet');
    expect(said('"scaleUp"')).toContain('executors are not fitted yet');
    expect(said('"budget-exhausted"')).toContain('retry-budget-exhausted');
    expect(said('"fleet.correlated"')).toContain('incident.opened');
  });

  it('keeps an id that YAML takes for a number', () => {
    const { document } = readTests(fixture('good-everything.yaml'));
    expect(document?.fixtures.clicks?.run.id).toBe('00e1500000000001');
  });
});

describe('keys of a later version', () => {
  it.each([...testKeysNotYet.keys()])('%s is not in the format already', (key) => {
    const path = key.split('.').map((segment) => (segment === '*' ? 0 : segment));
    expect(schemaAt(path, policyTestSchema)).toBeUndefined();
  });
});

describe('whatever a file holds, reading it does not throw', () => {
  const everything = fixture('good-everything.yaml').text;

  function survives(text: string): void {
    const file = { path: 'a.test.yaml', text };
    const read = readTests(file);
    const hasErrors = read.diagnostics.some(({ severity }) => severity === 'error');
    expect(read.document === undefined).toBe(hasErrors);
    for (const { line, column, length } of read.diagnostics)
      expect(Math.min(line, column, length)).toBeGreaterThan(0);
    expect(formatDiagnostics(read.diagnostics, [file])).toBeTypeOf('string');
  }

  it('survives a good file with a piece cut out or doubled', () => {
    const cut = fc.tuple(fc.nat(everything.length), fc.nat(80), fc.boolean());
    fc.assert(
      fc.property(cut, ([from, length, isDoubled]) => {
        const piece = everything.slice(from, from + length);
        const middle = isDoubled ? `${piece}${piece}` : '';
        survives(`${everything.slice(0, from)}${middle}${everything.slice(from + length)}`);
      }),
      { numRuns: 150 },
    );
  });

  it('survives a good file with a value replaced', () => {
    const values = [...everything.matchAll(/: ([^\s{}[\],#"]+)/g)];
    const wrong = fc.constantFrom(
      'null',
      '[]',
      '{}',
      '-1',
      '1e9',
      '"x"',
      '~',
      'true',
      '[[1]]',
      '{ a: { b: 1 } }',
    );
    fc.assert(
      fc.property(fc.nat(values.length - 1), wrong, (index, text) => {
        const { index: at = 0, 0: whole = '' } = values[index] ?? {};
        survives(`${everything.slice(0, at)}: ${text}${everything.slice(at + whole.length)}`);
      }),
      { numRuns: 150 },
    );
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => survives(text)));
  });
});
