import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';

function judge(text: string) {
  return classify({ state: 'FAILED', text });
}

describe('an error that no rule knows', () => {
  it.each([
    'com.acme.feed.Gyration: the gyre did gimble in the wabe',
    'Job failed, please check complete logs in configured logging destination. ExitCode: 1. Last few exceptions: slithy toves outgrabe',
    '26/01/02 03:04:05 ERROR feed.Poller: the wabe is mimsy beyond its gyre',
    '[STREAM_FAILED] Query [id = 4b0c, runId = 77aa] terminated with exception: mome raths outgrabe here SQLSTATE: XXKST',
  ])('stops, because it may be any danger: %j', (text) => {
    expect(judge(text)).toMatchObject({
      class: 'unknown',
      action: 'stop-and-page',
      rule: 'unexplained-error',
      confidence: 0.1,
      evidence: expect.stringMatching(/gyre|slithy|mome/),
      fingerprint: expect.stringContaining('unexplained-error:'),
    });
  });

  it.each([
    'Job failed, please check complete logs in configured logging destination. ExitCode: 1.',
    'JobRun failed. Please refer logs uploaded to S3/CloudWatch based on your monitoring configuration.',
    'Job run failed due to an unexpected error.',
    'airflow.exceptions.AirflowException: EMR Serverless job failed: Job failed, please check complete logs in configured logging destination. ExitCode: 1.',
    'org.apache.spark.SparkException: Job aborted.\n\tat org.apache.spark.sql.X.run(X.scala:1)',
    '26/01/02 03:04:05 ERROR MicroBatchExecution: Query orders [id = 4b0c, runId = 77aa] terminated with error',
    '26/01/02 03:04:05 ERROR LiveListenerBus: dropping SparkListenerExecutorMetricsUpdate while the gyre gimbles',
  ])('is none where the text only says that it failed: %j', (text) => {
    expect(judge(text)).toMatchObject({
      class: 'unknown',
      action: 'restart-with-backoff',
      rule: 'no-rule-matched',
      evidence: '',
    });
  });

  it('is a message without any such word, but no line that a program printed', () => {
    const text = 'toves gimbled in the wabe';
    expect(judge(text)).toMatchObject({ rule: 'unexplained-error', evidence: text });
    const logs = [{ source: 'stdout', text }];
    expect(classify({ state: 'FAILED', text: 'ExitCode: 1.', logs }).rule).toBe('no-rule-matched');
  });

  it('gives way to any rule that knows the cause', () => {
    const text =
      'com.acme.feed.Gyration: the gyre did gimble in the wabe\nCaused by: java.net.SocketException: Connection reset';
    expect(judge(text).class).toBe('transient-io');
  });

  it('is not explained by a trace of the driver that died of it', () => {
    const trace = '26/01/02 03:04:05 ERROR CoarseGrainedExecutorBackend: RECEIVED SIGNAL TERM';
    const error = 'com.acme.feed.GyrationException: the gyre did gimble in the wabe';
    expect(judge(trace)).toMatchObject({ rule: 'terminated-by-signal', action: 'restart' });
    expect(judge(`${error}\n${trace}`)).toMatchObject({ rule: 'unexplained-error', evidence: error });
  });

  it('is heard where its first lines are missing and a harmless record stands before it', () => {
    const text = [
      '26/01/02 03:04:05 INFO OffsetSeqLog: Getting latest batch 93',
      'Caused by: com.acme.feed.GyrationException: the gyre did gimble in the wabe',
    ].join('\n');
    expect(judge(text)).toMatchObject({ rule: 'unexplained-error', action: 'stop-and-page' });
  });

  it('is named by a classifier of the policy', () => {
    const text = 'com.acme.feed.Gyration: the gyre did gimble in the wabe';
    const classifiers = [{ class: 'transient-io', text: 'feed.Gyration' }] as const;
    expect(classify({ state: 'FAILED', text, classifiers })).toMatchObject({
      action: 'restart-with-backoff',
      rule: 'policy-classifier',
    });
  });
});

describe('a danger in the words of a program', () => {
  it.each([
    ['RuntimeError: someone else has advanced the ledger', 'concurrent-run'],
    ['ValueError: the bookmark lacks a tenant (it was saved by job version 1.8)', 'checkpoint-incompatible'],
    ['RuntimeError: the lifecycle rule took 128 files that were not read', 'source-data-lost'],
    ['AssertionError: the progress row was tampered with', 'checkpoint-corrupt'],
  ])('is no mere error of the program: %j is %s', (text, expected) => {
    expect(judge(`Traceback (most recent call last):\n${text}`).class).toBe(expected);
  });
});

describe('what the engine asserts', () => {
  it('is known by its frames, also where the name of a jar stands behind each', () => {
    const text = [
      'Caused by: java.lang.AssertionError: assertion failed',
      '\tat scala.Predef$.assert(Predef.scala:208) ~[scala-library-2.12.18.jar:?]',
      '\tat org.apache.spark.sql.connector.x.Stream.planInputPartitions(Stream.scala:304) ~[x-1.4.0.jar:?]',
    ].join('\n');
    expect(judge(text)).toMatchObject({
      rule: 'engine-contradicts-itself',
      action: 'stop-and-page-data-risk',
    });
  });
});

describe('a log record as JSON', () => {
  it.each([
    { message: 'Failed to commit', cause: { type: 'com.acme.ConcurrentAppendException', message: 'x' } },
    { level: 'ERROR', msg: 'Query failed', exception: 'com.acme.ConcurrentAppendException: x' },
    { type: 'com.acme.ConcurrentAppendException', message: 'x' },
    { level: 'ERROR', msg: 'failed', error: { name: 'com.acme.ConcurrentAppendException', message: 'x' } },
  ])('is read with its causes, whatever its logger calls them: %j', (record) => {
    expect(judge(JSON.stringify(record)).class).toBe('commit-conflict');
  });

  it('is read to its last cause, however deep that is', () => {
    let record: object = { message: 'OffsetOutOfRangeException' };
    for (let depth = 0; depth < 2_000; depth += 1) record = { message: 'failed', cause: record };
    expect(judge(JSON.stringify(record)).class).toBe('source-data-lost');
  });
});
