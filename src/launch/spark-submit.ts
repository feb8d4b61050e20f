import type { LaunchSpec } from '../policy/launch-schema.ts';
import type { ExecutorBounds } from './request.ts';

/**
 * Executors asked for at the start, kept inside the bounds: what EMR Serverless itself starts with
 * (spark.executor.instances, default 3). Dynamic allocation goes on from there.
 */
const executorsInitial = 3;

/**
 * The text of `sparkSubmitParameters`: `--jars`, then one `--conf` for each setting, in a fixed order. Sizes stand here
 * because in the program they come too late. Executor bounds are always written: the platform's own are 0 and infinity.
 */
export function sparkSubmitParameters(spec: LaunchSpec, bounds: ExecutorBounds): string {
  const settings: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['spark.driver.cores', spec.driver.cores],
    ['spark.driver.memory', spec.driver.memory],
    ['spark.emr-serverless.driver.disk', spec.driver.disk],
    ['spark.executor.cores', spec.executor.cores ?? bounds.cores],
    ['spark.executor.memory', spec.executor.memory],
    ['spark.emr-serverless.executor.disk', spec.executor.disk],
    ...allocation(spec.dynamicAllocation, bounds),
    ...Object.entries(spec.sparkConf),
  ];
  const jars = spec.jars.length > 0 ? [`--jars ${quoted(spec.jars.join(','))}`] : [];
  const confs = settings.flatMap(([key, value]) =>
    value === undefined ? [] : [`--conf ${quoted(`${key}=${value}`)}`],
  );
  return [...jars, ...confs].join(' ');
}

function allocation(
  { enabled, executorAllocationRatio, shuffleTracking }: LaunchSpec['dynamicAllocation'],
  { min, max }: ExecutorBounds,
): readonly (readonly [string, string | number | boolean | undefined])[] {
  const timeoutMs = shuffleTracking?.timeout;
  return [
    ['spark.dynamicAllocation.enabled', enabled],
    ['spark.dynamicAllocation.minExecutors', min],
    ['spark.dynamicAllocation.maxExecutors', max],
    ['spark.dynamicAllocation.initialExecutors', Math.min(max, Math.max(min, executorsInitial))],
    // Without dynamic allocation the job has a fixed size, and `max` is what it was given.
    ['spark.executor.instances', enabled ? undefined : max],
    ['spark.dynamicAllocation.executorAllocationRatio', executorAllocationRatio],
    [
      'spark.dynamicAllocation.shuffleTracking.timeout',
      timeoutMs === undefined ? undefined : `${timeoutMs / 1_000}s`,
    ],
  ];
}

/**
 * Safe for Spark's own splitter of option strings: blanks need quotes, single quotes keep everything, and inside double
 * quotes a backslash guards a quote or another backslash.
 */
function quoted(text: string): string {
  if (!/[\s"'\\]/.test(text)) return text;
  if (!/["\\]/.test(text)) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
