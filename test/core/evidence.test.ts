import { describe, expect, it } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import type { LogsSensor } from '../../src/core/observation.ts';
import { versionOf } from '../../src/core/version.ts';
import { withWorkers } from '../../src/core/workers.ts';
import { aJob, aRequest, atBatch, checkpoint, ended, judge, minuteMs, nowMs } from '../support/build.ts';

const wrapper =
  'Job failed, please check complete logs in configured logging destination. ExitCode: 1. Last few exceptions: org.apache.spark.api.python.PythonException: Traceback (most recent call last):';
const traceback = `26/11/22 20:13:52 ERROR MicroBatchExecution: Query terminated with error
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/home/hadoop/job.py", line 12, in ratio
    def ratio(v): return 100.0/(v-7)
ZeroDivisionError: float division by zero
`;
const log = (text: string): LogsSensor => ({
  kind: 'read',
  logs: [{ source: 'SPARK_DRIVER/stderr.gz', text, linesBefore: 1_000 }],
});
const none: LogsSensor = { kind: 'none', why: 'no driver log has arrived yet', mayCome: true };
const at = { checkpoints: { [checkpoint]: atBatch(120) } };

describe('the driver log', () => {
  it('says what state details only hint at, with its file and line', () => {
    const decision = judge({ observation: { ...at, run: ended(wrapper), logs: log(traceback) } });
    expect(decision.verdict.judgement).toMatchObject({
      class: 'user-code-error',
      evidence: expect.stringContaining('ZeroDivisionError'),
      place: { source: 'SPARK_DRIVER/stderr.gz', line: expect.any(Number) },
    });
    expect(decision.verdict.judgement?.place?.line).toBeGreaterThan(1_000);
    expect(explain(decision).join('\n')).toMatch(/driver logs read: SPARK_DRIVER\/stderr\.gz/);
  });

  it('decides where state details say nothing', () => {
    const lost =
      '26/11/22 20:13:52 ERROR TaskSchedulerImpl: Lost executor 3 on 10.0.1.7: Container released on a *lost* node';
    const decision = judge({
      observation: { ...at, run: ended('Job failed. ExitCode: 1.'), logs: log(lost) },
    });
    expect(decision).toMatchObject({ kind: 'start', verdict: { judgement: { class: 'worker-lost' } } });
  });

  it('is waited for, for three minutes, when nothing else tells why', () => {
    const endedAt = (agoMs: number) =>
      judge({ observation: { ...at, run: ended('ExitCode: 1.', { endedAtMs: nowMs - agoMs }), logs: none } });
    expect(endedAt(10_000)).toMatchObject({
      kind: 'wait',
      reason: 'awaits-evidence',
      verdict: { untilMs: nowMs + 20_000 },
    });
    expect(endedAt(3 * minuteMs)).toMatchObject({
      kind: 'start',
      verdict: { judgement: { class: 'unknown' } },
    });
  });

  it('is waited for when the state details name an error that no rule knows, and parks the job after that', () => {
    const oddity = 'com.example.Oddness: the gyre did gimble';
    const endedAt = (agoMs: number) =>
      judge({ observation: { ...at, run: ended(oddity, { endedAtMs: nowMs - agoMs }), logs: none } });
    expect(endedAt(10_000)).toMatchObject({ kind: 'wait', reason: 'awaits-evidence' });
    const parked = endedAt(3 * minuteMs);
    expect(parked).toMatchObject({ kind: 'park', reason: 'unexplained-error' });
    expect(parked.verdict.notice?.text).toContain(
      'No rule knows this error, so nobody can say that trying again is safe: "com.example.Oddness: the gyre did gimble"',
    );
    expect(explain(parked).join('\n')).toContain('name its class in classifiers of the policy');
    const job = aJob({ restart: { classes: { unknown: { action: 'restart-with-backoff' } } } });
    expect(judge({ job, observation: { ...at, run: ended(oddity) } }).kind).toBe('start');
  });

  it('is not waited for when the state details tell, nor when it never comes', () => {
    const known = judge({
      observation: { ...at, run: ended('ExecutorLostFailure (executor 3 exited)'), logs: none },
    });
    const never = judge({
      observation: { ...at, run: ended('ExitCode: 1.'), logs: { kind: 'none', why: 'goes nowhere' } },
    });
    const unreadable = judge({
      observation: { ...at, run: ended('ExitCode: 1.'), logs: { kind: 'unknown', why: 'denied: no right' } },
    });
    expect([known.kind, never.kind, unreadable.kind]).toEqual(['start', 'start', 'start']);
    expect(explain(unreadable).join('\n')).toContain('the driver log could not be read: denied: no right');
  });
});

