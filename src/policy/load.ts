import type { ResolvedPolicy } from '../core/job.ts';
import { checkJobs } from './checks.ts';
import { type Diagnostic, pathText, type SourceText, sortDiagnostics } from './diagnostics.ts';
import { isSet, mergedJobs, place, sections } from './merge.ts';
import type { JobFault, MergedJob } from './merged-job.ts';
import { receiverFaults } from './notification-checks.ts';
import { orOtherKind, policyKind } from './other-kind.ts';
import { isPlain, nullsAsUnset, valueAt } from './plain.ts';
import { regionFaults } from './region-checks.ts';
import { resolvePolicy } from './resolve.ts';
import { jobSchema, policyFileSchema } from './schema.ts';
import { withoutSecrets } from './secrets.ts';
import { fileStart, locate, type Path, readSource, type Source } from './source.ts';
import { validate } from './validate.ts';
import { windowFaults } from './window-checks.ts';

export type LoadedPolicy =
  | { readonly ok: true; readonly policy: ResolvedPolicy; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads a policy from the texts of its files: every fault at once, sorted by file and position. Never throws.
 * The files share one set of jobs; metadata, defaults and guardrails each stand in just one of them.
 */
export function loadPolicy(files: readonly SourceText[]): LoadedPolicy {
  const sources = files.map((file) => orOtherKind(readSource(file), policyKind));
  const intact = sources.filter(({ isBroken }) => !isBroken);
  const fileFaults = [...sources.flatMap(({ faults }) => faults), ...intact.flatMap(schemaFaults)];
  const jobs = firstOfEachName(mergedJobs(intact));
  const mended = new Set(fileFaults.flatMap(({ meantPaths }: Told) => meantPaths ?? []));
  // A file that cannot be read may hold what the others seem to lack.
  const wholeFaults =
    intact.length < sources.length
      ? []
      : [
          ...sectionFaults(sources),
          ...(jobs.length > 0 ? [] : noJobs(sources)),
          ...sources.flatMap(receiverFaults),
          ...sources.flatMap(regionFaults),
          ...sources.flatMap((source) =>
            windowFaults(
              source,
              jobs.map(({ name }) => name),
            ),
          ),
          ...jobFaults(jobs, sections(sources).metadata, mended),
        ];
  const diagnostics = sortDiagnostics(
    [...fileFaults.filter(({ code, path }) => code !== 'CP1005' || !mended.has(path)), ...wholeFaults]
      .map(withoutMeant)
      .map(withoutSecrets),
    files,
  );
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, policy: resolvePolicy(sections(sources), jobs), warnings: diagnostics };
}

/** A job in two files is told as that, and not as two jobs that meet. */
function firstOfEachName(jobs: readonly MergedJob[]): readonly MergedJob[] {
  return [...new Map(jobs.toReversed().map((job) => [job.name, job])).values()].toReversed();
}

/** A diagnostic with the paths that its unknown key was meant to write, for not telling those as missing too. */
type Told = Diagnostic & { readonly meantPaths?: readonly string[] };

/** What the schema says of one file. In `defaults` and `jobs` the missing is judged after merging. */
function schemaFaults(source: Source): readonly Told[] {
  return validate(policyFileSchema, nullsAsUnset(source.value ?? {}))
    .filter(({ code, path }) => code !== 'CP1005' || !['defaults', 'jobs'].includes(String(path[0])))
    .map(({ code, path, message, hint, on, meant }) => ({
      ...place(source, path, on),
      severity: 'error',
      code,
      path: pathText(path),
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(meant === undefined ? {} : { meantPaths: prefixes(path.slice(0, -1), meant) }),
    }));
}

function prefixes(map: Path, meant: readonly string[]): readonly string[] {
  return meant.map((_, index) => pathText([...map, ...meant.slice(0, index + 1)]));
}

const sharedSections = ['metadata', 'defaults', 'guardrails', 'notifications'] as const;

