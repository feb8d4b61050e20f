import { type Comparator, type Condition, type Operand, parseExpression } from './expression.ts';
import { Placeholders } from './placeholders.ts';
import { type AttributeValue, areEqual, compareValues, type Item } from './values.ts';

export interface ConditionFields {
  ConditionExpression?: string | undefined;
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Item | undefined;
}

/** Undefined when the request has no condition. Throws a ValidationException before anything has happened. */
export function parseCondition(fields: ConditionFields): Condition | undefined {
  const text = fields.ConditionExpression;
  const placeholders = new Placeholders({
    names: fields.ExpressionAttributeNames,
    values: fields.ExpressionAttributeValues,
    hasExpression: text !== undefined,
  });
  if (text === undefined) return undefined;
  const condition = parseExpression(text, 'ConditionExpression', placeholders);
  placeholders.assertAllUsed();
  return condition;
}

/** An item that is not there is one without attributes. */
export function isMet(condition: Condition | undefined, item: Item | undefined): boolean {
  if (condition === undefined) return true;
  switch (condition.kind) {
    case 'and':
      return isMet(condition.left, item) && isMet(condition.right, item);
    case 'or':
      return isMet(condition.left, item) || isMet(condition.right, item);
    case 'not':
      return !isMet(condition.inner, item);
    case 'exists':
      return (valueAt(item, condition.path) !== undefined) === condition.isExpected;
    case 'begins-with':
      return beginsWith(resolve(condition.operand, item), resolve(condition.prefix, item));
    case 'compare':
      return holds(condition.operator, resolve(condition.left, item), resolve(condition.right, item));
  }
}

/** The same rule for strings and for the bytes of binary values; other types never match. */
export function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value === undefined || prefix === undefined) return false;
  if ('S' in value && 'S' in prefix) return value.S.startsWith(prefix.S);
  if (!('B' in value && 'B' in prefix)) return false;
  const start = Buffer.from(prefix.B, 'base64');
  return Buffer.from(value.B, 'base64').subarray(0, start.length).equals(start);
}

/** An attribute that is missing differs (`<>`) from every value and satisfies no other comparison. */
export function holds(
  operator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  const isEqual = left !== undefined && right !== undefined && areEqual(left, right);
  if (operator === '=') return isEqual;
  if (operator === '<>') return !isEqual;
  const order = left === undefined || right === undefined ? undefined : compareValues(left, right);
  if (order === undefined) return false;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  if (operator === '>') return order > 0;
  return order >= 0;
}

function resolve(operand: Operand, item: Item | undefined): AttributeValue | undefined {
  return operand.kind === 'value' ? operand.value : valueAt(item, operand.path);
}

function valueAt(item: Item | undefined, path: string[]): AttributeValue | undefined {
  let members = item;
  let value: AttributeValue | undefined;
  for (const name of path) {
    value = members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
    members = value !== undefined && 'M' in value ? value.M : undefined;
  }
  return value;
}
