import { describe, expect, it } from 'vitest';
import { classify, type FailureContext } from '../../../src/core/failure/classify.ts';

const minute = 60_000;

function judge(text: string, context: FailureContext = {}) {
  return classify({ state: 'FAILED', text, context });
}

describe('the state of the run', () => {
  it('calls the success of a streaming run an outage of unknown cause', () => {
    expect(classify({ state: 'SUCCESS', text: '' })).toMatchObject({
      class: 'unknown',
      rule: 'run-succeeded',
    });
  });

  it('leaves a run alone that a person or Checkpilot cancelled, however old it is', () => {
    for (const cancelledBy of ['person', 'checkpilot'] as const) {
      const context = { cancelledBy, durationMs: 720 * minute, executionTimeoutMs: 720 * minute };
      expect(classify({ state: 'CANCELLED', text: 'Java heap space', context })).toMatchObject({
        class: 'cancelled',
        action: 'ignore',
      });
    }
  });

  it('restarts a run that was cancelled by nobody at the end of its execution timeout', () => {
    const context = { durationMs: 59 * minute, executionTimeoutMs: 60 * minute };
    expect(classify({ state: 'CANCELLED', text: '', context })).toMatchObject({
      class: 'execution-timeout',
      action: 'restart',
    });
    expect(classify({ state: 'CANCELLED', text: '', context: { durationMs: 721 * minute } }).class).toBe(
      'execution-timeout',
    );
  });

  it('respects a cancel that came long before or, without a known timeout, long after the default one', () => {
    expect(classify({ state: 'CANCELLED', text: '', context: { durationMs: 30 * minute } }).class).toBe(
      'cancelled',
    );
    expect(classify({ state: 'CANCELLED', text: '', context: { durationMs: 3000 * minute } }).class).toBe(
      'cancelled',
    );
    expect(classify({ state: 'CANCELLED', text: '' }).class).toBe('cancelled');
  });

  it('believes the text that says timed out when nothing else is known', () => {
    expect(classify({ state: 'CANCELLING', text: 'the job run has timed out.' })).toMatchObject({
      class: 'execution-timeout',
      evidence: 'the job run has timed out.',
    });
  });

  it.each([
    ['"stateDetails": "Job run cancelled by user request."\n"executionTimeoutMinutes": 720', 'cancelled'],
    ['"eventName":"CancelJobRun","userIdentity":{"type":"AssumedRole"}', 'cancelled'],
    ['state CANCELLED, executionTimeoutMinutes: 720', 'cancelled'],
    ['Job run exceeded executionTimeoutMinutes 720', 'execution-timeout'],
    ['Job run exceeded the maximum execution time of 720 minutes', 'execution-timeout'],
    ['"executionTimeoutMinutes": 1440, "totalExecutionDurationSeconds": 86433', 'execution-timeout'],
    ['"executionTimeoutMinutes": 1440, "totalExecutionDurationSeconds": 12819', 'cancelled'],
    ['state=CANCELLED duration=43219s timeoutMinutes=720', 'execution-timeout'],
    [
      'state=RUNNING duration=43140s timeoutMinutes=720\nstate=CANCELLED duration=52s timeoutMinutes=720',
      'cancelled',
    ],
    [
      'createdAt 2026-05-11T18:13:20Z updatedAt 2026-05-12T06:14:03Z; no CancelJobRun call found',
      'execution-timeout',
    ],
    ['createdAt 2026-05-11T18:13:20Z updatedAt 2026-05-11T19:14:03Z', 'cancelled'],
  ])('tells a setting from a statement in %j', (text, expected) => {
    expect(classify({ state: 'CANCELLED', text }).class).toBe(expected);
  });

  it('judges a failure without any text as unknown', () => {
    expect(judge('')).toEqual({
      class: 'unknown',
      action: 'restart-with-backoff',
      rule: 'no-rule-matched',
      confidence: 0.1,
      evidence: '',
      fingerprint: 'no-rule-matched',
    });
  });
});

