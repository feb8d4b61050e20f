import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DiagnosticCode, diagnosticCodes, formatDiagnostics } from '../../src/policy/diagnostics.ts';
import { explanations } from '../../src/policy/explanations.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { keysNotYet, notYet } from '../../src/policy/not-yet.ts';
import { schemaAt } from '../../src/policy/schema-walk.ts';
import { maskSecrets, secretsIn } from '../../src/policy/secrets.ts';

const folder = join(import.meta.dirname, 'fixtures');
const fixture = (name: string) => readFileSync(join(folder, name), 'utf8');
/** Faults of policies, and of the tests of policies. */
const marks = [folder, join(import.meta.dirname, '../policy-test/fixtures')]
  .flatMap((each) => readdirSync(each).map((name) => readFileSync(join(each, name), 'utf8')))
  .flatMap((text) => [...text.matchAll(/# <- (.+)$/gm)])
  .flatMap(([, codes = '']) => codes.split(' '));

describe('each code', () => {
  const codes = Object.keys(diagnosticCodes) as DiagnosticCode[];

  it.each(codes)('%s has a file with the fault on a marked line', (code) => {
    expect(marks).toContain(code);
  });

  it.each(codes)('%s says its cause, an example and how to mend it', (code) => {
    const { cause, example, fix } = explanations[code];
    expect(cause).toMatch(/^[A-Z].{30,}\.$/s);
    expect(example).not.toBe('');
    expect(fix).toMatch(/^[A-Z].{30,}\.$/s);
  });

  it('is marked nowhere without being there', () => {
    expect(marks.filter((code) => !codes.includes(code as DiagnosticCode))).toEqual([]);
  });
});

describe('keys of a later version', () => {
  const told = diagnosticsOf(fixture('bad-not-yet.yaml'));

  it.each([...keysNotYet.keys()])('%s is refused as not there yet, not as unknown', (key) => {
    const words = key.split('.').slice(-1)[0];
    expect(told.some(({ code, message }) => code === 'CP1008' && message.startsWith(`"${words}" `))).toBe(
      true,
    );
  });

  it.each([...keysNotYet.keys()])('%s is not in the format already', (key) => {
    const path = key
      .replace(/^job\./, 'jobs.some-job.')
      .replace('*', 'transient-io')
      .split('.');
    expect(schemaAt(path)).toBeUndefined();
    expect(notYet(path)).toBeDefined();
  });

  it('names the id that an application needs, and does not ask for it a second time', () => {
    const [fault, ...more] = told.filter(({ path }) => path.includes('match'));
    expect(fault).toMatchObject({ code: 'CP1008', path: 'jobs.clicks.match.application.name' });
    expect(fault?.hint).toContain('list-applications');
    expect(more).toEqual([]);
  });
});

describe('secrets', () => {
  it('are shown neither in a line of the file nor in a message', () => {
    const text = fixture('bad-secrets.yaml').replace('owner: team-data', 'owner: team-data, xoxb-1-2-3-4: 5');
    const files = [{ path: 'policy.yaml', text }];
    const loaded = loadPolicy(files);
    if (loaded.ok) expect.fail('it was taken');
    const shown = formatDiagnostics(loaded.diagnostics, files) + JSON.stringify(loaded.diagnostics);
    expect(shown).toContain('CP1001');
    for (const secret of ['xoxb-1', 'T000/B000', 'AKIAIOS', 'hunter2', 'ghp_0', 'xoxb-1-2-3-4']) {
      expect(shown, secret).not.toContain(secret);
    }
  });

  it('are found in a file that is not YAML, too', () => {
    expect(diagnosticsOf('a: [ xoxp-12345678').map(({ code }) => code)).toContain('CP3001');
  });

  it.each([
    'the words xoxb and hooks.slack.com alone',
    's3://bucket/AKIA/',
    'https://wiki.example.com:8443/a@b',
    'arn:aws:iam::111122223333:role/AKIA',
  ])('are not seen in: %s', (text) => {
    expect(secretsIn(text)).toEqual([]);
  });

  it('are masked at their length, so that carets stay where they are', () => {
    expect(maskSecrets('a xoxb-12345 b')).toBe('a ********** b');
  });
});

function diagnosticsOf(text: string) {
  const loaded = loadPolicy([{ path: 'policy.yaml', text }]);
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}
