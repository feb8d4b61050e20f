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

/** As Jackson does in Spark and its sources: what follows the end of an object is not looked at. */
export function parseJson(text: string): ParsedJson<Json> {
  const whole = jsonOf(text);
  if (whole !== undefined) return { ok: true, value: whole };
  const end = text.trimStart().startsWith('{') ? endOfFirst(text) : undefined;
  const first = end === undefined ? undefined : jsonOf(text.slice(0, end));
  return first === undefined ? { ok: false, why: 'it is cut off or not JSON' } : { ok: true, value: first };
}

/** An object, array or text that was begun and never ends: no writer of JSON leaves that behind. */
export function isCutOff(text: string): boolean {
  return /^\s*[{["]/.test(text) && endOfFirst(text) === undefined;
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Just behind the bracket or quote that closes the first one. */
function endOfFirst(text: string): number | undefined {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInText) {
      if (char === '\\') at += 1;
      else if (char === '"') isInText = false;
    } else if (char === '"') isInText = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    const isClosing = char === '"' || char === '}' || char === ']';
    if (isClosing && !isInText && depth <= 0) return at + 1;
  }
  return undefined;
}