describe('what the context decides', () => {
  it('takes a network that was never reached for a wrong set-up, and one that was for a transient fault', () => {
    const text = 'TimeoutException: Timed out waiting for a node assignment. Call: describeTopics';
    expect(judge(text, { everCommitted: false })).toMatchObject({
      class: 'config-invalid',
      action: 'stop-and-page',
    });
    expect(judge(text, { everCommitted: true })).toMatchObject({ class: 'transient-io' });
    expect(judge(text)).toMatchObject({ class: 'transient-io' });
  });

  it('restarts for an evolved schema once and pages when the same failure returns without a commit', () => {
    const text = 'Detected schema change. Please try restarting the query.';
    expect(judge(text, { sameBatchFailures: 1 }).action).toBe('restart');
    expect(judge(text, { sameBatchFailures: 2 }).action).toBe('stop-and-page');
    expect(judge(text, { everCommitted: false, attempts: 2 }).action).toBe('stop-and-page');
  });

  it('allows the one restart of an unreadable connector log once, and none when a file is gone', () => {
    const text = 'Gave up after 3 retries while fetching MetaData, last exception:';
    expect(judge(text)).toMatchObject({ class: 'checkpoint-corrupt', action: 'restart-with-backoff' });
    expect(judge(text, { sameBatchFailures: 2 }).action).toBe('stop-and-page-data-risk');
    expect(judge(`${text}\nCaused by: FileNotFoundException: shard 4`).action).toBe(
      'stop-and-page-data-risk',
    );
  });

  it('asks for more memory when a heartbeat stops a second time at the same batch', () => {
    const text = 'Lost executor 3 on host: Executor heartbeat timed out after 151811 ms';
    expect(judge(text).class).toBe('worker-lost');
    expect(judge(text, { sameBatchFailures: 2 })).toMatchObject({
      class: 'memory-exhausted',
      action: 'restart-with-more-memory',
      worker: 'executor',
    });
  });
});

describe('the worker', () => {
  it('is named only when the text names exactly one', () => {
    expect(judge('ExecutorLostFailure (executor 4 exited) Reason: Command exited with code 137').worker).toBe(
      'executor',
    );
    expect(judge('Exception in thread "main" java.lang.OutOfMemoryError: Java heap space').worker).toBe(
      'driver',
    );
    expect(judge('Job failed. ExitCode: 137.')).not.toHaveProperty('worker');
    expect(judge('Access Denied on executor 4')).not.toHaveProperty('worker');
  });
});

describe('long texts', () => {
  it('are read in their last 64 KB only, where the driver says its last words', () => {
    const filler = 'x'.repeat(70_000);
    expect(judge(`Java heap space\n${filler}`).class).toBe('unknown');
    expect(judge(`${filler}\nJava heap space`).class).toBe('memory-exhausted');
  });

  it('are judged also when they are one line of a megabyte made to look like a hundred beginnings', () => {
    const traps = [
      'shard shardId-1 in stream ',
      'option a',
      ' ',
      'at a.a.a',
      'EOFException ',
      '/state/1/1/',
      'offset ',
      'batches 1,',
    ];
    for (const trap of traps) {
      const text = `${trap.repeat(Math.ceil(1_000_000 / trap.length))} Java heap space`;
      expect(judge(text)).toMatchObject({ class: 'memory-exhausted', rule: 'out-of-memory' });
    }
  });

  it('are quoted around the match', () => {
    const judgement = judge(`${'a'.repeat(5000)} No space left on device ${'b'.repeat(5000)}`);
    expect(judgement.evidence).toContain('No space left on device');
    expect(judgement.evidence.length).toBeLessThanOrEqual(300);
  });
});

describe('the classifiers of a policy', () => {
  const classifiers = [
    { class: 'bad-data', text: 'OrderParser: unparseable' },
    { class: 'transient-io', text: 'ledger is closing its books' },
  ] as const;
  const judged = (text: string) => classify({ state: 'FAILED', text, classifiers });

  it('come before the built-in rules', () => {
    expect(judged('java.lang.RuntimeException: OrderParser: unparseable [id=12]')).toMatchObject({
      class: 'bad-data',
      action: 'stop-and-page',
      rule: 'policy-classifier',
      evidence: expect.stringContaining('OrderParser'),
    });
    expect(
      judged("NameError: name 'x' is not defined because the ledger is closing its books"),
    ).toMatchObject({
      class: 'transient-io',
    });
  });

  it('hold in their own order, and as text, not as patterns', () => {
    expect(judged('the ledger is closing its books\nOrderParser: unparseable').class).toBe('bad-data');
    const dotted = [{ class: 'bad-data', text: 'a.b(c' }] as const;
    expect(classify({ state: 'FAILED', text: 'axb(c', classifiers: dotted }).class).toBe('unknown');
    expect(classify({ state: 'FAILED', text: 'saw a.b(c here', classifiers: dotted }).class).toBe('bad-data');
  });

  it('never turn data in danger into a restart', () => {
    const text =
      'ledger is closing its books: Some data may have been lost because they are not available in Kafka any more';
    expect(judged(text)).toMatchObject({ class: 'source-data-lost', action: 'stop-and-page-data-risk' });
  });

  it('leave all other texts as they are', () => {
    expect(judged('AmazonS3Exception: Slow Down').class).toBe('throttled');
  });
});
