import { normalizedCheckpoint } from './checkpoint-writer.ts';
import type { Application, Configuration, StartJobRunRequest } from './emr-types.ts';
import type { WorldParameters } from './parameters.ts';

/** A worker as the request asks for it; the service gives the next valid size. */
export interface WorkerRequest {
  cores: number;
  memoryGb: number;
  diskGb: number;
}

/** What Spark and the job's own program make of a request. */
export interface SparkJob {
  /** Normalised; a program may have several queries, of which the world runs the first. */
  checkpoints: readonly string[];
  streamName: string | undefined;
  driver: WorkerRequest;
  executor: WorkerRequest;
  executorsMax: number;
  executorsMin: number;
  shufflePartitions: number;
}

/** Reads `--checkpoint` and `--stream` from the program's arguments, sizes from sparkSubmitParameters. */
export function sparkJobOf(
  request: StartJobRunRequest,
  parameters: WorldParameters,
  application: Pick<Application, 'runtimeConfiguration'> = {},
): SparkJob {
  const submit = request.jobDriver?.sparkSubmit;
  const programArguments = submit?.entryPointArguments ?? [];
  const conf = confOf(request, application);
  const initial = count(conf, 'spark.executor.instances', parameters.executorsInitial);
  const isDynamic = conf.get('spark.dynamicAllocation.enabled') !== 'false';
  return {
    checkpoints: valuesOf(programArguments, '--checkpoint').map(normalizedCheckpoint),
    streamName: valuesOf(programArguments, '--stream')[0],
    driver: workerOf(conf, 'driver', parameters),
    executor: workerOf(conf, 'executor', parameters),
    executorsMax: isDynamic
      ? count(conf, 'spark.dynamicAllocation.maxExecutors', Number.POSITIVE_INFINITY)
      : initial,
    executorsMin: isDynamic ? count(conf, 'spark.dynamicAllocation.minExecutors', 0) : initial,
    shufflePartitions: count(conf, 'spark.sql.shuffle.partitions', parameters.shufflePartitions),
  };
}

/** The settings of a run, as the service merges them. */
export function confOf(
  request: StartJobRunRequest,
  application: Pick<Application, 'runtimeConfiguration'>,
): ReadonlyMap<string, string> {
  const { sparkSubmitParameters = '' } = request.jobDriver?.sparkSubmit ?? {};
  return new Map([...sparkDefaults(request, application), ...sparkConf(sparkSubmitParameters)]);
}

/** The service's defaults are the same for drivers and executors. */
function workerOf(
  conf: ReadonlyMap<string, string>,
  worker: 'driver' | 'executor',
  parameters: WorldParameters,
): WorkerRequest {
  return {
    cores: count(conf, `spark.${worker}.cores`, parameters.executorCores),
    memoryGb: gigabytes(conf.get(`spark.${worker}.memory`)) ?? parameters.executorMemoryGb,
    diskGb: gigabytes(conf.get(`spark.emr-serverless.${worker}.disk`)) ?? parameters.workerDiskGb,
  };
}

/** The job's own `spark-defaults`, which sparkSubmitParameters overrule; without any, those of its application. */
function sparkDefaults(
  request: StartJobRunRequest,
  { runtimeConfiguration = [] }: Pick<Application, 'runtimeConfiguration'>,
): [string, string][] {
  const ofDefaults = (all: readonly Configuration[]) =>
    all.filter(({ classification }) => classification === 'spark-defaults');
  const own = ofDefaults(request.configurationOverrides?.applicationConfiguration ?? []);
  return (own.length > 0 ? own : ofDefaults(runtimeConfiguration)).flatMap(({ properties }) =>
    Object.entries(properties ?? {}),
  );
}

/** `--conf a=b` and `--conf "a=b c"`, and the short forms. */
export function sparkConf(sparkSubmitParameters: string): Map<string, string> {
  const conf = new Map<string, string>();
  for (const [, doubleQuoted, singleQuoted, bare] of sparkSubmitParameters.matchAll(
    /--conf[ =](?:"([^"]*)"|'([^']*)'|(\S+))/g,
  )) {
    const setting = doubleQuoted ?? singleQuoted ?? bare ?? '';
    const separator = setting.indexOf('=');
    if (separator > 0) conf.set(setting.slice(0, separator), setting.slice(separator + 1));
  }
  for (const [, flag, value] of sparkSubmitParameters.matchAll(
    /--((?:executor|driver)-(?:memory|cores)|num-executors)[ =](\S+)/g,
  )) {
    const name = flag === 'num-executors' ? 'spark.executor.instances' : `spark.${flag?.replace('-', '.')}`;
    conf.set(name, value ?? '');
  }
  return conf;
}

/** Spark sizes: 14G, 14g, 14336m; a bare number means MiB. Undefined if it is none of these. */
export function gigabytes(size: string | undefined): number | undefined {
  const [, digits, unit = 'm'] = size?.trim().match(/^(\d+)\s*([kmgt])?b?$/i) ?? [];
  if (digits === undefined) return undefined;
  const perGb: Record<string, number> = { k: 1024 ** 2, m: 1024, g: 1, t: 1 / 1024 };
  return Number(digits) / (perGb[unit.toLowerCase()] ?? 1);
}

function valuesOf(programArguments: readonly string[], name: string): string[] {
  return programArguments.flatMap((argument, index) => {
    if (argument.startsWith(`${name}=`)) return [argument.slice(name.length + 1)];
    const value = programArguments[index + 1];
    return argument === name && value !== undefined ? [value] : [];
  });
}

function count(conf: ReadonlyMap<string, string>, name: string, otherwise: number): number {
  const value = Number(conf.get(name) ?? Number.NaN);
  return Number.isFinite(value) ? value : otherwise;
}
