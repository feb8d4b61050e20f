import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cli, fixture, fixtures, folderWith, policyText } from './support.ts';

describe('checkpilot check', () => {
  it('says of a good policy that it is good, and how often a job is attempted at worst', async () => {
    const { code, out, err } = await cli(['check', fixture('good-minimal.yaml')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      "Policy test has no faults: 1 job in 1 file.\nWorst case: 12 attempts an hour (clicks), the service's own included.\n",
    );
  });

  it('shows every fault at once on stdout and ends with 3', async () => {
    const { code, out, err } = await cli(['check', fixture('bad-all-at-once.yaml')]);
    expect(code).toBe(3);
    expect(out).toContain('6 errors, 3 warnings');
    expect(err).toBe('More about a code: checkpilot explain CODE\n');
  });
});

describe('the output of checkpilot check', () => {
  it('is for machines what the contract says, each field always there', async () => {
    const file = fixture('bad-all-at-once.yaml');
    const { code, out, err } = await cli(['check', file, '--json']);
    expect({ code, err }).toEqual({ code: 3, err: '' });
    const { ok, diagnostics } = JSON.parse(out) as { ok: boolean; diagnostics: Record<string, unknown>[] };
    expect(ok).toBe(false);
    expect(diagnostics).toHaveLength(9);
    for (const each of diagnostics) {
      expect(each).toEqual({
        file,
        line: expect.any(Number),
        column: expect.any(Number),
        severity: expect.stringMatching(/^(?:error|warning)$/),
        code: expect.stringMatching(/^CP\d{4}$/),
        name: expect.any(String),
        path: expect.any(String),
        message: expect.stringMatching(/./),
        hint: expect.stringMatching(/./),
      });
    }
    expect(diagnostics[3]).toMatchObject({
      line: 11,
      column: 7,
      path: 'jobs.clickstream-enrich.restart.budgets',
    });
  });

  it('has the jobs and their worst case with a good policy', async () => {
    const { out } = await cli(['check', '--output', 'json', fixture('good-minimal.yaml')]);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      diagnostics: [],
      jobs: [{ name: 'clicks', attemptsPerHourMax: 12 }],
    });
  });

  it('takes warnings, unless it is told to be strict', async () => {
    const file = fixture('warn-many-attempts.yaml');
    expect(await cli(['check', file])).toMatchObject({ code: 0, out: expect.stringContaining('2 warnings') });
    expect(await cli(['check', file, '--strict'])).toMatchObject({ code: 3 });
    const { out } = await cli(['check', file, '--strict', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      diagnostics: [{ severity: 'warning', code: 'CP2101' }, {}],
    });
  });

  it('is a list of annotations that GitHub shows at their lines', async () => {
    const folder = folderWith({ 'a,b.yaml': policyText({ clicks: 'mode: "100%\\n"' }) });
    const { code, out } = await cli(['check', 'a,b.yaml', '--output', 'github'], { cwd: folder });
    expect(code).toBe(3);
    expect(out).toBe(
      '::error file=a%2Cb.yaml,line=6,col=66,endColumn=74,title=CP1004 not-one-of::jobs.clicks.mode: "100%25\\n" is not one of "observe", "suggest", "act"\n',
    );
  });

  it('is coloured for people only', async () => {
    const args = ['check', fixture('bad-nothing-to-launch.yaml')];
    const isColoured = async (more: readonly string[], env: Record<string, string>, isTty = true) =>
      (await cli([...args, ...more], { env, isTty })).out.includes('\u001b[');
    expect(await isColoured([], {})).toBe(true);
    expect(await isColoured([], {}, false)).toBe(false);
    expect(await isColoured([], { NO_COLOR: '1' })).toBe(false);
    expect(await isColoured([], { TERM: 'dumb' })).toBe(false);
    expect(await isColoured(['--no-color'], {})).toBe(false);
  });
});

describe('the files of checkpilot check', () => {
  it('are all YAML files of a folder in their order, and a file named twice is read once', async () => {
    const folder = folderWith({
      '2-more.yml': 'apiVersion: checkpilot/v1\nkind: Policy\njobs: { orders: { mood: act } }\n',
      '1-base.yaml': policyText({ clicks: 'mood: act' }),
      'notes.txt': 'no policy',
    });
    const { out } = await cli(['check', '.', '1-base.yaml', '--json'], { cwd: folder });
    const { diagnostics } = JSON.parse(out) as { diagnostics: { file: string; code: string }[] };
    expect(diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual([
      '1-base.yaml CP1001',
      '2-more.yml CP1005',
      '2-more.yml CP1001',
    ]);
  });

  it.each([
    ['nowhere.yaml', 'there is no such file or folder'],
    ['empty', 'the folder has no .yaml file'],
  ])('ends with 1 and the name of what it cannot read: %s', async (name, words) => {
    const folder = folderWith({ 'good.yaml': policyText({ clicks: '' }) });
    mkdirSync(`${folder}/empty`);
    const { code, out, err } = await cli(['check', 'good.yaml', name, '--json'], { cwd: folder });
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^${name}: cannot be read: ${words}`));
    expect(JSON.parse(out)).toMatchObject({ ok: false, diagnostics: [], errors: [{ file: name }] });
  });

  it('checks all fixtures of the project at once without a slip', async () => {
    const { code, err } = await cli(['check', fixtures, '--json']);
    expect({ code, err }).toEqual({ code: 3, err: '' });
  });
});
