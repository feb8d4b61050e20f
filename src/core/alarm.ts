import type { ResolvedJob } from './job.ts';
import { matchesGlob } from './match.ts';

/** The dimensions by which an alarm can name a job; others are not carried. */
export const alarmDimensions = ['ApplicationId', 'JobName', 'JobId', 'StreamName'] as const;

/** Dimensions of one metric of an alarm. `JobId` is the id of a run. */
export type AlarmDimensions = Readonly<Partial<Record<(typeof alarmDimensions)[number], string>>>;

/** What is known of an alarm that changed its state; a hint like every other signal. */
export interface AlarmHint {
  readonly alarm: string;
  /** Name of a job, from the tag `checkpilot:job`. */
  readonly job?: string;
  /** One entry for each metric that has such dimensions. */
  readonly dimensions: readonly AlarmDimensions[];
}

/** The tag that says for which job an alarm is. */
export const jobTag = 'checkpilot:job';

/**
 * The jobs that an alarm is about, by the first of these that names any: its tag, the name patterns of the policy and
 * the names of alarms that `apply` makes, the dimensions of its metrics. A tag that names no job counts as none.
 */
export function jobsOfAlarm(jobs: readonly ResolvedJob[], hint: AlarmHint): readonly ResolvedJob[] {
  const tagged = jobs.filter(({ name }) => name === hint.job);
  const renamed = jobs.filter(({ renamedFrom }) => renamedFrom !== undefined && renamedFrom === hint.job);
  const named = jobs.filter((job) => isNamed(job, hint.alarm));
  const measured = jobs.filter((job) => hint.dimensions.some((dimensions) => isMeasured(job, dimensions)));
  return [tagged, renamed, named].find((found) => found.length > 0) ?? measured;
}

function isNamed(job: ResolvedJob, alarm: string): boolean {
  const isOurs = job.alarms?.managed === true && managedNames(job.name).includes(alarm);
  return isOurs || (job.alarms?.names ?? []).some((glob) => matchesGlob(glob, alarm));
}

/** The application alone names no job: many jobs share one. */
function isMeasured(job: ResolvedJob, { ApplicationId, JobName, StreamName }: AlarmDimensions): boolean {
  const { applicationId, jobName } = job.match;
  if (StreamName !== undefined && StreamName === job.source?.kinesis?.stream) return true;
  if (JobName === undefined || !matchesGlob(jobName, JobName)) return false;
  return ApplicationId === undefined || ApplicationId === applicationId;
}

/** Every alarm that `apply` makes begins so. */
export const managedPrefix = 'checkpilot-';

const managedKinds = ['no-worker', 'iterator-age'] as const;

/** An alarm that `apply` makes and keeps for a job. */
export type ManagedAlarm =
  /** No worker of the job's runs reports memory: the run is down, or RUNNING without workers. */
  | {
      readonly kind: 'no-worker';
      readonly name: string;
      readonly job: string;
      readonly applicationId: string;
      readonly runName: string;
    }
  /** What the polling consumers of the stream read is old. */
  | { readonly kind: 'iterator-age'; readonly name: string; readonly job: string; readonly stream: string };

/** What of a job its alarms are made from. */
export interface AlarmSubject extends Pick<ResolvedJob, 'name' | 'source'> {
  readonly match: Pick<ResolvedJob['match'], 'applicationId' | 'jobName'>;
  readonly alarms?: { readonly managed: boolean };
}

/** PutMetricAlarm takes names up to 255 characters. */
const nameCharactersMax = 255;

/**
 * The alarms that `alarms: { managed: true }` asks for; none where no metric can be bound to the job. A Metrics
 * Insights query compares whole names, so a job whose runs are matched by a pattern has no alarm on its workers. And an
 * enhanced fan-out consumer makes no GetRecords calls, so it leaves no iterator age.
 */
export function managedAlarms(job: AlarmSubject): readonly ManagedAlarm[] {
  if (job.alarms?.managed !== true) return [];
  const { applicationId, jobName: runName } = job.match;
  const [noWorker = '', iteratorAge = ''] = managedNames(job.name);
  const alarms: ManagedAlarm[] = [];
  if (isQueryable(runName))
    alarms.push({ kind: 'no-worker', name: noWorker, job: job.name, applicationId, runName });
  const { stream, consumer } = job.source?.kinesis ?? {};
  if (stream !== undefined && consumer === undefined)
    alarms.push({ kind: 'iterator-age', name: iteratorAge, job: job.name, stream });
  return alarms.filter(({ name }) => name.length <= nameCharactersMax);
}

/** Metrics of names with other characters are published as `[Unspecified]`; a quote would end the text in the query. */
function isQueryable(runName: string): boolean {
  return /^[\x20-\x7e]+$/.test(runName) && !/[*'"\\]/.test(runName);
}

function managedNames(job: string): readonly string[] {
  return managedKinds.map((kind) => `${managedPrefix}${job}-${kind}`);
}
