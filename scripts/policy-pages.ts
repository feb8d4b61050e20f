import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diagnosticCodes } from '../src/policy/diagnostics.ts';
import { explanations } from '../src/policy/explanations.ts';
import { policyJsonSchema } from '../src/policy/json-schema.ts';
import { keysNotYet } from '../src/policy/not-yet.ts';
import { isPlain, type Plain, valueAt } from '../src/policy/plain.ts';
import { fillRegion, table } from './docs/regions.ts';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** The schema for editors, and the parts of the policy's page that are made from it, as they should be now. */
export async function policyPages(root: string): Promise<readonly Page[]> {
  const schema = policyJsonSchema();
  const page = await readFile(join(root, 'docs/policy.md'), 'utf8');
  const regions = { keys: keysReference(schema), 'keys to come': keysToCome(), diagnostics: diagnostics() };
  return [
    { path: 'examples/policy.schema.json', text: `${JSON.stringify(schema, undefined, 2)}\n` },
    {
      path: 'docs/policy.md',
      text: Object.entries(regions).reduce((text, [name, body]) => fillRegion(text, name, body), page),
    },
  ];
}

/** One table for each section of a file and for each key of a job. */
function keysReference(schema: Plain): string {
  const sections = ['apiVersion', 'kind', 'metadata', 'guardrails', 'notifications'];
  const file = sections.flatMap((key) => rowsOf(valueAt(schema, ['properties', key]), key, schema));
  const job = Object.entries(valueAt(schema, ['definitions', 'job', 'properties']) as Plain);
  const isSmall = ([, value]: readonly [string, unknown]) => valueAt(value, ['properties']) === undefined;
  const small = job.filter(isSmall).flatMap(([key, value]) => rowsOf(value, key, schema));
  const large = job
    .filter((entry) => !isSmall(entry))
    .map(([key, value]) =>
      part(`\`${key}\``, 3, String(valueAt(value, ['description'])), rowsOf(value, key, schema)),
    );
  return [
    part('The file', 2, 'Several files may share one policy: each has the first two keys.', file),
    part('A job', 2, 'In `jobs.NAME`, and the same in `defaults`.', small),
    ...large,
  ].join('\n\n');
}

function part(title: string, level: number, lead: string, rows: readonly (readonly string[])[]): string {
  const header = ['key', 'takes', 'default', 'meaning'];
  return `${'#'.repeat(level)} ${title}\n\n${lead}\n\n${table(header, rows)}`;
}

function rowsOf(schema: unknown, path: string, root: Plain): readonly (readonly string[])[] {
  const at = resolved(schema, root);
  const inner = valueAt(at, ['properties']);
  const named = valueAt(at, ['additionalProperties']);
  if (!isPlain(inner) && isPlain(valueAt(named, ['properties']))) return rowsOf(named, `${path}.NAME`, root);
  const each = valueAt(at, ['items']);
  if (isPlain(valueAt(each, ['properties']))) return rowsOf(each, `${path}[]`, root);
  if (!isPlain(inner)) return [[`\`${path}\``, takes(at), defaultText(at), String(at.description ?? '')]];
  const entries = Object.entries(inner);
  // All failure classes take the same keys: they stand here once.
  const shared =
    path === 'restart.classes' ? entries.slice(0, 1).map(([, value]) => ['CLASS', value] as const) : entries;
  return shared.flatMap(([key, value]) => rowsOf(value, `${path}.${key}`, root));
}

function resolved(schema: unknown, root: Plain): Plain {
  const reference = valueAt(schema, ['allOf', 0, '$ref']);
  const name = typeof reference === 'string' ? reference.split('/').at(-1) : undefined;
  const found = name === undefined ? schema : valueAt(root, ['definitions', name]);
  if (!isPlain(found)) throw new Error(`no schema at ${String(reference)}`);
  return found;
}

/** What a value may be, in a few words. */
export function takes(schema: Plain): string {
  const { type, enum: values, const: only, pattern, items, minimum, exclusiveMinimum, maximum } = schema;
  if (only !== undefined) return `\`${only}\``;
  if (Array.isArray(values))
    return values
      .filter((value) => value !== null)
      .map((value) => `\`${value}\``)
      .join(', ');
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (types.length > 1) return 'text';
  if (typeof minimum === 'number' || typeof exclusiveMinimum === 'number') {
    const low = typeof minimum === 'number' ? `${minimum}` : `above ${exclusiveMinimum}`;
    return `${types[0] === 'integer' ? 'whole number' : 'number'}, ${low} to ${maximum}`;
  }
  switch (types[0]) {
    case 'string':
      return pattern === undefined || typeof pattern !== 'string'
        ? 'text'
        : (patternNames.find(([sign]) => pattern.includes(sign))?.[1] ?? 'text');
    case 'array':
      return `list of ${takes(items as Plain)}s`;
    case 'object':
      return 'map of texts';
    case 'boolean':
      return '`true`, `false`';
    default:
      throw new Error(`no words for ${JSON.stringify(schema)}`);
  }
}

const patternNames = [
  ['[smhd]', 'duration'],
  ['[mgtMGT]', 'size'],
  ['[sS]3', 'S3 location'],
] as const;

export function defaultText({ default: value }: Plain): string {
  return value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function keysToCome(): string {
  const rows = [...keysNotYet].map(([key, { hint }]) => [`\`${key.replace(/^job\./, 'jobs.NAME.')}\``, hint]);
  return table(['key', 'so far'], rows);
}

function diagnostics(): string {
  const rows = Object.entries(explanations).map(([code, { cause, fix }]) => [
    `\`${code}\``,
    diagnosticCodes[code as keyof typeof diagnosticCodes],
    cause,
    fix,
  ]);
  return table(['code', 'name', 'cause', 'how to mend it'], rows);
}
