import type * as z from 'zod';

/** The result at a door: a trusted value, or one sentence that says where and what. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** How much of a payload that cannot be read is quoted in the error; the whole of it stays with the queue. */
const quoteMax = 500;

export function parseWith<T>(schema: z.ZodType<T>, raw: unknown, what: string): Parsed<T> {
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || '(whole)'}: ${issue.message}`);
  return { ok: false, message: `${what} cannot be read: ${faults.join('; ')}. It was: ${quote(raw)}` };
}

function quote(raw: unknown): string {
  const text = typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? String(raw));
  return text.length > quoteMax ? `${text.slice(0, quoteMax)}… (${text.length} characters)` : text;
}
