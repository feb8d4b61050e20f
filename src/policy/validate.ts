import * as z from 'zod';
import type { Diagnostic } from './diagnostics.ts';
import { elsewhere, segmentText } from './elsewhere.ts';
import { type NotYet, notYet } from './not-yet.ts';
import { isPlain, valueAt } from './plain.ts';
import { keyMeta, keysAt, plainSchema, schemaAt, valueMeta } from './schema-walk.ts';
import { suggest } from './suggest.ts';

/** What the schema says about one value, before anybody looked up its place in a file. */
export interface Finding extends Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  readonly path: readonly (string | number)[];
  /** Unknown keys and bad keys are shown at the key, everything else at the value. */
  readonly on: 'key' | 'value';
  /** What an unknown key was most likely meant to be, as a path from the map that it stands in. */
  readonly meant?: readonly string[];
}

type Issue = z.core.$ZodIssue;

/** What a later version will take at a path; undefined where no version does. */
export type Later = (path: readonly PropertyKey[]) => NotYet | undefined;

/** Everything the schema has against the value, in our own words. An empty list: the value fits. */
export function validate(schema: z.ZodType, value: unknown, later: Later = notYet): readonly Finding[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => findings({ schema, root: value, later }, issue));
}

interface Judged {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly later: Later;
}

function findings({ schema, root, later }: Judged, issue: Issue): readonly Finding[] {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], schema, later));
  }
  if (issue.code === 'invalid_key') {
    const key = path.at(-1);
    const { expects = 'a key', hint } = keyMeta(schemaAt(path.slice(0, -1), schema));
    return [finding('CP1002', path, `"${key}" is not ${expects}`, hint, 'key')];
  }
  const value = valueAt(root, path);
  const at = schemaAt(path, schema);
  const { expects, hint } = at ? valueMeta(at) : {};
  if (value === undefined) return [finding('CP1005', path, `"${path.at(-1)}" is missing`, hint)];
  return [ofValue(issue, path, value, { expects, hint: hint ?? (at && formHint(at, path, value)) })];
}

/** A map or a list that was written as something else: how it begins. */
function formHint(schema: z.core.$ZodType, path: Finding['path'], value: unknown): string | undefined {
  const plain = plainSchema(schema);
  const key = path.at(-1);
  if (typeof key !== 'string') return undefined;
  if (plain instanceof z.ZodRecord && !isPlain(value)) return `keyed by name: ${key}: { NAME: … }`;
  if (plain instanceof z.ZodArray && typeof value === 'string') return `write a list: ${key}: [ … ]`;
  if (!(plain instanceof z.ZodObject) || isPlain(value)) return undefined;
  const keys = Object.keys(plain.shape);
  const shown = keys.slice(0, keysShownMax).map((each) => `${each}: …`);
  return `write a map: ${key}: { ${shown.join(', ')}${keys.length > keysShownMax ? ', …' : ''} }`;
}

const keysShownMax = 3;

interface Words {
  readonly expects: string | undefined;
  readonly hint: string | undefined;
}

function ofValue(issue: Issue, path: Finding['path'], value: unknown, { expects, hint }: Words): Finding {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = expects ?? typeNames[issue.expected] ?? issue.expected;
      return finding('CP1002', path, `expected ${expected}, got ${described(value)}`, hint);
    }
    case 'too_big': {
      if (issue.origin === 'number' || issue.origin === 'int') {
        return finding('CP1003', path, `${value} is above the maximum ${issue.maximum}`, hint);
      }
      return finding('CP1003', path, `${described(value)} is too long: at most ${issue.maximum}`, hint);
    }
    case 'too_small': {
      if (issue.origin === 'number' || issue.origin === 'int') {
        const bound =
          issue.inclusive === false ? `not above ${issue.minimum}` : `below the minimum ${issue.minimum}`;
        return finding('CP1003', path, `${value} is ${bound}`, hint);
      }
      return finding('CP1003', path, `${described(value)} is too short: at least ${issue.minimum}`, hint);
    }
    case 'invalid_value': {
      const allowed = issue.values.map((each) => (typeof each === 'string' ? `"${each}"` : String(each)));
      const isOne = allowed.length === 1;
      const near = typeof value === 'string' ? suggest(value, issue.values.map(String)) : undefined;
      const message = `${described(value)} is not ${isOne ? '' : 'one of '}${allowed.join(', ')}`;
      return finding('CP1004', path, message, near && !isOne ? `did you mean "${near}"?` : hint);
    }
    case 'custom': {
      const { code = 'CP1002', hint: own } = (issue.params ?? {}) as {
        code?: Diagnostic['code'];
        hint?: string;
      };
      return finding(code, path, issue.message, own ?? hint);
    }
    default:
      return finding('CP1002', path, `expected ${expects ?? 'another value'}, got ${described(value)}`, hint);
  }
}

function unknownKey(path: Finding['path'], schema: z.ZodType, laterAt: Later): Finding {
  const key = String(path.at(-1));
  const later = laterAt(path);
  if (later) {
    const told = finding('CP1008', path, `"${key}" is not part of this version yet`, later.hint, 'key');
    return { ...told, ...(later.instead ? { meant: [later.instead] } : {}) };
  }
  const known = keysAt(path.slice(0, -1), schema);
  const near = suggest(key, known);
  const places = near ? [] : elsewhere(schema, path);
  const map = schemaAt(path.slice(0, -1), schema);
  const ofMap = map && known.length === 1 ? valueMeta(map).hint : undefined;
  const hint = keyHint(near, places) ?? ofMap ?? `known here: ${known.join(', ')}`;
  const told = finding('CP1001', path, `unknown key "${key}"`, hint, 'key');
  // Of a map with one key, any other key was meant to be that one.
  const meant = near ? [near] : (meantBelow(path, places) ?? (known.length === 1 ? known : undefined));
  return { ...told, ...(meant === undefined ? {} : { meant }) };
}

type Place = readonly string[];

function keyHint(near: string | undefined, places: readonly Place[]): string | undefined {
  if (near) return `did you mean "${near}"?`;
  const names = places.map((place) =>
    place.length === 0 ? 'at the top of the file' : `in ${place.join('.').replaceAll('.[', '[')}`,
  );
  return names.length > 0 ? `it belongs ${names.join(' or ')}` : undefined;
}

function meantBelow(path: Finding['path'], places: readonly Place[]): readonly string[] | undefined {
  const stands = path.slice(0, -1).map(segmentText);
  const [place, second] = places;
  const isBelow = place && !second && stands.every((each, index) => each === place[index]);
  return isBelow ? [...place.slice(stands.length), String(path.at(-1))] : undefined;
}

function finding(
  code: Finding['code'],
  path: Finding['path'],
  message: string,
  hint: string | undefined,
  on: Finding['on'] = 'value',
): Finding {
  return { code, path, message, on, ...(hint === undefined ? {} : { hint }) };
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

/** Longer texts are cut in a message; the code frame shows the rest. */
const textShownMax = 60;

function described(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > textShownMax ? `${value.slice(0, textShownMax)}…` : value);
  }
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (isPlain(value)) return 'a map';
  return value === null || value === undefined ? 'nothing' : 'a value of another kind';
}
