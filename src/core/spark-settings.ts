import type { LaunchRequest } from './launch-request.ts';

/** What of a request tells Spark its settings. */
export type SparkPart = Pick<LaunchRequest, 'jobDriver' | 'configurationOverrides'>;

/** `spark-defaults` of an application: what its runs get where their own request says nothing. */
export type SparkDefaults = Readonly<Record<string, string>>;

/** Settings that spark-submit has a flag for, which wins over `--conf` (SparkSubmitArguments). */
const flags: Readonly<Record<string, string>> = {
  'spark.driver.cores': 'driver-cores',
  'spark.driver.memory': 'driver-memory',
  'spark.executor.cores': 'executor-cores',
  'spark.executor.memory': 'executor-memory',
  'spark.executor.instances': 'num-executors',
};

/**
 * A setting as the service reads it: sparkSubmitParameters first, then the request's own `spark-defaults`, then those of
 * its application.
 */
export function sparkSetting(
  request: SparkPart,
  key: string,
  application: SparkDefaults = {},
): string | undefined {
  const parameters = request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
  const flag = flags[key];
  return (
    (flag === undefined ? undefined : readFlag(parameters, flag)) ??
    readConf(parameters, key) ??
    textOf((ownDefaults(request) ?? application)[key])
  );
}

/**
 * Whether the application's `spark-defaults` are of no matter to the request: the service merges whole classifications,
 * so one that brings its own, be it empty, gets nothing of the application's (user guide, default configuration).
 */
export function hasOwnDefaults(request: SparkPart): boolean {
  return ownDefaults(request) !== undefined;
}

/** What a person configured, kept as it is: nothing of its shape is taken for granted. */
function ownDefaults({ configurationOverrides }: SparkPart): Readonly<Record<string, unknown>> | undefined {
  const { applicationConfiguration } = (configurationOverrides ?? {}) as {
    readonly applicationConfiguration?: unknown;
  };
  if (!Array.isArray(applicationConfiguration)) return undefined;
  const own = (applicationConfiguration as readonly { classification?: unknown; properties?: unknown }[])
    .filter((one) => one?.classification === 'spark-defaults')
    .map(({ properties }) => (properties ?? {}) as Record<string, unknown>);
  // The first one that says it, should there be several.
  return own.length === 0 ? undefined : Object.assign({}, ...own.reverse());
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The same request with other settings, written where Spark reads them first: sparkSubmitParameters. */
export function withSettings(
  request: LaunchRequest,
  settings: readonly (readonly [string, string])[],
): LaunchRequest {
  if (settings.length === 0) return request;
  let parameters = request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
  for (const [key, value] of settings) {
    // spark-submit lets its own flags win over --conf (SparkSubmitArguments), so they have to go.
    const flag = flags[key];
    if (flag !== undefined) parameters = parameters.replace(flagPattern(flag), '');
    parameters = `${parameters.replace(confPattern(key), '')} --conf ${key}=${value}`;
  }
  const sparkSubmit = { ...request.jobDriver.sparkSubmit, sparkSubmitParameters: parameters.trim() };
  return { ...request, jobDriver: { ...request.jobDriver, sparkSubmit } };
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

/**
 * `--conf key=value` or `-c key=value`, also over a line break, quotes optional, around the whole or the value; Spark lets
 * the last one win. The blanks before it belong to the match, so that taking it out leaves everybody else's blanks alone.
 */
function confPattern(key: string): RegExp {
  const name = key.replaceAll('.', '\\.');
  return new RegExp(`(?:^|\\s+)(?:--conf|-c)[\\s=]+["']?${name}=["']?([^\\s"']+)["']{0,2}`, 'g');
}

/** `--executor-memory 14g` or `--executor-memory=14g`. */
function flagPattern(flag: string): RegExp {
  return new RegExp(`(?:^|\\s+)--${flag}[\\s=]+["']?([^\\s"']+)["']?`, 'g');
}
