/** Maps and lists as YAML gives them. Keys are read as own properties only: files may hold `__proto__`. */
export type Plain = Readonly<Record<string, unknown>>;

/** `over` on top of `base`: maps are merged key by key, lists and values replace, `null` unsets. */
export function deepMerge(base: unknown, over: unknown): unknown {
  if (!isPlain(over)) return over;
  const merged = new Map<string, unknown>(isPlain(base) ? Object.entries(base) : []);
  for (const [key, value] of Object.entries(over)) {
    if (value === null) merged.delete(key);
    else merged.set(key, deepMerge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** `null` in a map means "not set"; the key stays, so that an unknown one is still told. */
export function nullsAsUnset(value: unknown): unknown {
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, inner === null ? undefined : nullsAsUnset(inner)]),
  );
}

/** The value at the path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const segment of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[segment];
  }
  return at;
}

export function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
