import type { Overhead } from './worker-size.ts';

/**
 * The input of StartJobRun less its client token, which belongs to a claim. Fields that Checkpilot does not
 * read are kept as they are: a restart must not lose what a person configured.
 */
export interface LaunchRequest {
  readonly applicationId: string;
  readonly executionRoleArn: string;
  readonly name: string;
  readonly mode: 'STREAMING' | 'BATCH';
  readonly jobDriver: {
    readonly sparkSubmit: {
      readonly entryPoint: string;
      readonly entryPointArguments?: readonly string[];
      readonly sparkSubmitParameters?: string;
    };
  };
  readonly configurationOverrides?: unknown;
  readonly executionIamPolicy?: unknown;
  readonly retryPolicy?: { readonly maxFailedAttemptsPerHour?: number; readonly maxAttempts?: number };
  readonly tags?: Readonly<Record<string, string>>;
}

/** What of a request tells Spark its settings. */
type SparkPart = Pick<LaunchRequest, 'jobDriver' | 'configurationOverrides'>;

/** Cores, Spark memory (`14g`) and disk (`20g`) of the driver or of one executor. */
export interface WorkerSpec {
  readonly cores: number;
  readonly memory: string;
  readonly disk: string;
  /** What the request wants beside that memory, where it says so. */
  readonly overhead?: Overhead;
}

export interface WorkerSpecs {
  readonly driver?: WorkerSpec;
  readonly executor?: WorkerSpec;
}

/** The service's defaults for Spark: 4 cores, 14 GB and a 20 GB disk for the driver and for each executor. */
const defaultWorker: WorkerSpec = { cores: 4, memory: '14g', disk: '20g' };
/** … and what it gives an executor of 32 cores, which has no such size (user guide, Spark jobs, 2026). */
const largestExecutor = { cores: 32, memory: '109g' };

export function workerSpec(request: SparkPart, worker: 'driver' | 'executor'): WorkerSpec {
  const cores = Number(sparkSetting(request, `spark.${worker}.cores`) ?? defaultWorker.cores);
  const isLargest = worker === 'executor' && cores === largestExecutor.cores;
  return {
    cores,
    memory:
      sparkSetting(request, `spark.${worker}.memory`) ?? (isLargest ? largestExecutor : defaultWorker).memory,
    disk: sparkSetting(request, `spark.emr-serverless.${worker}.disk`) ?? defaultWorker.disk,
    ...overheadOf(request, worker),
  };
}

/** Settings that spark-submit has a flag for, which wins over `--conf` (SparkSubmitArguments). */
const flags: Readonly<Record<string, string>> = {
  'spark.driver.cores': 'driver-cores',
  'spark.driver.memory': 'driver-memory',
  'spark.executor.cores': 'executor-cores',
  'spark.executor.memory': 'executor-memory',
  'spark.executor.instances': 'num-executors',
};

/** A setting as the service reads it: sparkSubmitParameters first, then the request's own `spark-defaults`. */
export function sparkSetting(request: SparkPart, key: string): string | undefined {
  const parameters = request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
  const flag = flags[key];
  return (
    (flag === undefined ? undefined : readFlag(parameters, flag)) ??
    readConf(parameters, key) ??
    readDefault(request, key)
  );
}

/** What a person configured, kept as it is: nothing of its shape is taken for granted. */
function readDefault({ configurationOverrides }: SparkPart, key: string): string | undefined {
  const { applicationConfiguration } = (configurationOverrides ?? {}) as {
    readonly applicationConfiguration?: unknown;
  };
  if (!Array.isArray(applicationConfiguration)) return undefined;
  const found = (applicationConfiguration as readonly { classification?: unknown; properties?: unknown }[])
    .filter((one) => one?.classification === 'spark-defaults')
    .map(({ properties }) => (properties as Record<string, unknown> | undefined)?.[key])
    .find((value) => value !== undefined);
  return typeof found === 'string' ? found : undefined;
}

function overheadOf(request: SparkPart, worker: 'driver' | 'executor'): Pick<WorkerSpec, 'overhead'> {
  const conf = (key: string) => sparkSetting(request, key);
  const factor = Number(
    conf(`spark.${worker}.memoryOverheadFactor`) ?? conf('spark.emr-serverless.memoryOverheadFactor'),
  );
  const fixedMb = mbOf(conf(`spark.${worker}.memoryOverhead`), 'm');
  const offHeapMb =
    conf('spark.memory.offHeap.enabled') === 'true'
      ? mbOf(conf('spark.memory.offHeap.size'), 'b')
      : undefined;
  const pythonMb = worker === 'executor' ? mbOf(conf('spark.executor.pyspark.memory'), 'm') : undefined;
  const besideMb = (offHeapMb ?? 0) + (pythonMb ?? 0);
  const overhead = {
    ...(factor > 0 ? { factor } : {}),
    ...(fixedMb === undefined ? {} : { fixedMb }),
    ...(besideMb > 0 ? { besideMb } : {}),
  };
  return Object.keys(overhead).length > 0 ? { overhead } : {};
}

