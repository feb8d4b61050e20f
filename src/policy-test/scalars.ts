import * as z from 'zod';
import { parseDuration } from '../policy/scalars.ts';

const signedPattern = /^(-?)(\d{1,9})([smhd])$/;

/** `-6h` in milliseconds; undefined for any other text. */
function parseOffset(text: string): number | undefined {
  const [, sign, digits, unit] = signedPattern.exec(text) ?? [];
  const ms = parseDuration(`${digits}${unit}`);
  return ms === undefined ? undefined : sign === '-' ? -ms : ms;
}

/** A time of the past, seen from the start of the test: `-6h`. In milliseconds once parsed. */
export const pastOffset = z
  .string()
  .meta({
    expects: 'a time before the start, such as -6h',
    hint: 'times before the start have a minus: -6h, -30m',
    pattern: '^-(\\d{1,9})([smhd])$',
  })
  .transform((text, context) => {
    const ms = parseOffset(text);
    if (ms !== undefined && ms <= 0) return ms;
    const message = `expected a time before the start, such as -6h, got "${text}"`;
    const params = { code: 'CP1002', hint: 'times before the start have a minus: -6h, -30m' };
    context.issues.push({ code: 'custom', message, params, input: text });
    return z.NEVER;
  });

/** Text or a number, as YAML gives either for `10x9` and `10`. */
export const seriesText = z
  .union([z.string(), z.number()])
  .meta({ expects: 'a series such as "10x9 30+60x40"' });

export const isoTime = z.iso
  .datetime()
  .meta({ expects: 'a time in UTC', hint: 'in quotes: "2026-11-20T21:00:00Z"' });
