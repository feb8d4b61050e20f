import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cli, folderWith, policyText } from './support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = join(root, 'test/policy-test/fixtures');

const head = `apiVersion: checkpilot/v1
kind: PolicyTest
policies: [policy.yaml]
start: "2026-11-20T21:00:00Z"
fixtures: { clicks: { job: clicks } }
`;
const passing = '  - { name: stays calm, fixture: clicks, expect: [{ at: 1m, writes: none }] }\n';
const failing =
  '  - { name: wakes <up> & "goes", fixture: clicks, expect: [{ at: 1m, decision: { kind: start } }] }\n';
const policy = policyText({ clicks: 'mode: act' });

/** Milliseconds are the machine's own. */
const timeless = (text: string) => text.replace(/\d+ ms/g, 'N ms').replace(/time="[\d.]+"/g, 'time="T"');

describe('checkpilot test', () => {
  it('plays the tests that are shipped beside the policy of the demo, and all of them pass', async () => {
    const { code, out, err } = await cli(['test', 'examples', '--min-coverage', '50'], { cwd: root });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ PASS {2}a lost connection is answered with a restart/);
    const [, passed = '0'] = /1 file, \d+ tests, (\d+) passed, 0 failed\n/.exec(out) ?? [];
    expect(Number(passed)).toBeGreaterThanOrEqual(8);
  });

  it('shows of a test that fails what was expected, what came and why, and ends with 4', async () => {
    const { code, out, err } = await cli(['test', 'failing.yaml'], { cwd: fixtures });
    expect({ code, err }).toEqual({ code: 4, err: '' });
    expect(timeless(out)).toMatchInlineSnapshot(`
      " PASS  this one passes                                                                       2 steps  N ms
       FAIL  a bug is restarted                                                                    failing.yaml:12
             at 5m (line 16)        expected      actual
               decision.kind        start         park
               decision.mode        act           none
               decision.afterDelay  at most 30 s  none: no start is wanted
               why  park (deterministic-failure) of clicks at 5m by rule recover: The same input and code would fail the same way.
                    user-code-error → stop-and-page by python-error: "NameError: name 'foo' is not defined"
                    no start: class user-code-error: stop-and-page
             at 5m (line 17)  expected    actual
               status.state   RECOVERING  NEEDS HUMAN
               status.streak  1           0
               why  nothing (parked) of clicks at 5m by rule recover: The job is parked until a person or a new version changes something.
             at 5m (line 18)  expected            actual
               next           contains "restart"  a person: deterministic-failure
               next.in        a time              none: a person: deterministic-failure
               why  nothing (parked) of clicks at 5m by rule recover: The job is parked until a person or a new version changes something.
       FAIL  three restarts are two too many                                                       failing.yaml:19
             at 26m (line 26)      expected  actual
               writes.StartJobRun  1         3
               why  StartJobRun at 5m17s
                    StartJobRun at 15m27s
                    StartJobRun at 25m55s
             at 5m (line 27)  expected          actual
               never          no such decision  kind start, class transient-io
               why  start (job-run-failed) of clicks at 5m by rule recover: The run failed with a cause that a restart from the checkpoint can cure.
                    transient-io → restart-with-backoff by reshard-race: "timestampInMillis parameter cannot be greater than the current one"
                    restart.backoff.initial: 30s   policy.yaml:10
             at 26m (line 28)           expected  actual
               notifications.count      1         0; told were incident.opened (warning)
               notifications.receivers  team      nobody
               why  5m incident.opened (warning) to team: clicks: A network or service call failed in a way that usually passes: "timestampInMillis parameter cannot be greater than the current…
             at 25m (line 29)   expected                 actual
               decision.kind    park                     start
               decision.reason  streak-without-progress  job-run-failed
               why  start (job-run-failed) of clicks at 25m by rule recover: The run failed with a cause that a restart from the checkpoint can cure.
                    transient-io → restart-with-backoff by reshard-race: "timestampInMillis parameter cannot be greater than the current one"
                    no park: class transient-io: restart-with-backoff, and 2 of 3 restarts in a row without a committed batch
                    restart.backoff.initial: 30s   policy.yaml:10
                    restart.streak.withoutProgress: 3   shipped default
       FAIL  a failure is of another class than the test says                                      failing.yaml:30
             at 5m (line 30)  expected      actual
               event class    transient-io  memory-exhausted
               why  judged by out-of-memory: "java.lang.OutOfMemoryError: Java heap space"
                    give the event the text that the job really writes, or the class that it is judged to be
       FAIL  what has ended cannot fail again                                                      failing.yaml:34
             the test (line 34)  expected  actual
               event             happens   run.failed at 6m: no run of clicks is live; the last decision was nothing (parked)

      1 file, 5 tests, 1 passed, 4 failed
      coverage 30 %: 2/9 rules, 1/1 classes, 1/2 actions, 0/1 windows
      never exercised: rule identity, rule stop, rule launch, rule seam, rule futile, rule stall, rule retention, action extendRetention, window sale
      "
    `);
  });

  it('finds its files in the folder where it is called, not in packages and hidden folders', async () => {
    const folder = folderWith({ 'policy.yaml': policy, 'a.test.yaml': `${head}tests:\n${passing}` });
    for (const [name, text] of [
      [
        'deep/er',
        `${head.replace('policy.yaml', '../../p*.yaml')}tests:\n${passing.replace('calm', 'deep')}`,
      ],
      ['node_modules/x', 'no test'],
      ['.hidden', 'no test'],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'b.test.yaml'), text);
    }
    const { code, out } = await cli(['test'], { cwd: folder });
    expect(code).toBe(0);
    expect(timeless(out)).toMatch(/stays calm .*2 steps {2}N ms\n PASS {2}stays deep/);
    expect(out).toContain('2 files, 2 tests, 2 passed, 0 failed');
  });

  it('plays only the tests whose name is asked for', async () => {
    const folder = folderWith({
      'policy.yaml': policy,
      'a.test.yaml': `${head}tests:\n${passing}${failing}`,
    });
    expect(await cli(['test', '--run', '^stays'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await cli(['test', '--run', 'wakes'], { cwd: folder })).toMatchObject({ code: 4 });
    expect(await cli(['test', '--run', 'dances'], { cwd: folder })).toMatchObject({
      code: 64,
      err: 'no test has a name that /dances/ finds\n',
    });
    expect(await cli(['test', '--run', '['], { cwd: folder })).toMatchObject({ code: 64 });
  });

  it('fails below the coverage that is asked for', async () => {
    const folder = folderWith({ 'policy.yaml': policy, 'a.test.yaml': `${head}tests:\n${passing}` });
    expect(await cli(['test', '--min-coverage', '10'], { cwd: folder })).toMatchObject({
      code: 4,
      out: expect.stringContaining('coverage 0 %: 0/9 rules, 0/2 actions\nnever exercised: rule identity'),
      err: 'coverage 0 % is below --min-coverage 10\n',
    });
    expect(await cli(['test', '--min-coverage', '0'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await cli(['test', '--min-coverage', '101'], { cwd: folder })).toMatchObject({ code: 64 });
  });

  it('is coloured for people only', async () => {
    const folder = folderWith({
      'policy.yaml': policy,
      'a.test.yaml': `${head}tests:\n${passing}${failing}`,
    });
    const isColoured = async (env: Record<string, string>, isTty: boolean) =>
      (await cli(['test'], { cwd: folder, env, isTty })).out.includes('\u001b[');
    expect(await isColoured({}, true)).toBe(true);
    expect(await isColoured({ NO_COLOR: '1' }, true)).toBe(false);
    expect(await isColoured({}, false)).toBe(false);
  });
});

describe('what checkpilot test prints for machines', () => {
  const folder = () =>
    folderWith({ 'policy.yaml': policy, 'a.test.yaml': `${head}tests:\n${passing}${failing}` });

  it('is one JSON document with each failure, its place and its reasons', async () => {
    const { code, out, err } = await cli(['test', '--json'], { cwd: folder() });
    expect({ code, err }).toEqual({ code: 4, err: '' });
    expect(JSON.parse(out)).toEqual({
      ok: false,
      tests: 2,
      passed: 1,
      failed: 1,
      files: [
        {
          file: 'a.test.yaml',
          tests: [
            { name: 'stays calm', ok: true, line: 7, steps: 2, ms: expect.any(Number), failures: [] },
            {
              name: 'wakes <up> & "goes"',
              ok: false,
              line: 8,
              steps: 2,
              ms: expect.any(Number),
              failures: [
                {
                  line: 8,
                  atMs: 60_000,
                  differences: [{ field: 'decision.kind', expected: 'start', actual: 'nothing' }],
                  why: [
                    expect.stringContaining('nothing (run-healthy) of clicks'),
                    expect.stringMatching(/^no start: run 00fixture0001 is RUNNING/),
                    'restart.stableAfter: 20m   shipped default',
                  ],
                },
              ],
            },
          ],
        },
      ],
      coverage: {
        percent: 0,
        rules: { all: expect.any(Array), exercised: [] },
        classes: { all: [], exercised: [] },
        actions: { all: ['restart', 'extendRetention'], exercised: [] },
        windows: { all: [], exercised: [] },
      },
      diagnostics: [],
    });
  });

  it('is JUnit XML in a file, with every sign of a name kept from becoming markup', async () => {
    const cwd = folder();
    const { code } = await cli(['test', '--junit', 'out.xml'], { cwd });
    expect(code).toBe(4);
    expect(timeless(readFileSync(join(cwd, 'out.xml'), 'utf8'))).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="checkpilot test" tests="2" failures="1" errors="0" skipped="0" time="T">
        <testsuite name="a.test.yaml" tests="2" failures="1" errors="0" skipped="0" time="T">
          <testcase name="stays calm" classname="a.test.yaml" file="a.test.yaml" line="7" time="T"/>
          <testcase name="wakes &lt;up&gt; &amp; &quot;goes&quot;" classname="a.test.yaml" file="a.test.yaml" line="8" time="T">
            <failure message="at 1m: decision.kind expected start, actual nothing">a.test.yaml:8 at 1m: decision.kind expected start, actual nothing
        nothing (run-healthy) of clicks at the start by rule steady: The run is live.
        no start: run 00fixture0001 is RUNNING: a job is started only when its run has ended
        restart.stableAfter: 20m   shipped default</failure>
          </testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });
});

describe('files that cannot be played', () => {
  it('end with 3 and every fault at once, those of the policy too', async () => {
    const folder = folderWith({
      'policy.yaml': policyText({ clicks: 'mood: act' }),
      'a.test.yaml': `${head}tests:\n  - { name: x, fixture: click }\n`,
      'b.test.yaml': `${head.replace('policy.yaml', 'nowhere*.yaml')}tests:\n${passing}`,
    });
    const { code, out } = await cli(['test'], { cwd: folder });
    expect(code).toBe(3);
    expect(out).toContain('policy.yaml:6:60 error CP1001 jobs.clicks.mood');
    expect(out).toContain('a.test.yaml:7:5 error CP2301 tests[0].expect: the test expects nothing');
    expect(out).toContain('error CP2303 tests[0].fixture: no fixture is called "click"');
    expect(out).toContain(
      'b.test.yaml:3:12 error CP2303 policies[0]: no policy file is called "nowhere*.yaml"',
    );
    const { out: json } = await cli(['test', '--json'], { cwd: folder });
    expect(JSON.parse(json)).toMatchObject({ ok: false, tests: 0, diagnostics: [{}, {}, {}, {}] });
  });

  it('say what the policy does not have', async () => {
    const { code, out } = await cli(['test', 'against-policy.yaml'], { cwd: fixtures });
    expect(code).toBe(3);
    expect(out).toContain('no job of the policies is called "orders"');
  });

  it('end with 1 where there is nothing to read', async () => {
    const folder = folderWith({ 'policy.yaml': policy });
    expect(await cli(['test'], { cwd: folder })).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no *.test.yaml'),
    });
    expect(await cli(['test', 'a.test.yaml'], { cwd: folder })).toMatchObject({ code: 1 });
  });

  it('tell warnings on stderr, and are played', async () => {
    const { code, err } = await cli(['test', 'warn-no-effect.yaml'], { cwd: fixtures });
    expect(code).toBe(0);
    expect(err).toContain('2 warnings');
  });
});

describe('a folder of policies with tests beside them', () => {
  it('is checked without the tests, and a file of tests by itself is told what runs it', async () => {
    const folder = folderWith({ 'policy.yaml': policy, 'a.test.yaml': `${head}tests:\n${passing}` });
    expect(await cli(['check', '.'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await cli(['check', 'a.test.yaml'], { cwd: folder })).toMatchObject({
      code: 3,
      out: expect.stringContaining('checkpilot test FILE'),
    });
  });
});
