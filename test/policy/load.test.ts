import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic, SourceText } from '../../src/policy/diagnostics.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const folder = join(import.meta.dirname, 'fixtures');
const fixtures = readdirSync(folder).map((path) => ({
  path,
  text: readFileSync(join(folder, path), 'utf8'),
}));

const head = `apiVersion: checkpilot/v1
kind: Policy
`;
const metadata = 'metadata: { name: test, accountId: "111122223333", region: us-east-1, owner: team }\n';

describe('loadPolicy', () => {
  const good = fixtures.filter(({ path }) => path.startsWith('good-'));
  it.each(good)('takes $path without a word', (file) => {
    expect(diagnosticsOf([file])).toEqual([]);
  });

  const marked = fixtures.filter(({ path }) => !path.startsWith('good-'));
  it.each(marked)('finds each fault of $path on its line, and no other', (file) => {
    const found = diagnosticsOf([file]).map(({ line, code }) => `${line} ${code}`);
    expect(found.sort()).toEqual(marksOf(file.text).sort());
  });

  it('refuses a bad file and takes one that only earns warnings', () => {
    for (const file of marked) expect(loadPolicy([file]).ok).toBe(file.path.startsWith('warn-'));
  });

  it('finds every unknown key among twenty thousand, also by way of an alias', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => index + 6);
    const keys = lines.map((line) => `    strange${line}: 1\n`).join('');
    // Looked up one by one, the keys of `b` would take minutes.
    const text = `${head}${metadata}jobs:\n  a: &a\n${keys}  b: *a\n`;
    const unknown = diagnosticsOf([{ path: 'p.yaml', text }]).filter(({ code }) => code === 'CP1001');
    expect(unknown.map(({ line }) => line)).toEqual(lines);
  });

  it('shows faults in the order of the file', () => {
    for (const file of marked) {
      const places = diagnosticsOf([file]).map(({ line, column }) => line * 1_000 + column);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it('asks for metadata and jobs in an empty file, and for a file if there is none', () => {
    const codes = (files: readonly SourceText[]) =>
      diagnosticsOf(files).map(({ code, path }) => `${code} ${path}`);
    const missing = ['CP1005 apiVersion', 'CP1005 kind', 'CP1005 metadata', 'CP1005 jobs'];
    expect(codes([{ path: 'a.yaml', text: '' }])).toEqual(missing);
    expect(codes([])).toEqual(['CP1005 metadata', 'CP1005 jobs']);
  });

  it('keeps the text of an id that YAML reads as a number', () => {
    const loaded = loadPolicy(fixtures.filter(({ path }) => path === 'warn-unquoted-ids.yaml'));
    expect(loaded).toMatchObject({
      ok: true,
      policy: {
        accountId: '012345678901',
        jobs: { clicks: { match: { applicationId: '00e1500000000001' } } },
      },
    });
  });

  it('tells a misspelt key once, not also as missing', () => {
    const text = `${head}${metadata}jobs:\n  a:\n    mach: { application: { id: 00aa } }\n    checkpoint: { location: s3://bbb/a }\n`;
    expect(diagnosticsOf([{ path: 'a.yaml', text }])).toMatchObject([
      { code: 'CP1001', path: 'jobs.a.mach', line: 6, column: 5, hint: 'did you mean "match"?' },
    ]);
  });

  it('reports a fault of the defaults once, where it is written, not in each job', () => {
    const jobs = ['a', 'b', 'c']
      .map((name) => `  ${name}: { checkpoint: { location: s3://bbb/${name} } }\n`)
      .join('');
    const defaults =
      'defaults: { match: { application: { id: 00aa } }, restart: { budget: { perDay: 2 } } }\n';
    const found = diagnosticsOf([{ path: 'a.yaml', text: `${head}${metadata}${defaults}jobs:\n${jobs}` }]);
    expect(found).toMatchObject([{ code: 'CP1003', line: 4, column: 70 }]);
  });
});

describe('a fault that stands in defaults', () => {
  const job = (name: string, more = '') =>
    `  ${name}: { checkpoint: { location: s3://bbb/${name} }${more} }\n`;
  const found = (defaults: string, jobs: string) => {
    const text = `${head}${metadata}defaults: { match: { application: { id: 00aa } }, ${defaults} }\njobs:\n${jobs}`;
    return diagnosticsOf([{ path: 'a.yaml', text }]).map(({ line, path, message }) => ({
      line,
      path,
      message,
    }));
  };

  it('is named as one of the defaults', () => {
    expect(found('restart: { budget: { perDay: 2 } }', job('a') + job('b'))).toEqual([
      { line: 4, path: 'defaults.restart.budget', message: '2 a day is less than 3 an hour' },
    ]);
  });

  it('is told there, too, if it is that something is missing', () => {
    expect(found('source: { kinesis: { consumer: efo/a } }', job('a') + job('b'))).toEqual([
      { line: 4, path: 'defaults.source.kinesis.stream', message: '"stream" is missing' },
    ]);
  });

  it('is one of the job where other jobs have mended it', () => {
    const jobs = job('a', ', source: { kinesis: { stream: a } }') + job('b');
    expect(found('source: { kinesis: { consumer: efo/a } }', jobs)).toEqual([
      { line: 7, path: 'jobs.b.source.kinesis.stream', message: '"stream" is missing' },
    ]);
  });

  it('is one, too, where jobs only meet in what they inherit', () => {
    const text = `${head}${metadata}defaults:\n  match: { application: { id: 00aa }, jobName: "*" }\n  checkpoint: { location: s3://bbb/x }\njobs: { a: {}, b: {}, c: {}, d: {} }\n`;
    const told = diagnosticsOf([{ path: 'a.yaml', text }]);
    expect(told.map(({ line, code, path }) => `${line} ${code} ${path}`)).toEqual([
      '5 CP2001 defaults.match.jobName',
      '6 CP2003 defaults.checkpoint.location',
    ]);
  });

  it('is one of both jobs where one of them says it once more', () => {
    const jobs = 'jobs: { a: {}, b: { checkpoint: { location: s3://bbb/x } } }\n';
    const text = `${head}${metadata}defaults:\n  match: { application: { id: 00aa } }\n  checkpoint: { location: s3://bbb/x }\n${jobs}`;
    expect(diagnosticsOf([{ path: 'a.yaml', text }])).toMatchObject([
      { line: 7, code: 'CP2003', path: 'jobs.b.checkpoint.location' },
    ]);
  });

  it('names the job whose own value makes it one', () => {
    const jobs = job('a', ', restart: { nativeRetries: 10 }') + job('b');
    expect(found('restart: { budget: { perHour: 5 } }', jobs)).toMatchObject([
      { line: 4, path: 'jobs.a.restart.budget.perHour' },
    ]);
  });
});

describe('a key at the wrong place', () => {
  const found = (text: string) =>
    diagnosticsOf([{ path: 'a.yaml', text: `${head}${text}` }]).map(
      ({ code, path, hint }) => `${code} ${path}: ${hint}`,
    );
  const jobs = (more: string) =>
    `${metadata}jobs:\n  a:\n    match: { application: { id: 00aa } }\n    checkpoint: { location: s3://bbb/a }\n    ${more}\n`;

  it.each([
    ['nativeRetries: 3', 'jobs.a.nativeRetries: it belongs in jobs.a.restart'],
    ['perHour: 3', 'jobs.a.perHour: it belongs in jobs.a.restart.budget'],
    ['restart: { mode: act }', 'jobs.a.restart.mode: it belongs in jobs.a'],
    ['launch: { driver: {} }', 'jobs.a.launch.driver: it belongs in jobs.a.launch.spec'],
    ['restart: { pause: {} }', 'jobs.a.restart.pause: it belongs in guardrails'],
    ['defaults: {}', 'jobs.a.defaults: it belongs at the top of the file'],
    ['action: page', 'jobs.a.action: did you mean "actions"?'],
  ])('%s is shown where it belongs', (more, expected) => {
    expect(found(jobs(more))).toContain(`CP1001 ${expected}`);
  });

  it.each([
    ['severity: critical', 'known here: description, owner'],
    ['maxRetries: 3', 'known here: description, owner'],
  ])('%s, which has many places or none, is answered with what is known', (more, expected) => {
    expect(found(jobs(more))).toEqual([expect.stringContaining(expected)]);
  });

  it('is shown in the entries of a list, too', () => {
    const windows = `guardrails: { windows: [{ duration: 2h }] }\n`;
    expect(found(jobs('mode: act') + windows)).toContain(
      'CP1001 guardrails.windows[0].duration: it belongs in guardrails.windows[0].when.recurring',
    );
  });

  it('is not told a second time as missing where it belongs', () => {
    const text = `${metadata.replace('region: us-east-1, ', '')}region: us-east-1\ndefaults: { id: 00aa, location: s3://bbb/a }\njobs: { a: {} }\n`;
    expect(found(text)).toEqual([
      'CP1001 region: it belongs in metadata',
      'CP1001 defaults.id: it belongs in defaults.match.application',
      'CP1001 defaults.location: it belongs in defaults.checkpoint',
    ]);
  });
});

describe('a policy of several files', () => {
  const base = {
    path: 'base.yaml',
    text: `${head}${metadata}defaults: { match: { application: { id: 00aa } } }\n`,
  };
  const team = (path: string, jobs: string) => ({ path, text: `${head}jobs:\n${jobs}` });

  it('shares metadata and defaults among all of them', () => {
    const loaded = loadPolicy([
      team('clicks.yaml', '  clicks: { checkpoint: { location: s3://bbb/clicks } }\n'),
      team('orders.yaml', '  orders: { checkpoint: { location: s3://bbb/orders } }\n'),
      base,
    ]);
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
    expect(Object.keys(loaded.ok ? loaded.policy.jobs : {})).toEqual(['clicks', 'orders']);
  });

  it('refuses a job or a section that stands in two files, and names both places', () => {
    const job = '  clicks: { checkpoint: { location: s3://bbb/clicks } }\n';
    const more = { path: 'z.yaml', text: `${head}${metadata}` };
    const found = diagnosticsOf([base, team('a.yaml', job), team('b.yaml', `  other: {}\n${job}`), more]);
    expect(found.filter(({ code }) => code === 'CP1007')).toMatchObject([
      { file: 'b.yaml', line: 5, column: 3, message: '"clicks" is also in a.yaml:4:3' },
      { file: 'z.yaml', line: 3, column: 1, message: '"metadata" is also in base.yaml:3:1' },
    ]);
    // That it meets itself, in its name and its checkpoint, is not told besides.
    expect(found.map(({ code }) => code).sort()).toEqual(['CP1005', 'CP1007', 'CP1007']);
  });

  it('names the other file when two jobs meet', () => {
    const found = diagnosticsOf([
      base,
      team('a.yaml', '  clicks: { match: { jobName: "c*" }, checkpoint: { location: s3://bbb/c } }\n'),
      team('b.yaml', '  costs: { checkpoint: { location: s3://bbb/c/osts } }\n'),
    ]);
    expect(found).toMatchObject([
      { file: 'b.yaml', code: 'CP2001', message: 'also matched by job "clicks" in a.yaml:4:13' },
      { file: 'b.yaml', code: 'CP2003', path: 'jobs.costs.checkpoint.location' },
    ]);
  });

  it('says nothing of what a file that cannot be read may hold', () => {
    const broken = { path: 'base.yaml', text: 'defaults: { match: [' };
    const found = diagnosticsOf([broken, team('a.yaml', '  clicks: { mode: enforce }\n')]);
    expect(new Set(found.map(({ file, code }) => `${file} ${code}`))).toEqual(
      new Set(['base.yaml CP1006', 'a.yaml CP1004']),
    );
  });
});

function diagnosticsOf(files: readonly SourceText[]): readonly Diagnostic[] {
  const loaded = loadPolicy(files);
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}

/** `# <- CP1001 CP1003` at the end of line 7 gives `7 CP1001` and `7 CP1003`. */
function marksOf(text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const codes = /# <- (.+)$/.exec(line)?.[1]?.split(' ') ?? [];
    return codes.map((code) => `${index + 1} ${code}`);
  });
}
