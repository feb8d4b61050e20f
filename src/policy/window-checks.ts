import { nextMatch, parseCron } from '../core/cron.ts';
import { actionNames } from '../core/job.ts';
import { matchesGlob } from '../core/match.ts';
import { onceMs } from '../core/windows.ts';
import { isTimeZone } from '../core/zone.ts';
import { type Diagnostic, pathText } from './diagnostics.ts';
import { place } from './merge.ts';
import { isPlain, type Plain, valueAt } from './plain.ts';
import type { Path, Source } from './source.ts';
import { suggest } from './suggest.ts';

type Fault = Pick<Diagnostic, 'code' | 'message'> & {
  readonly hint: string;
  readonly at: Path;
  readonly on?: 'key';
};

/** What the schema cannot say of windows: each value is fine alone, and together they never hold, or hold twice. */
export function windowFaults(source: Source, jobs: readonly string[]): readonly Diagnostic[] {
  const windows = valueAt(source.value, ['guardrails', 'windows']);
  if (!Array.isArray(windows)) return [];
  return windows.flatMap((window: unknown, index) => {
    if (!isPlain(window)) return [];
    const faults = [...names(windows, index), ...times(window), ...subjects(window, jobs)];
    return faults.map(({ at, on, ...fault }): Diagnostic => {
      const path = ['guardrails', 'windows', index, ...at];
      return { ...place(source, path, on ?? 'value'), severity: 'error', path: pathText(path), ...fault };
    });
  });
}

/** Decisions name the window that holds them back, so each needs a name of its own. */
function names(windows: readonly unknown[], index: number): readonly Fault[] {
  const nameOf = (window: unknown) => valueAt(window, ['name']);
  const name = nameOf(windows[index]);
  const first = windows.findIndex((each) => nameOf(each) === name);
  if (typeof name !== 'string' || first === index) return [];
  const hint = 'each window needs a name of its own';
  return [{ code: 'CP1007', message: `"${name}" is the name of windows[${first}] too`, hint, at: ['name'] }];
}

function times(window: Plain): readonly Fault[] {
  const { when, timeZone } = window;
  if (!isPlain(when)) return [];
  const [once, recurring] = [when.once ?? undefined, when.recurring ?? undefined];
  if ((once === undefined) === (recurring === undefined)) {
    const hint = 'a window has exactly one of once: { from, to } and recurring: { schedule, duration }';
    const at = ['when', ...(once === undefined ? [] : ['recurring'])];
    return once === undefined
      ? [{ code: 'CP1005', message: '"once" or "recurring" is missing', hint, at }]
      : [{ code: 'CP1004', message: 'both once and recurring', hint, at, on: 'key' }];
  }
  return isPlain(once) ? onceFaults(once, timeZone) : recurringFaults(recurring);
}

function onceFaults({ from, to }: Plain, timeZone: unknown): readonly Fault[] {
  if (typeof from !== 'string' || typeof to !== 'string') return [];
  const zone = typeof timeZone === 'string' && isTimeZone(timeZone) ? timeZone : 'UTC';
  const at = ['when', 'once', 'to'];
  try {
    const { fromMs, toMs } = onceMs({ kind: 'once', from, to }, zone);
    if (toMs > fromMs) return [];
  } catch {
    // The schema tells of a text that is no local time.
    return [];
  }
  if (to < from) {
    const hint = 'to is the end of the window, from its beginning';
    return [{ code: 'CP1003', message: `${to} is before ${from}`, hint, at }];
  }
  const message =
    to === from
      ? 'the window ends when it begins'
      : `the clocks of ${zone} leave out the time from ${from} to ${to}`;
  return [{ code: 'CP2007', message, hint: 'it would never be open: write a later end', at }];
}

function recurringFaults(recurring: unknown): readonly Fault[] {
  const schedule = valueAt(recurring, ['schedule']);
  const parsed = typeof schedule === 'string' ? parseCron(schedule) : undefined;
  if (!parsed?.ok || nextMatch(parsed.cron, 0) !== undefined) return [];
  const hint = 'no month that it names has such a day; it would never be open';
  const message = `"${schedule}" names no day of any year`;
  return [{ code: 'CP2007', message, hint, at: ['when', 'recurring', 'schedule'] }];
}

/** A window about no action or no job holds nothing, and whoever wrote it thinks that it does. */
function subjects({ actions, except, jobs: globs }: Plain, jobs: readonly string[]): readonly Fault[] {
  const faults: Fault[] = [];
  if (Array.isArray(actions) && Array.isArray(except) && actions.length > 0) {
    const named: readonly unknown[] = actions.includes('*') ? actionNames : actions;
    if (named.every((action) => except.includes(action)))
      faults.push({
        code: 'CP2007',
        message: 'excepts all of its actions',
        hint: 'the window would hold nothing back: leave an action in, or delete the window',
        at: ['except'],
      });
  }
  for (const [index, glob] of (Array.isArray(globs) ? globs : []).entries()) {
    if (typeof glob !== 'string' || jobs.some((job) => matchesGlob(glob, job))) continue;
    const near = suggest(glob, jobs);
    faults.push({
      code: 'CP2007',
      message: `"${glob}" is the name of no job`,
      hint: near ? `did you mean "${near}"?` : 'names of jobs, with * for any text',
      at: ['jobs', index],
    });
  }
  return faults;
}
