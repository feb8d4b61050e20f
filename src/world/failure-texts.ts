/** Ways in which an attempt can die. */
export const causes = [
  'worker-lost',
  'out-of-memory',
  'user-code-error',
  'transient-io',
  'throttled',
  'permission-denied',
  'capacity-unavailable',
  'vcpu-quota',
  'concurrent-run',
  'no-evidence',
] as const;

export type Cause = (typeof causes)[number];

/** What is known about the death when the texts are written. */
export interface DeathScene {
  batchId: number;
  queryId: string;
  runId: string;
  timeMs: number;
}

interface CauseText {
  /** The failure class that the text belongs to, for the journal. */
  failureClass: string;
  exitCode: number;
  /** Empty: the service shows no exception at all. */
  exception(scene: DeathScene): string;
}

const UDF_ERROR = `org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/home/hadoop/job.py", line 12, in ratio
    def ratio(v): return 100.0/(v-7)
                         ~~~~~^^~~~~
ZeroDivisionError: float division by zero
`;

const WORKER_LOST =
  'ExecutorLostFailure (executor 3 exited unrelated to the running tasks) Reason: Container marked as failed: ' +
  'container_000003 on host: ip-10-97-44-35.ec2.internal. Exit status: -100. ' +
  'Diagnostics: Container released on a *lost* node.';

/** Texts as real jobs and the service print them; those of throttling and access are S3's. */
const texts: Record<Cause, CauseText> = {
  'worker-lost': { failureClass: 'worker-lost', exitCode: 1, exception: () => WORKER_LOST },
  'out-of-memory': {
    failureClass: 'memory-exhausted',
    exitCode: 137,
    exception: () => 'Worker has been killed as memory usage exceeded configured memory size',
  },
  'user-code-error': { failureClass: 'user-code-error', exitCode: 1, exception: () => UDF_ERROR },
  'transient-io': {
    failureClass: 'transient-io',
    exitCode: 1,
    exception: () =>
      'com.amazonaws.SdkClientException: Unable to execute HTTP request: Connect to ' +
      'kinesis.us-east-1.amazonaws.com:443 failed: connect timed out',
  },
  throttled: {
    failureClass: 'throttled',
    exitCode: 1,
    exception: () =>
      'com.amazonaws.services.s3.model.AmazonS3Exception: Please reduce your request rate. ' +
      '(Service: Amazon S3; Status Code: 503; Error Code: SlowDown)',
  },
  'permission-denied': {
    failureClass: 'permission-denied',
    exitCode: 1,
    exception: () =>
      'com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied ' +
      '(Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)',
  },
  'capacity-unavailable': { failureClass: 'capacity-unavailable', exitCode: 1, exception: () => '' },
  'vcpu-quota': { failureClass: 'capacity-unavailable', exitCode: 1, exception: () => '' },
  'concurrent-run': {
    failureClass: 'concurrent-run',
    exitCode: 1,
    exception: ({ batchId }) =>
      'org.apache.spark.SparkException: [CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. ' +
      `Multiple streaming jobs detected for ${batchId}.\n` +
      'Please make sure only one streaming job runs on a specific checkpoint location at a time.',
  },
  'no-evidence': { failureClass: 'unknown', exitCode: 1, exception: () => '' },
};

/** botocore: stateDetails has at most 256 characters. */
const STATE_DETAILS_MAX = 256;

/** The service gave no worker: such an attempt has no driver, and so no log. */
export function isRefusal(cause: string): cause is 'capacity-unavailable' | 'vcpu-quota' {
  return cause in refusals;
}

export function failureClassOf(cause: Cause): string {
  return texts[cause].failureClass;
}

/** EMR Serverless user guide, troubleshooting: the service's own words when it gives no worker. */
const refusals: Partial<Record<Cause, string>> = {
  'capacity-unavailable': 'Job failed as application has exceeded maximumCapacity settings.',
  'vcpu-quota':
    'Job failed as account has reached the service limit on the maximum vCPU it can use concurrently.',
};

/** What GetJobRun shows: at most 256 characters, which cuts long exceptions. */
export function stateDetailsOf(cause: Cause, scene: DeathScene): string {
  const refusal = refusals[cause];
  if (refusal !== undefined) return refusal;
  const { exitCode, exception } = texts[cause];
  const head = `Job failed, please check complete logs in configured logging destination. ExitCode: ${exitCode}.`;
  const shown = exception(scene);
  return (shown === '' ? head : `${head} Last few exceptions: ${shown.trim()}`).slice(0, STATE_DETAILS_MAX);
}

/** The driver's standard error, in log4j's layout. Timestamps are world time. */
export function driverStderrOf(cause: Cause, scene: DeathScene): string {
  const stamp = logStamp(scene.timeMs);
  const query = `[id = ${scene.queryId}, runId = ${scene.runId}]`;
  const lines = [`${stamp} INFO MicroBatchExecution: Resuming at batch ${scene.batchId} for query ${query}`];
  const exception = texts[cause].exception(scene);
  if (exception !== '') {
    lines.push(`${stamp} ERROR MicroBatchExecution: Query ${query} terminated with error`);
    lines.push(isTaskDeath(cause) ? inStage(exception) : exception);
    lines.push(
      '\tat org.apache.spark.sql.execution.streaming.MicroBatchExecution.runBatch(MicroBatchExecution.scala:750)',
    );
  }
  lines.push(`${stamp} INFO SparkContext: SparkContext is stopping with exitCode ${texts[cause].exitCode}.`);
  return `${lines.join('\n')}\n`;
}

/** Dies in a task on an executor, so Spark wraps it in the failure of a stage. */
function isTaskDeath(cause: Cause): boolean {
  return cause === 'worker-lost' || cause === 'user-code-error' || cause === 'out-of-memory';
}

function inStage(exception: string): string {
  return (
    'org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, ' +
    `most recent failure: Lost task 0.3 in stage 0.0 (TID 3): ${exception}`
  );
}

/** 26/11/22 20:13:52 */
function logStamp(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(2, 19).replaceAll('-', '/').replace('T', ' ');
}
