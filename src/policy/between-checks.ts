import { locationsOverlap, normaliseLocation } from '../core/launch-request.ts';
import { globsOverlap } from './glob.ts';
import { type JobFault, type MergedJob, part } from './merged-job.ts';
import { valueAt } from './plain.ts';
import { parts } from './schema.ts';
import type { Place } from './source.ts';

/** What two jobs cannot both have: a run, a checkpoint, a former name. */
export function betweenFaults(jobs: readonly MergedJob[]): readonly JobFault[] {
  return [...matches(jobs), ...checkpoints(jobs), ...renames(jobs)];
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
    const jobName = ['match', 'jobName'];
    if (bothInherit(job, other.job, jobName)) {
      const message = 'the jobs that inherit it match the same runs';
      const hint = 'leave it out: the name of a job is the default';
      faults.push({ job, code: 'CP2001', path: jobName, message, hint, isOfDefaults: true });
      continue;
    }
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
      const hint = 'give each query a checkpoint of its own: two writers destroy it';
      if (other.job !== job && bothInherit(job, other.job, path)) {
        const message = 'the jobs that inherit it have one checkpoint';
        faults.push({ job, code: 'CP2003', path, message, hint, isOfDefaults: true });
        continue;
      }
      const where =
        other.location === location ? 'the same checkpoint as' : `inside of, or around, ${other.written} of`;
      const message = `${where} job "${other.job.name}" in ${placeText(other.job.ownPlaceOf(other.path))}`;
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
    return fault(
      `job "${first.name}" is renamed from "${from}" too`,
      'only one job can go on with its history',
    );
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

/** Then it is one mistake, however many jobs there are. */
function bothInherit(a: MergedJob, b: MergedJob, path: readonly (string | number)[]): boolean {
  return [a, b].every(
    (job) => valueAt(job.merged, path) !== undefined && job.writtenAt(path).path[0] === 'defaults',
  );
}

/** A tag with two values: no run has both. */
function areApart(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.entries(a).some(([key, value]) => Object.hasOwn(b, key) && b[key] !== value);
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
