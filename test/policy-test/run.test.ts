import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classify } from '../../src/core/failure/classify.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { coverageOf, percentOf } from '../../src/policy-test/coverage.ts';
import { textOf } from '../../src/policy-test/failure-text.ts';
import { readTests } from '../../src/policy-test/load.ts';
import { planOf } from '../../src/policy-test/plan.ts';
import { play } from '../../src/policy-test/play.ts';
import { runTest, type Suite, type TestResult } from '../../src/policy-test/run.ts';
import { Stage } from '../../src/policy-test/stage.ts';
import { failingClasses } from '../../src/policy-test/vocabulary.ts';

const folder = join(import.meta.dirname, 'fixtures');
const file = (path: string) => ({ path, text: readFileSync(join(folder, path), 'utf8') });

function suiteOf(text: string, path = 'a.test.yaml', files = [file('policy.yaml')]): Suite {
  const loaded = loadPolicy(files);
  const read = readTests({ path, text });
  if (!loaded.ok || !read.document) throw new Error(JSON.stringify(read.diagnostics));
  return { read, policy: loaded.policy, files };
}

/** A file with this one test in it. */
function suiteWith(test: string, more = ''): Suite {
  return suiteOf(`apiVersion: checkpilot/v1
kind: PolicyTest
policies: [policy.yaml]
start: "2026-11-20T21:00:00Z"
${more}
fixtures:
  clicks: { job: clicks }
  committing: { job: clicks, checkpoint: { commitEvery: 1m } }
tests:
  - { name: it, fixture: clicks, ${test} }
`);
}

const said = ({ failures }: TestResult) =>
  failures.flatMap(({ differences }) =>
    differences.map(({ field, expected, actual }) => `${field}: ${expected} / ${actual}`),
  );

const why = ({ failures }: TestResult) => failures.flatMap((failure) => failure.why).join('\n');

describe('the world of a test', () => {
  const world = suiteOf(file('world.yaml').text, 'world.yaml');
  const names = world.read.document?.tests.map(({ name }, index) => [name, index] as const) ?? [];

  it.each(names)('%s', async (_name, index) => {
    const result = await runTest(world, index);
    expect({ failures: said(result), why: why(result) }).toEqual({ failures: [], why: '' });
  });

  it('is the same each time for one seed, and draws other waits for another', async () => {
    const delays = async (seed: number) => {
      const suite = suiteWith(
        'events: [{ at: 5m, run.failed: { class: transient-io } }], expect: [{ at: 9m, writes: none }]',
        `seed: ${seed}`,
      );
      const { document } = suite.read;
      const [test] = document?.tests ?? [];
      if (!document || !test) throw new Error('no test');
      const { calls, decisions } = await play(planOf(document, test, suite.policy));
      return { calls, ids: decisions.map(({ id, atMs, reason }) => `${id} ${atMs} ${reason}`) };
    };
    expect(await delays(3)).toEqual(await delays(3));
    expect((await delays(3)).calls).not.toEqual((await delays(4)).calls);
  });

  it('answers nothing that no test has brought about', async () => {
    const suite = suiteWith('expect: [{ at: 1m, writes: none }]');
    const { document } = suite.read;
    const [test] = document?.tests ?? [];
    if (!document || !test) throw new Error('no test');
    const { ports } = new Stage(planOf(document, test, suite.policy));
    await expect(ports.runs.get('00f1cbsc6anuij25', 'run-of-nobody')).rejects.toThrow(
      'no event of the test made',
    );
    await expect(ports.runs.list('another', {})).rejects.toThrow('which no job of the test has');
    await expect(ports.checkpoints.head('s3://bucket/elsewhere')).rejects.toThrow('ListObjects of s3://');
    await expect(ports.streams.received('orders', { fromMs: 0, toMs: 1 })).rejects.toThrow('stream orders');
  });
});

