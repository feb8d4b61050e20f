export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type ParsedJson<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** A JSON object, or in words why it is none. Neither depth nor size can make it throw. */
export function parseObject(text: string): ParsedJson<{ readonly [key: string]: Json }> {
  const read = parseJson(text);
  if (!read.ok) return read;
  if (!isObject(read.value)) return { ok: false, why: 'it is no JSON object' };
  return { ok: true, value: read.value };
}

export function parseJson(text: string): ParsedJson<Json> {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    return { ok: false, why: 'it is cut off or not JSON' };
  }
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
