import type { MergedJob } from './merged-job.ts';
import { deepMerge, isPlain, nullsAsUnset, valueAt } from './plain.ts';
import { locate, type Path, type Source } from './source.ts';

/** `source.value` may be anything; sections of a wrong type are told by the schema. */
export function isSet(source: Source, path: Path): boolean {
  const value = valueAt(source.value, path);
  return value !== undefined && (value !== null || path[0] === 'jobs');
}

/** The jobs of all files in the order of their files, each laid over the one `defaults`. */
export function mergedJobs(sources: readonly Source[]): readonly MergedJob[] {
  const holder = sources.find((source) => isSet(source, ['defaults']));
  const defaults = holder && deepMerge({}, valueAt(holder.value, ['defaults']));
  return sources.flatMap((source) => {
    const jobs = valueAt(source.value, ['jobs']);
    return Object.entries(isPlain(jobs) ? jobs : {}).map(([name, job]) => ({
      name,
      merged: deepMerge(defaults, job ?? {}),
      originOf: (path: Path) => {
        const own = valueAt(job, path);
        if (own !== undefined && own !== null) return place(source, ['jobs', name, ...path], 'value');
        const isInherited = holder && valueAt(deepMerge(defaults, job ?? {}), path) !== undefined;
        return isInherited ? place(holder, ['defaults', ...path], 'value') : undefined;
      },
      ownPlaceOf: (path: Path, on: 'key' | 'value' = 'value') => place(source, ['jobs', name, ...path], on),
      writtenAt: (path: Path, on: 'key' | 'value' = 'value') => {
        const isOwn =
          holder === undefined ||
          depthOf(source, ['jobs', name], path) >= depthOf(holder, ['defaults'], path);
        const [file, root] = isOwn ? [source, ['jobs', name]] : [holder, ['defaults']];
        return { place: place(file, [...root, ...path], on), path: [...root, ...path] };
      },
    }));
  });
}

/** How many keys of the path a file has below the root. */
function depthOf(source: Source, root: Path, path: Path): number {
  const whole = path.findIndex((_, index) => {
    const upTo = [...root, ...path.slice(0, path.length - index)];
    return locate(source, upTo, 'key').isWhole;
  });
  return whole < 0 ? 0 : path.length - whole;
}

/** The place of a value or key, or of the nearest thing above it. */
export function place(source: Source, path: Path, on: 'key' | 'value') {
  const { isWhole: _, ...at } = locate(source, path, on);
  return at;
}

/** What the files share, as it is written in whichever of them holds it. */
export interface Sections {
  readonly metadata: unknown;
  readonly guardrails: unknown;
  /** Undefined where nobody is to be told. */
  readonly notifications: unknown;
}

export function sections(sources: readonly Source[]): Sections {
  const section = (name: string) => {
    const holder = sources.find((source) => isSet(source, [name]));
    return nullsAsUnset(valueAt(holder?.value, [name]) ?? {});
  };
  const hasNotifications = sources.some((source) => isSet(source, ['notifications']));
  return {
    metadata: section('metadata'),
    guardrails: section('guardrails'),
    notifications: hasNotifications ? section('notifications') : undefined,
  };
}
