import type { JobFault, MergedJob } from './merged-job.ts';
import { isPlain, valueAt } from './plain.ts';

/** What a job asks of its data-loss clock and its source cannot give. */
export function retentionFaults(job: MergedJob): readonly JobFault[] {
  const retention = valueAt(job.merged, ['retention']);
  if (!isPlain(retention)) return [];
  const source = valueAt(job.merged, ['source']);
  const kinds = isPlain(source) ? Object.keys(source) : [];
  // Several kinds at once are told as such.
  if (kinds.includes('kinesis') || kinds.length > 1) return [];
  const [kind] = kinds;
  if (Object.hasOwn(retention, 'extendTo')) {
    const message = kind ? `the retention of ${kind} topics cannot be extended` : 'no source to extend';
    const hint = 'only Kinesis streams can; give the topics the retention that they need yourself';
    return [{ job, code: 'CP2008', path: ['retention', 'extendTo'], on: 'key', message, hint }];
  }
  if (valueAt(retention, ['exactAge']) === true) {
    const message = kind ? `the records of ${kind} topics cannot be asked for their age` : 'no source to ask';
    const hint = 'only Kinesis streams can; leave exactAge out';
    return [{ job, code: 'CP2008', path: ['retention', 'exactAge'], on: 'key', message, hint }];
  }
  const isDeclared = kind !== undefined && valueAt(source, [kind, 'retention']) !== undefined;
  if (isDeclared) return [];
  const hint = kind
    ? `write source: { ${kind}: { retention: 7d } } with retention.ms of the topics`
    : 'name the source of the job';
  const message = 'how long unread records are kept is not known';
  return [{ job, severity: 'warning', code: 'CP2104', path: ['retention'], on: 'key', message, hint }];
}
