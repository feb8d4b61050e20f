import * as z from 'zod';
import { pathText, type SourceText } from './diagnostics.ts';
import { mergedJobs } from './merge.ts';
import type { MergedJob } from './merged-job.ts';
import { isPlain } from './plain.ts';
import { jobSchema } from './schema.ts';
import { plainSchema, shippedDefault } from './schema-walk.ts';
import { type Path, type Place, readSource } from './source.ts';

export interface MergedValue {
  /** Inside the job: `restart.budget.perHour`. */
  readonly path: string;
  /** In the words of the file: durations as `30s`. Lists are one value. */
  readonly value: unknown;
  /** Where it was written; undefined for what Checkpilot ships. */
  readonly origin?: Place;
}

/**
 * Every value of one job after merging, in the order of the reference, with where it comes from; undefined if no
 * file has the job. Meant for files that have no fault: of others it shows what can be read.
 */
export function mergedValues(files: readonly SourceText[], job: string): readonly MergedValue[] | undefined {
  const found = mergedJobs(files.map((file) => readSource(file))).find(({ name }) => name === job);
  return found && valuesOf(jobSchema, found.merged, [], found);
}

function valuesOf(
  schema: z.core.$ZodType,
  written: unknown,
  path: Path,
  job: MergedJob,
): readonly MergedValue[] {
  const value = written ?? shippedDefault(schema);
  const plain = plainSchema(schema);
  if (plain instanceof z.ZodObject && (value === undefined || isPlain(value))) {
    const inner = Object.entries(plain.shape as Readonly<Record<string, z.core.$ZodType>>).flatMap(
      ([key, each]) => valuesOf(each, value?.[key], [...path, key], job),
    );
    if (inner.length > 0 || value === undefined) return inner;
  }
  if (plain instanceof z.ZodRecord && isPlain(value) && Object.keys(value).length > 0) {
    return Object.keys(value).flatMap((key) => valuesOf(plain.valueType, value[key], [...path, key], job));
  }
  const text = pathText(path);
  // The one default that is no constant: it is written where the job is.
  if (text === 'match.jobName' && value === undefined) {
    return [{ path: text, value: job.name, origin: job.ownPlaceOf([], 'key') }];
  }
  if (value === undefined) return [];
  const origin = job.originOf(path);
  return [{ path: text, value, ...(origin ? { origin } : {}) }];
}
