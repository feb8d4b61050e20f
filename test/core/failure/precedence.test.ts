import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';

function judge(text: string) {
  return classify({ state: 'FAILED', text });
}

describe('precedence', () => {
  it('puts safety before everything, whatever is louder or nearer to the end', () => {
    const text = [
      "26/01/02 03:04:05 WARN KafkaSource: Partition t-0's offset was changed from 9 to 2, some data may have been missed.",
      '26/01/02 03:04:06 ERROR Executor: java.lang.OutOfMemoryError: Java heap space',
      'Traceback (most recent call last):',
      'ZeroDivisionError: float division by zero',
    ].join('\n');
    expect(judge(text).class).toBe('source-data-lost');
  });

  it('lets the throttle or the timeout win that is nested inside a state that would not load', () => {
    const loading = '[CANNOT_LOAD_STATE_STORE.UNCATEGORIZED] An error occurred during loading state.';
    expect(judge(`${loading}\nCaused by: AmazonS3Exception: Slow Down`)).toMatchObject({
      class: 'throttled',
    });
    expect(judge(`${loading}\nCaused by: SocketTimeoutException: Read timed out`)).toMatchObject({
      class: 'transient-io',
    });
  });

  it('does not let a timeout excuse a state file that is gone, in whatever order they come', () => {
    const loading = 'Error reading delta file s3://b/cp/state/0/1/7.delta';
    const gone = 'Caused by: java.io.FileNotFoundException: s3://b/cp/state/0/1/7.delta';
    const timeout = 'Caused by: SocketTimeoutException: Read timed out';
    for (const text of [
      `${loading}\n${timeout}\n${gone}`,
      `${loading}\n${gone}\n${timeout}`,
      `${timeout}\n${loading}`,
    ]) {
      expect(judge(text).action, text).toBe('stop-and-page-data-risk');
    }
  });

  it('does not take a throttle of another log record for the cause of a damaged state', () => {
    const text = [
      'java.lang.IllegalStateException: Error reading snapshot file s3://b/cp/x',
      '26/01/02 03:04:06 ERROR CloudWatchSink: Rate exceeded',
    ].join('\n');
    expect(judge(text).class).toBe('checkpoint-corrupt');
  });
});

describe('texts that differ in one word', () => {
  it('tells a refused login from a login that was throttled or never reached', () => {
    expect(judge('SaslAuthenticationException: [x]: Access denied').class).toBe('permission-denied');
    expect(judge('SaslAuthenticationException: [x]: Too many connects').class).toBe('throttled');
    expect(
      judge('SaslAuthenticationException: no credentials [Caused by Failed to connect to service endpoint: ]')
        .class,
    ).toBe('transient-io');
  });

  it('tells a missing stream from a missing shard', () => {
    expect(judge('ResourceNotFoundException: Stream orders under account 1 not found.').class).toBe(
      'config-invalid',
    );
    expect(
      judge('ResourceNotFoundException: Shard shardId-1 in stream orders under account 1 does not exist')
        .class,
    ).toBe('source-data-lost');
  });

  it('tells an expired token from an invalid one and from an expired iterator', () => {
    expect(judge('The security token included in the request is expired').class).toBe('credentials-expired');
    expect(judge('The security token included in the request is invalid').class).toBe('permission-denied');
    expect(judge('Iterator expired.').class).toBe('transient-io');
  });
});

describe('the root and the noise', () => {
  it('lets a schema change that asks for a restart win over the exception it is wrapped in', () => {
    const text =
      'AnalysisException: [UNRESOLVED_COLUMN] x\nCaused by: Detected schema change: Please try restarting the query.';
    expect(judge(text).class).toBe('schema-evolved');
  });

  it('lets the deterministic cause win over the executors that died of it', () => {
    const text = [
      '26/01/02 03:04:05 ERROR YarnScheduler: Lost executor 8 on host: Executor heartbeat timed out after 124251 ms',
      '26/01/02 03:04:06 WARN TaskSetManager: Lost task 0.0: java.lang.NoSuchMethodError: scala.Predef$.refArrayOps',
    ].join('\n');
    expect(judge(text).class).toBe('config-invalid');
  });

  it('hears the error before a warning of something that went on', () => {
    const text = [
      '26/01/02 03:04:05 WARN GlueClient: Access Denied for optional lookup',
      '26/01/02 03:04:06 ERROR Executor: java.lang.OutOfMemoryError: Java heap space',
    ].join('\n');
    expect(judge(text).class).toBe('memory-exhausted');
  });

  it('reads nothing into stack frames, source lines and query plans', () => {
    const text = [
      'Traceback (most recent call last):',
      '  File "/jobs/orders.py", line 7, in <module>',
      '    raise_if("AccessDenied", "No space left on device")',
      '    ~~~~~~~~^^^^^^^^^',
      'RuntimeError: stop here',
      '\tat org.apache.spark.shuffle.FetchFailedException.<init>(FetchFailedException.scala:1)',
      '+- Project [OutOfMemory#1 AS x]',
    ].join('\n');
    expect(judge(text)).toMatchObject({ class: 'user-code-error', evidence: 'RuntimeError: stop here' });
  });

  it('is not alarmed by what Spark warns of on every healthy start', () => {
    const text = [
      "26/01/02 03:04:05 WARN HDFSBackedStateStoreProvider: The state for version 12 doesn't exist in loadedMaps.",
      '26/01/02 03:04:05 WARN StateMetadataPartitionReader: File s3://b/checkpoint/state/0/_metadata/metadata does not exist',
      '26/01/02 03:04:06 ERROR Executor: java.lang.OutOfMemoryError: Java heap space',
    ].join('\n');
    expect(judge(text).class).toBe('memory-exhausted');
  });

  it('suspects nothing in a program that prints where its checkpoint is, and much in an error about it', () => {
    const ended = 'Job failed, please check complete logs in configured logging destination. ExitCode: 1.';
    expect(judge(`Using checkpoint s3://b/cp, offsets from latest\n${ended}`).class).toBe('unknown');
    expect(judge(`WeirdException: offsets of s3://b/cp make no sense\n${ended}`)).toMatchObject({
      rule: 'unexplained-about-checkpoint',
      action: 'stop-and-page-data-risk',
    });
  });

  it('lets a named cause explain an error that also speaks of the checkpoint', () => {
    expect(judge('OutOfMemoryError: Java heap space while loading offsets of the checkpoint').class).toBe(
      'memory-exhausted',
    );
  });
});
