import { managedAlarms } from '../core/alarm.ts';
import { type JobFault, type MergedJob, part } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';
import { parts } from './schema.ts';

/** A job that asks for alarms, and none can be made for it. */
export function alarmFaults(job: MergedJob): readonly JobFault[] {
  const path = ['alarms', 'managed'];
  if (valueAt(job.merged, path) !== true) return [];
  const match = part(parts.match, job, ['match']);
  if (!match) return [];
  const alarms = managedAlarms({
    name: job.name,
    match: { applicationId: match.application.id, jobName: match.jobName ?? job.name },
    alarms: { managed: true },
    ...kinesisOf(job),
  });
  if (alarms.length > 0) return [];
  const hint =
    'name the runs without a pattern in match.jobName, or a stream read by polling in source.kinesis';
  const message = 'there is no metric of this job to make an alarm of';
  return [{ job, severity: 'warning', code: 'CP2103', path, message, hint }];
}

function kinesisOf({ merged }: MergedJob) {
  const kinesis = valueAt(merged, ['source', 'kinesis']);
  if (!isPlain(kinesis) || typeof kinesis.stream !== 'string') return {};
  const { stream, consumer } = kinesis;
  return { source: { kinesis: { stream, ...(typeof consumer === 'string' ? { consumer } : {}) } } };
}