describe('a batch that kills its run', () => {
  // An error in words of its own stops at once; a name alone is no words.
  const unknown = 'com.example.Oddness';
  const first = judge({ observation: { ...at, run: ended(unknown) } });

  it('is tried again once, and then a person is called, although it hardly says a word', () => {
    expect(first).toMatchObject({ kind: 'start', verdict: { learned: { lastFailure: { count: 1 } } } });
    const { lastFailure } = first.verdict.learned ?? {};
    const memory = { ...(lastFailure ? { lastFailure } : {}) };
    const again = judge({ memory, observation: { ...at, run: ended(unknown, { jobRunId: 'run-2' }) } });
    expect(again).toMatchObject({ kind: 'park', verdict: { learned: { lastFailure: { count: 2 } } } });
  });

  it('has the restarts of its class while every end says something else, or nothing', () => {
    for (const [before, after] of [
      ['ExitCode: 1.', 'ExitCode: 1.'],
      ['com.example.Oddness', 'com.example.Strangeness'],
    ] as const) {
      const { lastFailure } = judge({ observation: { ...at, run: ended(before) } }).verdict.learned ?? {};
      const memory = { ...(lastFailure ? { lastFailure } : {}) };
      const again = judge({ memory, observation: { ...at, run: ended(after, { jobRunId: 'run-2' }) } });
      expect(again).toMatchObject({ kind: 'start', verdict: { learned: { lastFailure: { count: 2 } } } });
    }
  });

  it('counts one end once, however often it is judged', () => {
    const { lastFailure } = first.verdict.learned ?? {};
    const again = judge({
      memory: { ...(lastFailure ? { lastFailure } : {}) },
      observation: { ...at, run: ended(unknown) },
    });
    expect(again).toMatchObject({ kind: 'start', verdict: { learned: { lastFailure: { count: 1 } } } });
  });

  it('is another batch once one was committed, and then it starts anew', () => {
    const { lastFailure } = first.verdict.learned ?? {};
    const moved = judge({
      memory: { ...(lastFailure ? { lastFailure } : {}) },
      observation: {
        checkpoints: { [checkpoint]: atBatch(121) },
        run: ended(unknown, { jobRunId: 'run-2' }),
      },
    });
    expect(moved).toMatchObject({ kind: 'start', verdict: { learned: { lastFailure: { count: 1 } } } });
  });
});

describe('a version that was deployed since the last commit', () => {
  const newer = {
    ...aRequest(),
    jobDriver: { sparkSubmit: { entryPoint: 's3://acme-artifacts/orders/1.5.0/job.py' } },
  };
  const stood = { progress: { [checkpoint]: { committedAtStart: 120, streak: 0 } } };
  const unreadable = 'detect corrupt progress tracking file';

  it('is remembered once it has committed, and not before', () => {
    const { learned } = judge({ observation: at }).verdict;
    expect(learned).toEqual({ good: versionOf(aRequest()) });
    expect(judge({ observation: at, memory: { ...learned } }).verdict.learned).toBeUndefined();
    expect(judge({ observation: at, memory: stood }).verdict.learned).toBeUndefined();
  });

  it('is what makes a log unreadable that the version before could read', () => {
    const memory = { ...stood, good: versionOf(aRequest()) };
    const ofNewer = judge({ memory, observation: { ...at, run: ended(unreadable, { request: newer }) } });
    expect(ofNewer).toMatchObject({
      kind: 'park',
      verdict: { judgement: { class: 'checkpoint-incompatible' } },
    });
    expect(ofNewer.verdict.notice?.text).toContain('s3://acme-artifacts/orders/1.4.2/job.py');
    const ofSame = judge({ memory, observation: { ...at, run: ended(unreadable) } });
    expect(ofSame).toMatchObject({ verdict: { judgement: { class: 'checkpoint-corrupt' } } });
    expect(ofSame.verdict.notice?.text).not.toContain('another version');
  });

  it('is another program, not another size of it', () => {
    const sized = withWorkers(aRequest(), { executor: { cores: 8, memory: '54g', disk: '40g' } });
    expect(versionOf(sized)).toEqual(versionOf(aRequest()));
    for (const parameters of ['--jars s3://b/x.jar', '--conf spark.jars.packages=a:b:1.2'])
      expect(versionOf(aRequest(parameters)).id).not.toBe(versionOf(aRequest()).id);
  });
});
