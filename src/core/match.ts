import type { ResolvedJob } from './job.ts';

/** A run matches a job on its application, the glob over its name, and all of the job's tags. */
export function matchesRun(
  job: ResolvedJob,
  run: {
    readonly applicationId: string;
    readonly name: string;
    readonly tags: Readonly<Record<string, string>>;
  },
): boolean {
  const { applicationId, jobName, tags } = job.match;
  if (run.applicationId !== applicationId || !matchesGlob(jobName, run.name)) return false;
  return Object.entries(tags).every(([key, value]) => run.tags[key] === value);
}

/** `*` is any text, everything else stands for itself. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return text === glob;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
