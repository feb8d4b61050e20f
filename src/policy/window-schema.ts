import * as z from 'zod';
import { parseWall } from '../core/calendar.ts';
import { parseCron } from '../core/cron.ts';
import { actionNames } from '../core/job.ts';
import { isTimeZone, timeZones } from '../core/zone.ts';
import { duration, nameSchema } from './scalars.ts';
import { suggest } from './suggest.ts';

const zoneHint = 'a name of the IANA database such as America/Sao_Paulo, or UTC';

/** Abbreviations and offsets are what people know best, and say nothing of the change to summer time. */
function zoneHintFor(text: string): string {
  const near = suggest(text, timeZones()) ?? zoneOfPlace(text);
  if (near) return `did you mean "${near}"?`;
  const place = 'name a place such as America/New_York, or UTC';
  if (/^[A-Za-z/]*[+-]\d/.test(text))
    return `an offset knows no summer time: ${place} (in Etc/GMT+1, plus means west)`;
  return /^[A-Z]{1,5}(?:\d[A-Z]{3})?$/.test(text)
    ? `an abbreviation knows no summer time: ${place}`
    : zoneHint;
}

/** `Berlin` and `New York` are the ends of names. */
function zoneOfPlace(text: string): string | undefined {
  const end = `/${text.trim().replaceAll(' ', '_').toLowerCase()}`;
  return timeZones().find((zone) => zone.toLowerCase().endsWith(end));
}

const timeZone = z
  .string()
  .meta({ expects: 'a time zone', hint: zoneHint })
  .transform((text, context) => {
    if (isTimeZone(text)) return text;
    const hint = zoneHintFor(text);
    const message = `"${text}" is not a time zone`;
    context.issues.push({ code: 'custom', message, params: { code: 'CP1004', hint }, input: text });
    return z.NEVER;
  });

const wallHint = 'date and time on the clock of the zone: "2026-11-26T00:00"';

const localTime = z
  .string()
  .meta({ expects: 'a local time', hint: wallHint })
  .transform((text, context) => {
    if (parseWall(text) !== undefined) return text;
    const hint = /(?:Z|[+-]\d\d:?\d\d)$/.test(text)
      ? `${wallHint}; the zone stands in timeZone alone`
      : /T24:00$/.test(text)
        ? 'the end of a day is 00:00 of the next one'
        : wallHint;
    const message = `expected a local time, got "${text}"`;
    context.issues.push({ code: 'custom', message, params: { code: 'CP1002', hint }, input: text });
    return z.NEVER;
  });

const schedule = z
  .string()
  .meta({ expects: 'a schedule', hint: 'five fields: minute hour day month weekday, "0 3 * * SUN"' })
  .transform((text, context) => {
    const parsed = parseCron(text);
    if (parsed.ok) return text;
    const { message, hint, unknown } = parsed.fault;
    const near = unknown && suggest(unknown.name, unknown.known);
    const help = near
      ? `did you mean "${near}"?`
      : (hint ?? (unknown && `known: ${unknown.known.join(', ')}`));
    const params = { code: 'CP1002', ...(help === undefined ? {} : { hint: help }) };
    context.issues.push({ code: 'custom', message, params, input: text });
    return z.NEVER;
  });

const onceSchema = z.strictObject({
  from: localTime.describe('Begins at this local time.'),
  to: localTime.describe('Ends at this local time.'),
});

const recurringSchema = z.strictObject({
  schedule: schedule.describe(
    'Local times at which it begins: minute hour day month weekday, as in crontab.',
  ),
  duration: duration('1m', '30d').describe('How long it lasts each time.'),
});

const actions = z.enum([...actionNames, '*']);

/** Flat, with exactly one of `once` and `recurring`: window-checks.ts sees to that. */
const windowSchema = z.strictObject({
  name: nameSchema.describe('Name of the window. Whatever it holds back names it.'),
  effect: z
    .enum(['deny', 'allow'])
    .describe('`deny` holds the actions back while it is open; `allow` lets them through only then.'),
  actions: z.array(actions).min(1).describe('Which actions it is about; `*` is all of them.'),
  except: z.array(z.enum(actionNames)).default([]).describe('Actions that it is not about after all.'),
  jobs: z
    .array(z.string().min(1).max(256))
    .min(1)
    .optional()
    .describe('Globs over the names of jobs. Default: all jobs.'),
  timeZone: timeZone.describe('The zone whose clock it follows, a name of the IANA database.'),
  when: z
    .strictObject({
      once: onceSchema.optional().describe('It comes once.'),
      recurring: recurringSchema.optional().describe('It comes again and again.'),
    })
    .describe('When it is open: exactly one of `once` and `recurring`.'),
});

/** Each is evaluated in every pass that would send something. */
const windowsMax = 50;

export const windowsSchema = z.array(windowSchema).max(windowsMax);

export type PolicyWindow = z.output<typeof windowSchema>;
