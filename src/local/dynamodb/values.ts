import { validationError } from './error.ts';

/** A value as it travels: exactly one of these members, numbers and binary as text. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { M: Item }
  | { L: AttributeValue[] }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] };

export type Item = { [name: string]: AttributeValue };

// 38 digits and a magnitude up to 9.99e125: the DynamoDB developer guide, "Number".
const numberDigitsMax = 38;
const numberExponentMax = 125;
// Nested attributes up to 32 levels: the DynamoDB developer guide, "Quotas".
const nestingMax = 32;

/** Checks what came over the wire; throws a ValidationException in AWS's words. */
export function parseValue(raw: unknown, depth = 1): AttributeValue {
  if (depth > nestingMax) throw validationError('Nesting Levels have exceeded supported limits');
  const members = isRecord(raw) ? Object.entries(raw).filter(([, member]) => member !== undefined) : [];
  const [first, ...more] = members;
  if (first === undefined || more.length > 0) {
    throw validationError(
      'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
    );
  }
  const [type, member] = first;
  if (type === 'S' && typeof member === 'string') return { S: member };
  if (type === 'N' && typeof member === 'string') return { N: normalizeNumber(member) };
  if (type === 'B' && typeof member === 'string') return { B: member };
  if (type === 'BOOL' && typeof member === 'boolean') return { BOOL: member };
  if (type === 'NULL' && member === true) return { NULL: true };
  if (type === 'M' && isRecord(member)) return { M: parseItem(member, depth + 1) };
  if (type === 'L' && Array.isArray(member))
    return { L: member.map((entry) => parseValue(entry, depth + 1)) };
  if (type === 'SS') return { SS: parseSet(member) };
  if (type === 'NS') return { NS: parseSet(member).map(normalizeNumber) };
  if (type === 'BS') return { BS: parseSet(member) };
  throw validationError(`The parameter cannot be converted to an attribute value of type ${type}`);
}

export function parseItem(raw: Record<string, unknown>, depth = 1): Item {
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, parseValue(value, depth)]));
}

export function typeOf(value: AttributeValue): string {
  return Object.keys(value)[0] ?? '';
}

/** Negative, zero or positive; undefined when the types differ or have no order (only S, N and B have one). */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if ('S' in left && 'S' in right) return Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
  if ('N' in left && 'N' in right) return compareNumbers(left.N, right.N);
  if ('B' in left && 'B' in right) {
    return Buffer.compare(Buffer.from(left.B, 'base64'), Buffer.from(right.B, 'base64'));
  }
  return undefined;
}

/** Equality as DynamoDB sees it: sets and maps have no order, numbers are compared as numbers. */
export function areEqual(left: AttributeValue, right: AttributeValue): boolean {
  return canonicalText(left) === canonicalText(right);
}

/** The same text for equal values, whatever the order of members in maps and sets. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const texts = members.sort(byName).map(([name, member]) => {
    const isSet = (name === 'SS' || name === 'NS' || name === 'BS') && Array.isArray(member);
    return `${JSON.stringify(name)}:${canonicalText(isSet ? [...member].sort() : member)}`;
  });
  return `{${texts.join()}}`;
}

/** Roughly the size AWS bills and limits: names and values in UTF-8, with its overhead for documents. */
export function itemSizeBytes(item: Item): number {
  let sizeBytes = 0;
  for (const [name, value] of Object.entries(item))
    sizeBytes += Buffer.byteLength(name) + valueSizeBytes(value);
  return sizeBytes;
}

function valueSizeBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return Math.ceil(value.N.length / 2) + 1;
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('M' in value) return 3 + Object.keys(value.M).length + itemSizeBytes(value.M);
  if ('L' in value) return value.L.reduce((sum, entry) => sum + 1 + valueSizeBytes(entry), 3);
  if ('BOOL' in value || 'NULL' in value) return 1;
  const members = 'SS' in value ? value.SS : 'NS' in value ? value.NS : value.BS;
  return members.reduce((sum, member) => sum + Buffer.byteLength(member), 0);
}

function parseSet(member: unknown): string[] {
  if (!Array.isArray(member) || !member.every((entry): entry is string => typeof entry === 'string')) {
    throw validationError('One or more parameter values were invalid: A set must be a list of strings');
  }
  if (member.length === 0) {
    throw validationError('One or more parameter values were invalid: An set may not be empty');
  }
  if (new Set(member).size !== member.length) {
    throw validationError('One or more parameter values were invalid: Input collection contains duplicates.');
  }
  return member;
}

// One spelling per number ("1.50" and "15e-1" are stored as "1.5"), so that equal numbers have equal text.
function normalizeNumber(text: string): string {
  const parts = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/.exec(text.trim());
  const [, sign = '', whole = '', fraction = '', power = '0'] = parts ?? [];
  if (parts === null || whole + fraction === '') {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const exponent = Number(power) - fraction.length + (digits.length - significant.length);
  if (significant.length > numberDigitsMax) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
  if (Math.abs(exponent + significant.length - 1) > numberExponentMax) {
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  return (sign === '-' ? '-' : '') + plainText(significant, exponent);
}

function plainText(significant: string, exponent: number): string {
  if (exponent >= 0) return significant + '0'.repeat(exponent);
  const point = significant.length + exponent;
  if (point > 0) return `${significant.slice(0, point)}.${significant.slice(point)}`;
  return `0.${'0'.repeat(-point)}${significant}`;
}

// Exact beyond 2^53, which a comparison of JavaScript numbers is not.
function compareNumbers(left: string, right: string): number {
  const scale = Math.max(fractionDigits(left), fractionDigits(right));
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function fractionDigits(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
}

function scaled(text: string, scale: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(scale - fractionDigits(text)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
