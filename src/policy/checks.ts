import type * as z from 'zod';
import { locationsOverlap, normaliseLocation } from '../core/launch-request.ts';
import type { Diagnostic } from './diagnostics.ts';
import { globsOverlap } from './glob.ts';
import { launchFaults } from './launch-checks.ts';
import { isPlain, valueAt } from './plain.ts';
import { parts } from './schema.ts';
import { valueMeta } from './schema-walk.ts';
import type { Place } from './source.ts';

/** A job after merging and before parsing, so that one fault in it does not hide another. */
export interface MergedJob {
  readonly name: string;
  readonly merged: unknown;
  /** The place of a value of this job: in the job, else in `defaults`, else the nearest key above it. */
  readonly placeOf: (path: readonly (string | number)[], on?: 'key' | 'value') => Place;
  /** The same, but always in the job: for faults between two jobs, which the defaults have no part in. */
  readonly ownPlaceOf: (path: readonly (string | number)[], on?: 'key' | 'value') => Place;
}

/** A fault with its path inside the job. */
export interface JobFault extends Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  readonly job: MergedJob;
  readonly path: readonly (string | number)[];
  readonly on?: 'key' | 'value';
  readonly isBetweenJobs?: boolean;
  /** `error` unless it says so. */
  readonly severity?: Diagnostic['severity'];
}

/** What only shows once defaults are merged, inside one job and between jobs. */
export function checkJobs(jobs: readonly MergedJob[], metadata: unknown): readonly JobFault[] {
  const accountId = valueAt(metadata, ['accountId']);
  return [
    ...jobs.flatMap((job) => jobChecks.flatMap((check) => check(job))),
    ...jobs.flatMap((job) => launchFaults(job, accountId)),
    ...matches(jobs),
    ...checkpoints(jobs),
    ...renames(jobs),
  ];
}

const jobChecks = [
  jobName,
  exactlyOneSource,
  exactlyOneLocation,
  budget,
  backoff,
  executors,
  attempts,
] as const;

/** Above this a failing job burns money all hour long, and its logs hide the first cause. */
const attemptsPerHourMax = 30;

/**
 * Attempts an hour in the worst case: each new run has the service's own attempts again, and so has the run that
 * failed first. Undefined where a part of it is wrong.
 */
export function attemptsPerHour(job: Pick<MergedJob, 'merged'>): number | undefined {
  const retries = parts.nativeRetries.safeParse(valueAt(job.merged, ['restart', 'nativeRetries']));
  const limits = part(parts.budget, job, ['restart', 'budget']);
  return retries.success && limits ? retries.data * (1 + limits.perHour) : undefined;
}

function attempts(job: MergedJob): readonly JobFault[] {
  const worst = attemptsPerHour(job);
  if (worst === undefined || worst <= attemptsPerHourMax) return [];
  const path = ['restart', 'budget', 'perHour'];
  const isWritten = valueAt(job.merged, path) !== undefined;
  return [
    {
      job,
      severity: 'warning',
      code: 'CP2101',
      path: isWritten ? path : ['restart', 'nativeRetries'],
      message: `up to ${worst} attempts an hour: nativeRetries × (1 + budget.perHour)`,
      hint: `more than ${attemptsPerHourMax} only repeat the failure; lower nativeRetries or perHour`,
    },
  ];
}

function jobName(job: MergedJob): readonly JobFault[] {
  if (parts.name.safeParse(job.name).success) return [];
  const { hint } = valueMeta(parts.name);
  const message = `${JSON.stringify(job.name)} cannot be the name of a job`;
  return [{ job, code: 'CP1002', path: [], on: 'key', message, ...(hint === undefined ? {} : { hint }) }];
}

function exactlyOneSource(job: MergedJob): readonly JobFault[] {
  const source = valueAt(job.merged, ['source']);
  if (!isPlain(source)) return [];
  const kinds = Object.keys(source).filter((kind) => ['kinesis', 'msk', 'kafka'].includes(kind));
  if (kinds.length === 1) return [];
  const hint = 'a source is exactly one of kinesis, msk, kafka';
  const [, second] = kinds;
  if (second === undefined)
    return [{ job, code: 'CP1005', path: ['source', 'kinesis'], message: 'names no source', hint }];
  return [
    {
      job,
      code: 'CP1004',
      path: ['source', second],
      on: 'key',
      message: `both ${kinds.join(' and ')}`,
      hint,
    },
  ];
}

function exactlyOneLocation(job: MergedJob): readonly JobFault[] {
  const checkpoint = valueAt(job.merged, ['checkpoint']);
  if (!isPlain(checkpoint)) return [];
  const [hasOne, hasMany] = [Object.hasOwn(checkpoint, 'location'), Object.hasOwn(checkpoint, 'locations')];
  if (hasOne !== hasMany) return [];
  if (!hasOne) {
    const hint = 'write location: s3://bucket/path/, or locations: [ … ] for a job with several queries';
    return [
      { job, code: 'CP1005', path: ['checkpoint', 'location'], message: '"location" is missing', hint },
    ];
  }
  const message = '"location" and "locations" cannot both be set';
  return [
    {
      job,
      code: 'CP1004',
      path: ['checkpoint', 'locations'],
      on: 'key',
      message,
      hint: 'keep one of the two',
    },
  ];
}

