import * as z from 'zod';
import type { Wake } from '../control/ports.ts';
import { alarmDimensions } from '../core/alarm.ts';
import { type Parsed, parseWith } from './parsed.ts';

const cause = z.string().max(200);

const wake = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('job'), job: z.string().min(1).max(256), cause, look: z.boolean().optional() }),
  z.object({
    kind: z.literal('run'),
    applicationId: z.string().min(1).max(64),
    jobRunId: z.string().min(1).max(64),
    cause,
  }),
  z.object({
    kind: z.literal('alarm'),
    alarm: z.string().min(1).max(255),
    state: z.string().min(1).max(32),
    dimensions: z.array(z.partialRecord(z.enum(alarmDimensions), z.string().min(1).max(256))).max(10),
    job: z.string().min(1).max(256).optional(),
  }),
  z.object({ kind: z.literal('release') }),
]);

/** The body of a wake message → what to look at. */
export function parseWake(body: string): Parsed<Wake> {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch (error) {
    return {
      ok: false,
      message: `wake message is not JSON (${(error as Error).message}). It was: ${body.slice(0, 500)}`,
    };
  }
  const parsed = parseWith(wake, raw, 'wake message');
  if (!parsed.ok) return parsed;
  return { ok: true, value: withoutUndefined(parsed.value) as Wake };
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
