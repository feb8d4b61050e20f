/** A rule's event pattern: fields of the event, each with the values it may have or a map of further fields. */
export type EventPattern = { readonly [field: string]: EventPattern | readonly unknown[] };

/**
 * Whether EventBridge would hand this event to the rule. Values match exactly; of the content filters `prefix`,
 * `suffix`, `anything-but` and `exists` are known, and any other is an error: guessing would make a rule match here
 * that does not match in AWS. A list in the event matches if one of its values does.
 */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or') throw new Error('event patterns with $or are not known here');
    const value = isRecord(event) && Object.hasOwn(event, field) ? event[field] : undefined;
    if (!Array.isArray(wanted)) return isRecord(value) && matchesPattern(wanted as EventPattern, value);
    const values = Array.isArray(value) ? value : [value];
    return values.some((one) => wanted.some((allowed) => matchesValue(allowed, one)));
  });
}

function matchesValue(allowed: unknown, value: unknown): boolean {
  if (!isRecord(allowed)) return value !== undefined && value === allowed;
  const [[filter, operand] = ['', undefined], ...others] = Object.entries(allowed);
  if (others.length > 0) throw new Error(`an event pattern filter has one key: ${JSON.stringify(allowed)}`);
  switch (filter) {
    case 'exists':
      return (value !== undefined) === operand;
    case 'prefix':
      return typeof value === 'string' && value.startsWith(String(operand));
    case 'suffix':
      return typeof value === 'string' && value.endsWith(String(operand));
    case 'anything-but':
      return value !== undefined && !(Array.isArray(operand) ? operand : [operand]).includes(value);
    default:
      throw new Error(
        `the event pattern filter "${filter}" is not known here: prefix, suffix, anything-but and exists are`,
      );
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
