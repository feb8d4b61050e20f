import type { ResolvedJob, ResolvedPolicy } from '../core/job.ts';
import { pathText } from '../policy/diagnostics.ts';

/** One value of the compiled policy that differs; undefined where there is none. */
export interface KeyChange {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

export type JobChange =
  | { readonly kind: 'added' | 'removed'; readonly job: string }
  | { readonly kind: 'changed'; readonly job: string; readonly keys: readonly KeyChange[] }
  | {
      readonly kind: 'renamed';
      readonly job: string;
      readonly from: string;
      readonly keys: readonly KeyChange[];
    };

export interface PolicyChanges {
  readonly jobs: readonly JobChange[];
  /** Outside of the jobs. */
  readonly policy: readonly KeyChange[];
}

/** What a policy changes against the one in force, in the words of the compiled policy; jobs by name. */
export function policyChanges(before: ResolvedPolicy | undefined, after: ResolvedPolicy): PolicyChanges {
  const old = new Map(Object.entries(before?.jobs ?? {}));
  const gone = new Set(old.keys());
  const jobs = Object.values(after.jobs).flatMap((job): readonly JobChange[] => {
    const { name, renamedFrom } = job;
    gone.delete(name);
    const same = old.get(name);
    if (same) {
      const keys = keyChanges(same, job);
      return keys.length > 0 ? [{ kind: 'changed', job: name, keys }] : [];
    }
    const former = renamedFrom === undefined ? undefined : old.get(renamedFrom);
    if (!former || renamedFrom === undefined) return [{ kind: 'added', job: name }];
    gone.delete(renamedFrom);
    const keys = keyChanges(former, job).filter(({ path }) => path !== 'name' && path !== 'renamedFrom');
    return [{ kind: 'renamed', job: name, from: renamedFrom, keys }];
  });
  const removed = [...gone].map((job): JobChange => ({ kind: 'removed', job }));
  const outside = ({ jobs: _, guardrails, ...rest }: ResolvedPolicy) => ({
    ...rest,
    guardrails: { ...guardrails, windows: byName(guardrails.windows ?? []) },
  });
  return {
    jobs: [...jobs, ...removed].sort((a, b) => (a.job < b.job ? -1 : 1)),
    policy: before ? keyChanges(outside(before), outside(after)) : [],
  };
}

/** Jobs that want to go on under a new name, less those for which the policy in force already says so. */
export function newRenames(
  before: ResolvedPolicy | undefined,
  after: ResolvedPolicy,
): readonly (ResolvedJob & { readonly renamedFrom: string })[] {
  return Object.values(after.jobs).flatMap((job) => {
    const { name, renamedFrom } = job;
    if (renamedFrom === undefined || before?.jobs[renamedFrom]) return [];
    return before?.jobs[name]?.renamedFrom === renamedFrom ? [] : [{ ...job, renamedFrom }];
  });
}

/** The changes for people. */
export function changesText({ jobs, policy }: PolicyChanges): string {
  if (jobs.length === 0 && policy.length === 0) return 'No changes.\n';
  return [...jobs.flatMap(jobLines), ...policy.map((key) => `  ~ ${keyText(key)}`)]
    .map((line) => `${line}\n`)
    .join('');
}

function jobLines(change: JobChange): readonly string[] {
  switch (change.kind) {
    case 'added':
      return [`  + ${change.job}   starts being managed`];
    case 'removed':
      return [`  - ${change.job}   stops being managed, its run goes on`];
    case 'changed':
      return [`  ~ ${change.job}`, ...change.keys.map((key) => `      ${keyText(key)}`)];
    case 'renamed':
      return [
        `  ~ ${change.job}   was ${change.from}; its history, budget and checkpoint go on`,
        ...change.keys.map((key) => `      ${keyText(key)}`),
      ];
  }
}

function keyText({ path, from, to }: KeyChange): string {
  const shown = (value: unknown) => (value === undefined ? 'not set' : JSON.stringify(value));
  return `${path}   ${shown(from)} → ${shown(to)}`;
}

function byName<T extends { readonly name: string }>(list: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(list.map((each) => [each.name, each]));
}

function keyChanges(before: unknown, after: unknown): readonly KeyChange[] {
  const [old, now] = [leaves(before), leaves(after)];
  // What jobs have of the guardrails is shown once, there.
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => path !== 'windows' && path !== 'approvals.expireAfterMs')
    .filter((path) => JSON.stringify(old.get(path)) !== JSON.stringify(now.get(path)))
    .map((path) => {
      const [from, to] = [old.get(path), now.get(path)];
      return { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    });
}

/** Values by path; lists are one value. */
function leaves(value: unknown, path: readonly string[] = []): ReadonlyMap<string, unknown> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap) return new Map(value === undefined ? [] : [[pathText(path), value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, [...path, key])]));
}
