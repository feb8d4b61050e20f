import type { JobRun } from '../job-run.ts';
import type { JobMemory, RunAge } from '../memory.ts';

/** As many ends in a row at one age are no chance. */
const endsMin = 3;
/** Younger runs die of their start, not of their age. */
const ageMsMin = 10 * 60_000;
/** Starts take their time, and so ages of one cause differ by this much or a fiftieth. */
const spreadMs = 2 * 60_000;

/** The last ends of the job with this one, oldest first; an end that was judged before counts once. */
export function agesWith({ ages = [] }: JobMemory, run: JobRun): readonly RunAge[] {
  const { jobRunId } = run;
  const ageMs = (run.endedAtMs ?? run.updatedAtMs) - (run.startedAtMs ?? run.createdAtMs);
  return [...ages.filter((age) => age.jobRunId !== jobRunId), { jobRunId, ageMs }].slice(-endsMin);
}

/** The age at which the last runs all died: that of a token or of a time limit. Undefined while they differ. */
export function fixedAgeMs(ages: readonly RunAge[]): number | undefined {
  if (ages.length < endsMin) return undefined;
  const values = ages.map(({ ageMs }) => ageMs);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const isOneAge = least >= ageMsMin && most - least <= Math.max(spreadMs, most / 50);
  return isOneAge ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
}

/** A sentence for people, or nothing. */
export function fixedAgeText(ages: readonly RunAge[]): string {
  const ageMs = fixedAgeMs(ages);
  if (ageMs === undefined) return '';
  const minutes = Math.round(ageMs / 60_000);
  const age = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`;
  return ` The last ${ages.length} runs all died after ${age}: look for a token or a time limit of that length.`;
}
