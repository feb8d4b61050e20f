import type * as z from 'zod';
import type { Diagnostic } from './diagnostics.ts';
import { valueAt } from './plain.ts';
import type { Place } from './source.ts';

/** A job after merging and before parsing, so that one fault in it does not hide another. */
export interface MergedJob {
  readonly name: string;
  readonly merged: unknown;
  /**
   * Where a value of this job is written, with its whole path: in the job, else in `defaults`; of what is missing, the
   * nearest key above it in either.
   */
  readonly writtenAt: (path: readonly (string | number)[], on?: 'key' | 'value') => Written;
  /** Always in the job: for faults between two jobs, which the defaults have no part in. */
  readonly ownPlaceOf: (path: readonly (string | number)[], on?: 'key' | 'value') => Place;
  /** Where a value of `merged` was written; undefined for a path that no file has a value at. */
  readonly originOf: (path: readonly (string | number)[]) => Place | undefined;
}

export interface Written {
  readonly place: Place;
  readonly path: readonly (string | number)[];
}

/** A fault with its path inside the job. */
export interface JobFault extends Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  readonly job: MergedJob;
  readonly path: readonly (string | number)[];
  readonly on?: 'key' | 'value';
  readonly isBetweenJobs?: boolean;
  /** True of what several jobs inherit, and none could be blamed for. */
  readonly isOfDefaults?: boolean;
  /** `error` unless it says so. */
  readonly severity?: Diagnostic['severity'];
}

/** A part of a job read alone; undefined where that part is wrong, which the schema tells. */
export function part<T extends z.ZodType>(
  schema: T,
  job: Pick<MergedJob, 'merged'>,
  path: readonly string[],
): z.output<T> | undefined {
  const parsed = schema.safeParse(valueAt(job.merged, path) ?? {});
  return parsed.success ? parsed.data : undefined;
}
