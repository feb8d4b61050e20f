import * as z from 'zod';
import { workerTiers } from '../core/worker-size.ts';
import { type Misread, misreadDuration, misreadSize } from './amounts.ts';

/**
 * The small values of a policy. Besides zod's own, their `meta` may hold words of ours that messages are made of:
 * `expects` (what is allowed, as a noun phrase), `hint` (how to mend it) and `verbatim` (take the text of the file
 * where YAML would make a number or a boolean of it: quietly for `text`, with a warning for `id`).
 */
export interface ValueMeta {
  readonly expects?: string;
  readonly hint?: string;
  readonly verbatim?: 'id' | 'text';
  /** The range of a value whose JSON Schema cannot say it. */
  readonly allowed?: string;
}

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const durationPattern = /^(\d{1,9})([smhd])$/;

/** Longer texts are cut in a message. */
const textShownMax = 60;

const durationHint = 'durations need a unit: 30s, 10m, 24h, 7d';

/** `30s`, `10m`, `24h` or `7d` in milliseconds; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = durationPattern.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  return Number(digits) * unitsMs[unit as keyof typeof unitsMs];
}

/** Durations between two others; `orZero` also takes `0s`. The parsed value is in milliseconds. */
export function duration(min: string, max: string, orZero = false) {
  const [minMs = 0, maxMs = 0] = [parseDuration(min), parseDuration(max)];
  const allowed = `${orZero ? '0s or ' : ''}${min} to ${max}`;
  const isTaken = (ms: number) => (ms >= minMs && ms <= maxMs) || (orZero && ms === 0);
  return z
    .string()
    .meta({
      expects: 'a duration such as 30s',
      hint: durationHint,
      pattern: durationPattern.source,
      allowed,
    })
    .transform((text, context) => {
      const durationMs = parseDuration(text);
      if (durationMs !== undefined && isTaken(durationMs)) return durationMs;
      const fault =
        durationMs === undefined
          ? {
              code: 'CP1002',
              message: `expected a duration such as 30s, got ${JSON.stringify(text.slice(0, textShownMax))}`,
              hint: durationHintFor(text, (ms) => (isTaken(ms) ? undefined : allowed)),
            }
          : { code: 'CP1003', message: `${text} is out of range`, hint: `allowed: ${allowed}` };
      context.issues.push({ code: 'custom', message: fault.message, params: fault, input: text });
      return z.NEVER;
    });
}

function durationHintFor(text: string, refuses: (ms: number) => string | undefined): string {
  const meant = misreadDuration(text);
  const allowed = meant?.write === undefined ? undefined : refuses(parseDuration(meant.write) ?? Number.NaN);
  if (allowed !== undefined) return `${meant?.wrong}: that is ${meant?.write}, and allowed are ${allowed}`;
  return meant ? advice(meant) : durationHint;
}

function advice({ wrong, write }: Misread): string {
  return write === undefined ? wrong : `${wrong}: write ${write}`;
}

/** A share: `1%` to `99%`, parsed as a number below 1. */
export const percent = z
  .string()
  .regex(/^[1-9]\d?%$/)
  .meta({
    expects: 'a share such as 50%',
    hint: 'shares are whole percents from 1% to 99%',
    pattern: '^[1-9]\\d?%$',
  })
  .transform((text) => Number.parseInt(text, 10) / 100);

/** Text that YAML may take for a number: EMR Serverless ids such as `00e1500000000001`, account ids. */
export function id(pattern: RegExp, expects: string) {
  return z.string().regex(pattern).meta({ expects, verbatim: 'id' });
}

/** Any text; `2` and `true` need no quotes. */
export const looseText = z.string().meta({ expects: 'text', verbatim: 'text' });

/** Names in people's messages and in keys. EMR Serverless allows 256 characters in the name of a run. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/)
  .meta({
    expects: 'a name',
    hint: 'names start with a letter or a digit and hold letters, digits, ".", "_" and "-"',
  });

// Patterns have no flags: a JSON Schema has none either.
export const s3Location = z
  .string()
  .regex(/^[sS]3[anAN]?:\/\/[A-Za-z0-9][A-Za-z0-9.-]{1,61}[A-Za-z0-9](\/\S*)?$/)
  .meta({ expects: 'an S3 location', hint: 'for example s3://bucket/path/' });

const sizePattern = /^[1-9]\d{0,6}[mgtMGT]$/;
const sizeHint = 'sizes need a unit: 512m, 14g';

/** A size as Spark writes it: megabytes, gigabytes or terabytes. */
export const sparkSize = z
  .string()
  .superRefine((text, context) => {
    if (sizePattern.test(text)) return;
    const meant = misreadSize(text);
    const message = `expected a size such as 14g, got ${JSON.stringify(text.slice(0, textShownMax))}`;
    context.addIssue({ code: 'custom', message, params: { hint: meant ? advice(meant) : sizeHint } });
  })
  .meta({ expects: 'a size such as 14g', hint: sizeHint, pattern: sizePattern.source });

/** Cores of one worker: the sizes that EMR Serverless offers. */
export const workerCores = z.literal(workerTiers.map(({ cores }) => cores));

export const regionName = z
  .string()
  .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/)
  .meta({ expects: 'an AWS Region', hint: 'for example us-east-1' });
