import type { ResolvedPolicy } from '../core/job.ts';
import { checkJobs } from './checks.ts';
import { type Diagnostic, pathText, type SourceText, sortDiagnostics } from './diagnostics.ts';
import { isSet, mergedJobs, place, sections } from './merge.ts';
import type { JobFault, MergedJob } from './merged-job.ts';
import { receiverFaults } from './notification-checks.ts';
import { isPlain, nullsAsUnset, valueAt } from './plain.ts';
import { regionFaults } from './region-checks.ts';
import { resolvePolicy } from './resolve.ts';
import { jobSchema, policyFileSchema } from './schema.ts';
import { withoutSecrets } from './secrets.ts';
import { fileStart, locate, readSource, type Source } from './source.ts';
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
  const sources = files.map((file) => readSource(file));
  const intact = sources.filter(({ isBroken }) => !isBroken);
  const fileFaults = [...sources.flatMap(({ faults }) => faults), ...intact.flatMap(schemaFaults)];
  const jobs = mergedJobs(intact);
  const mended = new Set(fileFaults.flatMap(({ meantPath }: Told) => meantPath ?? []));
  // A file that cannot be read may hold what the others seem to lack.
  const wholeFaults =
    intact.length < sources.length
      ? []
      : [
          ...sectionFaults(sources),
          ...sources.flatMap(receiverFaults),
          ...sources.flatMap(regionFaults),
          ...sources.flatMap((source) =>
            windowFaults(
              source,
              jobs.map(({ name }) => name),
            ),
          ),
          ...[...missingInJobs(jobs), ...checkJobs(jobs, sections(sources).metadata)].map((fault) =>
            told(fault, mended),
          ),
        ];
  const diagnostics = sortDiagnostics(
    [...fileFaults.filter(({ code, path }) => code !== 'CP1005' || !mended.has(path)), ...wholeFaults]
      .filter(isTold)
      .map(withoutMeant)
      .map(withoutSecrets),
    files,
  );
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, policy: resolvePolicy(sections(sources), jobs), warnings: diagnostics };
}

/** A diagnostic with the path that its unknown key was meant to be, for not telling that path as missing too. */
type Told = Diagnostic & { readonly meantPath?: string };

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
      ...(meant === undefined ? {} : { meantPath: pathText([...path.slice(0, -1), meant]) }),
    }));
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

/** Everything else that the schema has against a merged job was told where it is written. */
function missingInJobs(jobs: readonly MergedJob[]): readonly JobFault[] {
  return jobs.flatMap((job) =>
    validate(jobSchema, job.merged)
      .filter(({ code }) => code === 'CP1005')
      .map((finding) => ({ job, ...finding, on: 'key' as const })),
  );
}

function told(fault: JobFault, mended: ReadonlySet<string>): Diagnostic | undefined {
  const { job, path, on, code, message, hint, isBetweenJobs } = fault;
  const full = pathText(['jobs', job.name, ...path]);
  const isMended = mended.has(full) || mended.has(pathText(['defaults', ...path]));
  if (code === 'CP1005' && isMended) return undefined;
  const shown = { code, path: full, message, ...(hint === undefined ? {} : { hint }) };
  const at = isBetweenJobs ? job.ownPlaceOf(path, on) : job.placeOf(path, on);
  return { ...at, severity: fault.severity ?? 'error', ...shown };
}

function isTold(diagnostic: Diagnostic | undefined): diagnostic is Diagnostic {
  return diagnostic !== undefined;
}

function withoutMeant({ meantPath: _, ...diagnostic }: Told): Diagnostic {
  return diagnostic;
}
