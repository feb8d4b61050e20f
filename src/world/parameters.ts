/** A drawn duration: log-normal with this median and 95th percentile. */
export interface Spread {
  p50: number;
  p95: number;
}

interface Parameter<T> {
  value: T;
  unit: string;
  source: string;
}

const EXPERIENCE = 'experience, to be replaced by measurements';
const QUOTAS = 'EMR Serverless user guide, endpoints and quotas';

function parameter<T>(value: T, unit: string, source: string): Parameter<T> {
  return { value, unit, source };
}

function spread(p50: number, p95: number, source: string): Parameter<Spread> {
  return parameter<Spread>({ p50, p95 }, 's', source);
}

/** Every number of the world, with its unit and where it comes from. The product never reads these. */
export const worldParameters = {
  submittedToRunningSeconds: spread(30, 75, EXPERIENCE),
  driverStartSeconds: spread(45, 120, EXPERIENCE),
  coldExecutorSeconds: spread(60, 150, EXPERIENCE),
  warmExecutorSeconds: spread(8, 15, EXPERIENCE),
  stopSecondsMin: parameter(5, 's', `${EXPERIENCE}: from the end of the batch or grace to CANCELLED`),
  stopSecondsMax: parameter(
    120,
    's',
    'EMR Serverless user guide, job cancellation grace period: about 2 min',
  ),
  cancelGraceSecondsDefault: parameter(120, 's', 'EMR Serverless user guide, job cancellation grace period'),
  queueTimeoutSeconds: parameter(21_600, 's', 'schedulerConfiguration.queueTimeoutMinutes default 360'),
  maxConcurrentRuns: parameter(15, 'runs', 'schedulerConfiguration.maxConcurrentRuns default'),
  accountVcpus: parameter(
    100_000,
    'vCPU',
    'default 16 and raised with usage (endpoints and quotas); out of the way unless a test lowers it',
  ),
  failedAttemptsPerHourDefault: parameter(5, 'attempts', 'EMR Serverless user guide, job resiliency'),
  failedAttemptsWindowSeconds: parameter(3_600, 's', 'job resiliency; rolling is our reading'),
  isRetryStateShown: parameter(false, 'yes or no', 'not documented: whether a retry goes through SCHEDULED'),

  tokenMemorySecondsMin: parameter(1_200, 's', 'not documented; assumption A2 of the start protocol'),
  tokenMemorySecondsMax: parameter(86_400, 's', 'not documented; assumption A2 of the start protocol'),
  signatureValiditySeconds: parameter(
    900,
    's',
    'AWS Signature Version 4; assumption A1 of the start protocol',
  ),
  listLagSeconds: spread(1, 5, EXPERIENCE),
  listLagSecondsMax: parameter(120, 's', 'assumption A3 of the start protocol'),

  startsPerSecond: parameter(1, '1/s', QUOTAS),
  startsBurst: parameter(25, 'calls', QUOTAS),
  cancelsPerSecond: parameter(1, '1/s', QUOTAS),
  cancelsBurst: parameter(25, 'calls', QUOTAS),
  getsPerSecond: parameter(10, '1/s', QUOTAS),
  getsBurst: parameter(50, 'calls', QUOTAS),
  listsPerSecond: parameter(1, '1/s', QUOTAS),
  listsBurst: parameter(25, 'calls', QUOTAS),

  eventDelaySeconds: spread(1, 4, EXPERIENCE),
  eventLossProbability: parameter(0, 'probability', 'EventBridge: EMR Serverless delivery is best effort'),
  eventDoubleProbability: parameter(0, 'probability', 'EventBridge troubleshooting: an event may come twice'),

  capacityPerCore: parameter(1_200, 'records/s', EXPERIENCE),
  taskFloorSeconds: parameter(5, 's', 'Kinesis connector: a polling task ends after 5 to 10 s of quiet'),
  batchOverheadSeconds: parameter(1.5, 's', EXPERIENCE),
  stateLoadSecondsPer100Mb: parameter(0.5, 's', EXPERIENCE),
  emptyPollSeconds: parameter(1, 's', 'Kinesis connector: kinesis.describeShardInterval 1 s'),
  recordsPerShardMax: parameter(100_000, 'records', 'Kinesis connector: maxFetchRecordsPerShard'),
  batchesRetained: parameter(100, 'batches', 'spark.sql.streaming.minBatchesToRetain'),
  executorCores: parameter(4, 'cores', 'EMR Serverless default of spark.executor.cores'),
  executorMemoryGb: parameter(14, 'GB', 'EMR Serverless default of spark.executor.memory'),
  workerDiskGb: parameter(20, 'GB', "EMR Serverless default of a worker's disk"),
  executorRetrySeconds: parameter(10, 's', EXPERIENCE),
  executorsInitial: parameter(3, 'executors', 'EMR Serverless default of spark.executor.instances'),
  shufflePartitions: parameter(200, 'partitions', 'Spark default of spark.sql.shuffle.partitions'),

  streamShards: parameter(2, 'shards', 'a stream that nobody described'),
  streamRecordsPerSecond: parameter(200, 'records/s', 'a stream that nobody described'),
  streamSummariesPerSecond: parameter(
    20,
    '1/s',
    'Kinesis Data Streams: quotas and limits, DescribeStreamSummary',
  ),
  streamRetentionSeconds: parameter(86_400, 's', 'Kinesis Data Streams: default retention 24 h'),
};

type Table = typeof worldParameters;

/** The plain values, by the same names. */
export type WorldParameters = { [Name in keyof Table]: Table[Name]['value'] };

/** The defaults with some values replaced. */
export function withDefaults(overrides: Partial<WorldParameters> = {}): WorldParameters {
  const values = Object.entries(worldParameters).map(([name, { value }]) => [name, value]);
  return { ...(Object.fromEntries(values) as WorldParameters), ...overrides };
}