/** A size as Spark writes it, with the unit that it takes a bare number for. */
function mbOf(text: string | undefined, bareUnit: 'b' | 'm'): number | undefined {
  const [, digits, unit = bareUnit] = /^(\d{1,15})([bkmgt])?(?:i?b)?$/i.exec(text ?? '') ?? [];
  if (digits === undefined) return undefined;
  const bytesPerUnit = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }[unit.toLowerCase()] ?? 1;
  return Math.ceil((Number(digits) * bytesPerUnit) / 2 ** 20);
}

/** The same request with other worker sizes, written where Spark reads them first: sparkSubmitParameters. */
export function withWorkers(request: LaunchRequest, workers: WorkerSpecs): LaunchRequest {
  let parameters = request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
  for (const worker of ['driver', 'executor'] as const) {
    const spec = workers[worker];
    if (!spec) continue;
    // spark-submit lets its own flags win over --conf (SparkSubmitArguments), so they have to go.
    for (const flag of [`${worker}-cores`, `${worker}-memory`])
      parameters = parameters.replace(flagPattern(flag), '');
    parameters = writeConf(parameters, `spark.${worker}.cores`, String(spec.cores));
    parameters = writeConf(parameters, `spark.${worker}.memory`, spec.memory);
    parameters = writeConf(parameters, `spark.emr-serverless.${worker}.disk`, spec.disk);
  }
  const sparkSubmit = { ...request.jobDriver.sparkSubmit, sparkSubmitParameters: parameters.trim() };
  return { ...request, jobDriver: { ...request.jobDriver, sparkSubmit } };
}

/** All s3 URIs that a request names in its arguments, for finding a run that writes to one of our checkpoints. */
export function locationsNamed(request: LaunchRequest): readonly string[] {
  const { entryPointArguments = [], sparkSubmitParameters = '' } = request.jobDriver.sparkSubmit;
  const text = [...entryPointArguments, sparkSubmitParameters].join(' ');
  return [...text.matchAll(/s3[an]?:\/\/[^\s"',;]+/gi)].map(([uri]) => normaliseLocation(uri));
}

/** `s3a://bucket/a//b/` and `S3://bucket/a/b` are one checkpoint: scheme s3, no empty or trailing segments. */
export function normaliseLocation(uri: string): string {
  const match = /^s3[an]?:\/\/([^/]+)(.*)$/i.exec(uri.trim());
  if (!match) return uri.trim().replace(/\/+$/, '');
  const path = (match[2] ?? '').split('/').filter((segment) => segment !== '');
  return ['s3:/', match[1], ...path].join('/');
}

/** One location is the other, or lies inside it: two jobs there would write over each other. */
export function locationsOverlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** The values of some flags and settings of spark-submit, in the order given; undefined where one is not set. */
export function submitValues(
  parameters: string,
  { flags, settings }: { readonly flags: readonly string[]; readonly settings: readonly string[] },
): readonly (string | undefined)[] {
  return [
    ...flags.map((flag) => readFlag(parameters, flag)),
    ...settings.map((key) => readConf(parameters, key)),
  ];
}

function readConf(parameters: string, key: string): string | undefined {
  const found = [...parameters.matchAll(confPattern(key))].at(-1);
  return found?.[1];
}

function readFlag(parameters: string, flag: string): string | undefined {
  const found = [...parameters.matchAll(flagPattern(flag))].at(-1);
  return found?.[1];
}

function writeConf(parameters: string, key: string, value: string): string {
  return `${parameters.replace(confPattern(key), '')} --conf ${key}=${value}`.trim();
}

/**
 * `--conf key=value` or `-c key=value`, also over a line break, quotes optional; Spark lets the last one win. The
 * blanks before it belong to the match, so that taking it out leaves everybody else's blanks alone.
 */
function confPattern(key: string): RegExp {
  return new RegExp(`(?:^|\\s+)(?:--conf|-c)[\\s=]+["']?${key.replaceAll('.', '\\.')}=([^\\s"']+)["']?`, 'g');
}

/** `--executor-memory 14g` or `--executor-memory=14g`. */
function flagPattern(flag: string): RegExp {
  return new RegExp(`(?:^|\\s+)--${flag}[\\s=]+["']?([^\\s"']+)["']?`, 'g');
}