/** Sections that stand in two files, that stand in none, and jobs with one name in two files. */
function sectionFaults(sources: readonly Source[]): readonly Diagnostic[] {
  const faults: Diagnostic[] = [];
  const firsts = new Map<string, Source>();
  for (const source of sources) {
    const jobs = valueAt(source.value, ['jobs']);
    const names = isPlain(jobs) ? Object.keys(jobs) : [];
    for (const path of [...sharedSections.map((name) => [name]), ...names.map((name) => ['jobs', name])]) {
      if (!isSet(source, path)) continue;
      const text = pathText(path);
      const first = firsts.get(text);
      firsts.set(text, first ?? source);
      if (!first) continue;
      const at = locate(first, path, 'key');
      const message = `"${path.at(-1)}" is also in ${at.file}:${at.line}:${at.column}`;
      const hint = 'keep one of the two';
      faults.push({
        ...place(source, path, 'key'),
        severity: 'error',
        code: 'CP1007',
        path: text,
        message,
        hint,
      });
    }
  }
  const hasMetadata = sources.some((source) => isSet(source, ['metadata']));
  const hasJobs = sources.some((source) => isSet(source, ['jobs']));
  const file = fileStart(sources[0]?.path ?? '(no file)');
  const missing = (path: string, hint: string) =>
    faults.push({ ...file, severity: 'error', code: 'CP1005', path, message: `"${path}" is missing`, hint });
  if (!hasMetadata) missing('metadata', 'metadata: { name: …, accountId: "…", region: …, owner: … }');
  if (!hasJobs) missing('jobs', 'jobs are keyed by name: jobs: { my-job: { match: … } }');
  return faults;
}

/** `jobs: {}` is what a policy is left with when its last job is taken out, or one that nobody wrote jobs into. */
function noJobs(sources: readonly Source[]): readonly Diagnostic[] {
  const holder = sources.find(
    (source) => isSet(source, ['jobs']) && isPlain(valueAt(source.value, ['jobs']) ?? {}),
  );
  if (!holder) return [];
  const at = place(holder, ['jobs'], 'key');
  const hint = 'jobs are keyed by name: jobs: { my-job: { match: … } }';
  return [
    {
      ...at,
      severity: 'warning',
      code: 'CP2107',
      path: 'jobs',
      message: 'there is no job to look after',
      hint,
    },
  ];
}

/** Everything else that the schema has against a merged job was told where it is written. */
function missingInJobs(jobs: readonly MergedJob[]): readonly JobFault[] {
  return jobs.flatMap((job) =>
    validate(jobSchema, job.merged)
      .filter(({ code }) => code === 'CP1005')
      .map((finding) => ({ job, ...finding, on: 'key' as const })),
  );
}

function jobFaults(
  jobs: readonly MergedJob[],
  metadata: unknown,
  mended: ReadonlySet<string>,
): readonly Diagnostic[] {
  const faults = [...missingInJobs(jobs), ...checkJobs(jobs, metadata)];
  const counts = new Map<string, number>();
  for (const fault of faults) counts.set(sameness(fault), (counts.get(sameness(fault)) ?? 0) + 1);
  return faults
    .filter(({ job, path, code }) => {
      const isMended =
        mended.has(pathText(['jobs', job.name, ...path])) || mended.has(pathText(['defaults', ...path]));
      return code !== 'CP1005' || !isMended;
    })
    .map((fault) => told(fault, fault.isOfDefaults ?? counts.get(sameness(fault)) === jobs.length));
}

function sameness({ code, path, message }: JobFault): string {
  return JSON.stringify([code, path, message]);
}

/** What is wrong in every job and written in `defaults` is a fault of `defaults`; any other is one of its job. */
function told(fault: JobFault, isInAll: boolean): Diagnostic {
  const { job, path, on, code, message, hint, isBetweenJobs } = fault;
  const written = job.writtenAt(path, on);
  const isOfDefaults = isInAll && !isBetweenJobs && written.path[0] === 'defaults';
  const isWhole = valueAt(job.merged, path) !== undefined;
  const at = isBetweenJobs || (!isWhole && !isOfDefaults) ? job.ownPlaceOf(path, on) : written.place;
  const full = isOfDefaults ? written.path : ['jobs', job.name, ...path];
  const shown = { code, path: pathText(full), message, ...(hint === undefined ? {} : { hint }) };
  return { ...at, severity: fault.severity ?? 'error', ...shown };
}

function withoutMeant({ meantPaths: _, ...diagnostic }: Told): Diagnostic {
  return diagnostic;
}
