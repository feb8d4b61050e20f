import type { JobRuns } from '../control/ports.ts';
import type { LaunchRequest } from '../core/launch-request.ts';

/** Options of spark-submit, and the settings that stand for them, by which code comes into a run. */
const codeOptions = ['jars', 'py-files', 'archives', 'files', 'packages', 'repositories'];
const codeSettings = [
  'spark.jars',
  'spark.submit.pyFiles',
  'spark.archives',
  'spark.files',
  'spark.jars.packages',
  'spark.jars.repositories',
];

/**
 * Starts nothing whose code lies elsewhere than under these prefixes (the stack parameter LaunchPrefixes): who writes
 * policies must not bring code of their own to the job roles. An empty list sets no limit. Everything else passes.
 */
export function withLaunchLimits(runs: JobRuns, prefixes: readonly string[]): JobRuns {
  if (prefixes.length === 0) return runs;
  return {
    get: (applicationId, jobRunId) => runs.get(applicationId, jobRunId),
    list: (applicationId, filter) => runs.list(applicationId, filter),
    cancel: (applicationId, jobRunId, terms) => runs.cancel(applicationId, jobRunId, terms),
    start: async (request, terms) => {
      const outside = codeOf(request).find((place) => !isUnder(place, prefixes));
      if (outside === undefined) return runs.start(request, terms);
      const message = `${outside} is not under a launch prefix of the stack (${prefixes.join(', ')}): move it there, or add its prefix to the stack parameter LaunchPrefixes`;
      return { kind: 'refused', code: 'outside-launch-prefixes', message };
    },
  };
}

/** S3 takes `..` as a name, and Hadoop climbs it. */
function isUnder(place: string, prefixes: readonly string[]): boolean {
  return !/(?:^|\/)\.\.(?:\/|$)/.test(place) && prefixes.some((prefix) => place.startsWith(prefix));
}

/** Every place that code of the run comes from: entry point, options and settings of spark-submit, configuration. */
function codeOf({ jobDriver: { sparkSubmit }, configurationOverrides }: LaunchRequest): readonly string[] {
  const { entryPoint, sparkSubmitParameters = '' } = sparkSubmit;
  const lists = [
    ...codeOptions.map((option) => new RegExp(`(?:^|\\s)--${option}[\\s=]+(\\S+)`, 'g')),
    ...codeSettings.map((name) => new RegExp(`(?:^|[\\s"'])${name.replaceAll('.', '\\.')}=(\\S+)`, 'g')),
  ].flatMap((pattern) => [...sparkSubmitParameters.matchAll(pattern)].map(([, list = '']) => list));
  const places = [...lists, ...configured(configurationOverrides)].flatMap((list) =>
    list.replaceAll(/["']/g, '').split(','),
  );
  return [entryPoint, ...places.filter((place) => place !== '')];
}

/** The same settings in `applicationConfiguration`, at whatever depth. */
function configured(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    codeSettings.includes(key) && typeof value === 'string' ? [value] : configured(value),
  );
}