describe('a test that fails', () => {
  it('says what was decided instead, what was missing, and which line of the policy says so', async () => {
    const result = await runTest(
      suiteWith(
        `events: [{ at: 5m, run.failed: { message: "NameError: name 'foo' is not defined" } }], expect: [{ at: 5m, decision: { kind: start, reason: job-run-failed } }]`,
      ),
      0,
    );
    expect(said(result)).toEqual([
      'decision.kind: start / park',
      'decision.reason: job-run-failed / deterministic-failure',
    ]);
    expect(why(result)).toMatch(
      /^park \(deterministic-failure\) of clicks at 5m by rule recover: .*\nuser-code-error → stop-and-page by python-error: "NameError.*"\nno start: class user-code-error: stop-and-page\nrestart\.backoff\.initial: 30s {3}policy\.yaml:10$/,
    );
    expect(result.failures[0]?.place).toMatchObject({ file: 'a.test.yaml', line: 10 });
  });

  it('names the window that holds a start back, with its line', async () => {
    const suite = suiteWith(
      'events: [{ at: 35m, run.failed: { class: transient-io } }], expect: [{ at: 35m, decision: { mode: act } }]',
    );
    const text = suite.read.source.text.replace('job: clicks }', 'job: frozen }');
    const result = await runTest(suiteOf(text), 0);
    expect(said(result)).toEqual(['decision.mode: act / observe']);
    expect(why(result)).toContain('withheld: a deny window of the policy is open ("sale" ends in 55 min)');
    expect(why(result)).toContain('guardrails.windows[0]: sale   policy.yaml:13');
  });

  it('names the budget that jobs take together, with its line', async () => {
    const { path, text } = file('policy.yaml');
    const limited = text.replace('guardrails:\n', 'guardrails:\n  budgets: { fleet: { perHour: 1 } }\n');
    const suite = suiteWith(
      'events: [{ at: 5m, run.failed: { class: transient-io } }, { at: 15m, run.failed: { class: transient-io } }], expect: [{ at: 19m, decision: { kind: start } }]',
    );
    const { source } = suite.read;
    const result = await runTest(suiteOf(source.text, 'a.test.yaml', [{ path, text: limited }]), 0);
    expect(why(result)).toMatch(/^wait \(scope-budget-exhausted\) of clicks/);
    expect(why(result)).toContain('guardrails.budgets.fleet: {"perHour":1}   policy.yaml:12');
  });

  it('names the default where nobody wrote a value', async () => {
    const result = await runTest(
      suiteWith(
        'events: [{ at: 5m, run.failed: { class: transient-io } }], expect: [{ at: 5m, decision: { reason: streak-without-progress } }]',
      ),
      0,
    );
    expect(why(result)).toContain('restart.streak.withoutProgress: 3   shipped default');
  });

  it('fails for a failure that the product takes for another class', async () => {
    const result = await runTest(
      suiteWith(
        'events: [{ at: 5m, run.failed: { class: transient-io, message: "No space left on device" } }], expect: [{ at: 5m, decision: { kind: start } }]',
      ),
      0,
    );
    expect(said(result)).toEqual(['event class: transient-io / disk-exhausted']);
  });

  it('fails for an event that cannot happen', async () => {
    const result = await runTest(
      suiteWith(
        'events: [{ at: 5m, run.failed: { class: bad-data } }, { at: 6m, run.succeeded: {} }], expect: [{ at: 6m, decision: { reason: parked } }]',
      ),
      0,
    );
    expect(said(result)).toEqual([
      'event: happens / run.succeeded at 6m: no run of clicks is live; the last decision was nothing (parked)',
    ]);
  });

  it('fails for an order that is refused', async () => {
    const result = await runTest(
      suiteWith(
        'control: { killSwitch: true }, events: [{ at: 5m, person.start: {} }], expect: [{ at: 6m, writes: none }]',
      ),
      0,
    );
    expect(said(result)).toEqual([
      'event: happens / person.start at 5m: clicks cannot be started now: the kill switch is on',
    ]);
  });

  it('fails alone when the product throws', async () => {
    const suite = suiteWith('expect: [{ at: 1m, writes: none }]');
    const [clicks] = Object.values(suite.policy.jobs);
    if (!clicks) throw new Error('no job');
    const broken = {
      ...suite,
      policy: { ...suite.policy, jobs: { clicks: { ...clicks, checkpoints: [] } } },
    };
    const events =
      'events: [{ at: 5m, run.failed: { class: transient-io } }], expect: [{ at: 6m, writes: none }]';
    const result = await runTest({ ...broken, read: suiteWith(events).read }, 0);
    expect(said(result)).toEqual([
      expect.stringMatching(/^the test: can be played \/ job clicks has no checkpoint/),
    ]);
  });
});

describe('spans and steps', () => {
  const failing = 'events: [{ at: 5m, run.failed: { class: credentials-expired } }]';
  const passes = async (expectation: string) =>
    (await runTest(suiteWith(`${failing}, expect: [${expectation}]`), 0)).ok;

  it('count their first and their last step whole', async () => {
    expect(await passes('{ from: 0m, to: 4m, writes: none }')).toBe(true);
    expect(await passes('{ from: 0m, to: 5m, writes: none }')).toBe(false);
    expect(await passes('{ from: 5m, to: 5m, writes: { StartJobRun: 1 } }')).toBe(true);
    expect(await passes('{ from: 6m, to: 9m, writes: none }')).toBe(true);
    expect(await passes('{ at: 9m, writes: { StartJobRun: 1 } }')).toBe(true);
  });

  it('see the decision that stood when they began', async () => {
    expect(await passes('{ from: 7m, to: 9m, never: { reason: run-healthy } }')).toBe(false);
    expect(await passes('{ from: 7m, to: 9m, never: { reason: job-run-failed } }')).toBe(true);
    expect(await passes('{ at: 9m, decision: { reason: run-healthy } }')).toBe(true);
  });
});

describe('coverage', () => {
  it('counts what decided an asserted decision, and nothing that merely happened', async () => {
    const suite = suiteWith(
      'events: [{ at: 5m, run.failed: { message: exit 137 } }], expect: [{ at: 5m, decision: { kind: start, class: memory-exhausted } }]',
    );
    const { outcomes } = await runTest(suite, 0);
    const coverage = coverageOf([suite.policy], outcomes);
    expect(coverage).toMatchObject({
      rules: { exercised: ['recover'] },
      classes: { all: ['memory-exhausted'], exercised: ['memory-exhausted'] },
      actions: { all: ['restart', 'extendRetention'], exercised: ['restart'] },
    });
    expect(percentOf(coverage)).toBe(23);
    const never = suiteWith(
      'expect: [{ from: 0m, to: 1m, never: { kind: start } }, { at: 1m, writes: none }]',
    );
    const other = coverageOf([suite.policy], (await runTest(never, 0)).outcomes);
    expect(percentOf(other)).toBe(0);
    const wrong = suiteWith('expect: [{ at: 1m, decision: { kind: start } }]');
    expect(percentOf(coverageOf([suite.policy], (await runTest(wrong, 0)).outcomes))).toBe(0);
  });
});

describe('the text of a failure that a test only gives a class', () => {
  it.each(failingClasses)('is judged to be %s by the product', (failureClass) => {
    expect(classify({ state: 'FAILED', text: textOf(failureClass) }).class).toBe(failureClass);
  });
});
