import { alarmFaults } from './alarm-checks.ts';
import { betweenFaults } from './between-checks.ts';
import { classFaults } from './class-checks.ts';
import { launchFaults } from './launch-checks.ts';
import { type JobFault, type MergedJob, part } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';
import { retentionFaults } from './retention-checks.ts';
import { parts } from './schema.ts';
import { valueMeta } from './schema-walk.ts';
import { workerFaults } from './worker-checks.ts';

/** What only shows once defaults are merged, inside one job and between jobs. */
export function checkJobs(jobs: readonly MergedJob[], metadata: unknown): readonly JobFault[] {
  const accountId = valueAt(metadata, ['accountId']);
  return [
    ...jobs.flatMap((job) => jobChecks.flatMap((check) => check(job))),
    ...jobs.flatMap((job) => launchFaults(job, accountId)),
    ...betweenFaults(jobs),
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
  alarmFaults,
  retentionFaults,
  classFaults,
  workerFaults,
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