function budget(job: MergedJob): readonly JobFault[] {
  const limits = part(parts.budget, job, ['restart', 'budget']);
  if (!limits || limits.perDay >= limits.perHour) return [];
  const message = `${limits.perDay} a day is less than ${limits.perHour} an hour`;
  const hint = 'perDay must be at least perHour (perHour 3 and perDay 12 unless you say otherwise)';
  return [{ job, code: 'CP1003', path: ['restart', 'budget'], message, hint }];
}

function backoff(job: MergedJob): readonly JobFault[] {
  const waits = part(parts.backoff, job, ['restart', 'backoff']);
  if (!waits || waits.max >= waits.initial) return [];
  const hint = 'max must be at least initial (initial 30s and max 10m unless you say otherwise)';
  return [
    { job, code: 'CP1003', path: ['restart', 'backoff'], message: 'max is shorter than initial', hint },
  ];
}

function executors(job: MergedJob): readonly JobFault[] {
  const bounds = part(parts.executors, job, ['scaling', 'executors']);
  if (!bounds || bounds.max >= bounds.min) return [];
  const message = `max ${bounds.max} is less than min ${bounds.min}`;
  const hint = 'max must be at least min (min 1 and max 64 unless you say otherwise)';
  return [{ job, code: 'CP1003', path: ['scaling', 'executors'], message, hint }];
}

/** Each job is told of the first other job that it meets, not of all: one fault to mend at a time. */
function matches(jobs: readonly MergedJob[]): readonly JobFault[] {
  const earlier: { job: MergedJob; id: string; glob: string; tags: Readonly<Record<string, string>> }[] = [];
  const faults: JobFault[] = [];
  for (const job of jobs) {
    const match = part(parts.match, job, ['match']);
    if (!match) continue;
    const { application, jobName: glob = job.name, tags } = match;
    const other = earlier.find(
      (each) => each.id === application.id && globsOverlap(each.glob, glob) && !areApart(each.tags, tags),
    );
    earlier.push({ job, id: application.id, glob, tags });
    if (!other) continue;
    const message = `also matched by job "${other.job.name}" in ${placeText(other.job.ownPlaceOf(['match'], 'key'))}`;
    const hint = `"${glob}" and "${other.glob}" can name the same run; narrow jobName, or delete one of the two jobs`;
    faults.push({ job, code: 'CP2001', path: ['match'], on: 'key', message, hint, isBetweenJobs: true });
  }
  return faults;
}

/** Two queries on one checkpoint overwrite each other, be they of two jobs or of one. */
function checkpoints(jobs: readonly MergedJob[]): readonly JobFault[] {
  const earlier: { job: MergedJob; path: readonly (string | number)[]; written: string; location: string }[] =
    [];
  const faults: JobFault[] = [];
  for (const job of jobs) {
    for (const { path, written } of locationsOf(job)) {
      const location = normaliseLocation(written);
      const other = earlier.find((each) => locationsOverlap(each.location, location));
      earlier.push({ job, path, written, location });
      if (!other) continue;
      const where =
        other.location === location ? 'the same checkpoint as' : `inside of, or around, ${other.written} of`;
      const message = `${where} job "${other.job.name}" in ${placeText(other.job.ownPlaceOf(other.path))}`;
      const hint = 'give each query a checkpoint of its own: two writers destroy it';
      faults.push({ job, code: 'CP2003', path, message, hint, isBetweenJobs: true });
    }
  }
  return faults;
}

/** A new name takes over what was kept under the old one, so no other job may have a claim to that. */
function renames(jobs: readonly MergedJob[]): readonly JobFault[] {
  const earlier = new Map<string, MergedJob>();
  return jobs.flatMap((job): readonly JobFault[] => {
    const from = valueAt(job.merged, ['renamedFrom']);
    if (typeof from !== 'string') return [];
    const fault = (message: string, hint: string): readonly JobFault[] => [
      { job, code: 'CP2006', path: ['renamedFrom'], message, hint },
    ];
    const other = jobs.find(({ name }) => name === from);
    if (other === job) return fault(`"${from}" is its name already`, 'delete renamedFrom');
    if (other) {
      const at = placeText(other.ownPlaceOf([], 'key'));
      return fault(`job "${from}" is still there, in ${at}`, 'delete the old job, or delete renamedFrom');
    }
    const first = earlier.get(from);
    earlier.set(from, first ?? job);
    if (!first) return [];
    return fault(`job "${first.name}" is renamed from "${from}" too`, 'only one job can go on with its history');
  });
}

function locationsOf({
  merged,
}: MergedJob): readonly { path: readonly (string | number)[]; written: string }[] {
  const location = valueAt(merged, ['checkpoint', 'location']);
  const list = valueAt(merged, ['checkpoint', 'locations']);
  const many = (Array.isArray(list) ? list : []).map((written: unknown, index) => ({
    path: ['checkpoint', 'locations', index],
    written,
  }));
  return [{ path: ['checkpoint', 'location'], written: location }, ...many].flatMap(({ path, written }) =>
    typeof written === 'string' ? [{ path, written }] : [],
  );
}

/** A tag with two values: no run has both. */
function areApart(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.entries(a).some(([key, value]) => Object.hasOwn(b, key) && b[key] !== value);
}

function part<T extends z.ZodType>(
  schema: T,
  job: Pick<MergedJob, 'merged'>,
  path: readonly string[],
): z.output<T> | undefined {
  const parsed = schema.safeParse(valueAt(job.merged, path) ?? {});
  return parsed.success ? parsed.data : undefined;
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
