import { sparkSubmitParameters } from '../launch/spark-submit.ts';
import { launchSchema, settingsWithOwnKey } from './launch-schema.ts';
import type { JobFault, MergedJob } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';
import { parts } from './schema.ts';

/** Limits of StartJobRun (API reference): characters of sparkSubmitParameters; tags, less the four of our own. */
const parametersMax = 102_400;
const tagsMax = 196;
const tagKeyMax = 128;
const tagValueMax = 256;

const spec = ['launch', 'spec'] as const;

/** What would make the service refuse the start, so that it is found before anything has failed. */
export function launchFaults(job: MergedJob, accountId: unknown): readonly JobFault[] {
  return [...ownKeys(job), ...launchable(job), ...role(job, accountId), ...parameters(job), ...tags(job)];
}

function ownKeys(job: MergedJob): readonly JobFault[] {
  const path = [...spec, 'sparkConf'];
  const conf = valueAt(job.merged, path);
  return Object.keys(isPlain(conf) ? conf : {}).flatMap((setting): readonly JobFault[] => {
    const own = settingsWithOwnKey.get(setting);
    if (own === undefined) return [];
    const message = `${setting} has a key of its own`;
    return [
      { job, code: 'CP1001', path: [...path, setting], on: 'key', message, hint: `write it as ${own}` },
    ];
  });
}

function launchable(job: MergedJob): readonly JobFault[] {
  const from = parts.launchFrom.safeParse(valueAt(job.merged, ['restart', 'launchFrom']));
  if (!from.success || from.data === 'lastRun' || valueAt(job.merged, spec) !== undefined) return [];
  const message = 'launchFrom is spec, but the job has no launch.spec';
  const hint = 'write launch: { spec: … }, or launchFrom: lastRun to start again what ran last';
  return [{ job, code: 'CP2004', path: ['restart', 'launchFrom'], message, hint }];
}

/** The service takes no role of another account (iam:PassRole stays inside one). */
function role(job: MergedJob, accountId: unknown): readonly JobFault[] {
  const path = [...spec, 'executionRoleArn'];
  const arn = valueAt(job.merged, path);
  const account = typeof arn === 'string' ? /^arn:aws[a-z-]*:iam::(\d{12}):role\//.exec(arn)?.[1] : undefined;
  if (account === undefined || typeof accountId !== 'string' || account === accountId) return [];
  const message = `the role is in account ${account}, the policy is for ${accountId}`;
  const hint = `use a role of account ${accountId}, or mend metadata.accountId`;
  return [{ job, code: 'CP2005', path, message, hint }];
}

function parameters(job: MergedJob): readonly JobFault[] {
  const launch = launchSchema.safeParse(valueAt(job.merged, ['launch']));
  const bounds = parts.executors.safeParse(valueAt(job.merged, ['scaling', 'executors']) ?? {});
  if (!launch.success || !bounds.success) return [];
  const { length } = sparkSubmitParameters(launch.data.spec, bounds.data);
  if (length <= parametersMax) return [];
  const message = `its settings make ${length} characters of sparkSubmitParameters: at most ${parametersMax}`;
  const hint = 'shorten sparkConf or jars; long values belong into a file that the program reads';
  return [{ job, code: 'CP1003', path: spec, on: 'key', message, hint }];
}

function tags(job: MergedJob): readonly JobFault[] {
  const path = [...spec, 'tags'];
  const found = valueAt(job.merged, path);
  const entries = Object.entries(isPlain(found) ? found : {});
  const fault = (at: readonly string[], message: string, hint: string): JobFault => ({
    job,
    code: 'CP1003',
    path: at,
    on: 'key',
    message,
    hint,
  });
  const tooMany =
    entries.length <= tagsMax
      ? []
      : [fault(path, `${entries.length} tags: at most ${tagsMax}`, 'the service takes 200, four are ours')];
  const single = entries.flatMap(([key, value]) => {
    const at = [...path, key];
    if (/^(?:aws|checkpilot):/i.test(key))
      return [fault(at, `"${key}" is reserved`, 'tags of your own do not start with aws: or checkpilot:')];
    const isTooLong = key.length > tagKeyMax || (typeof value === 'string' && value.length > tagValueMax);
    if (!isTooLong && key !== '') return [];
    const hint = `keys have 1 to ${tagKeyMax} characters, values at most ${tagValueMax}`;
    return [fault(at, 'the tag is not as long as a tag may be', hint)];
  });
  return [...tooMany, ...single];
}
