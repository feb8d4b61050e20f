import { type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';
import { type JobFault, type MergedJob, part } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';
import { parts } from './schema.ts';

/** What a policy says of one failure class and what cannot come true: a fault, or a key that changes nothing. */
export function classFaults(job: MergedJob): readonly JobFault[] {
  const classes = valueAt(job.merged, ['restart', 'classes']);
  if (!isPlain(classes)) return [];
  return Object.keys(classes).flatMap((name) => {
    if (!Object.hasOwn(failureClasses, name)) return [];
    const failureClass = name as FailureClass;
    return [...budget(job, failureClass), ...backoff(job, failureClass)];
  });
}

function budget(job: MergedJob, name: FailureClass): readonly JobFault[] {
  const path = ['restart', 'classes', name, 'budget'];
  if (valueAt(job.merged, path) === undefined) return [];
  const limits = part(parts.classBudget, job, path);
  const ofJob = part(parts.budget, job, ['restart', 'budget']);
  if (!limits || !ofJob) return [];
  const { perHour, perDay } = limits;
  if (perHour !== undefined && perDay !== undefined && perDay < perHour) {
    const message = `${perDay} a day is less than ${perHour} an hour`;
    return [{ job, code: 'CP1003', path, message, hint: 'perDay must be at least perHour' }];
  }
  if (perHour === undefined && perDay === undefined)
    return [noEffect(job, path, 'names no limit', 'write perHour, perDay or both')];
  if (startsNothing(job, name))
    return [noEffect(job, path, 'the action of this class starts nothing', 'leave it out')];
  const isHourWider = perHour === undefined || perHour >= ofJob.perHour;
  const isDayWider = perDay === undefined || perDay >= ofJob.perDay;
  if (!isHourWider || !isDayWider) return [];
  const message = `restart.budget (${ofJob.perHour} an hour, ${ofJob.perDay} a day) is never wider`;
  return [noEffect(job, path, message, 'a budget of a class holds besides that of the job: make it smaller')];
}

/** A job that waits for capacity has its turn in the line of its application instead. */
function backoff(job: MergedJob, name: FailureClass): readonly JobFault[] {
  const path = ['restart', 'classes', name, 'backoff'];
  if (valueAt(job.merged, path) === undefined) return [];
  if ((writtenAction(job, name) ?? failureClasses[name].action) === 'wait-for-capacity') {
    const hint = 'write classes.capacity-unavailable.every: how often room is looked for';
    return [noEffect(job, path, 'a job that waits for capacity has no backoff', hint)];
  }
  return startsNothing(job, name)
    ? [noEffect(job, path, 'the action of this class starts nothing', 'leave it out')]
    : [];
}

/** By the word of the policy: a class that stops by itself may hold a text that has one restart. */
function startsNothing(job: MergedJob, name: FailureClass): boolean {
  const action = writtenAction(job, name);
  return action?.startsWith('stop-') === true || action === 'ignore';
}

function writtenAction({ merged }: MergedJob, name: FailureClass): string | undefined {
  const written = valueAt(merged, ['restart', 'classes', name, 'action']);
  return typeof written === 'string' ? written : undefined;
}

function noEffect(
  job: MergedJob,
  path: readonly (string | number)[],
  message: string,
  hint: string,
): JobFault {
  return { job, severity: 'warning', code: 'CP2105', path, on: 'key', message, hint };
}
