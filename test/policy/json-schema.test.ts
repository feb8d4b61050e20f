import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { policyPages } from '../../scripts/policy-pages.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { isPlain } from '../../src/policy/plain.ts';
import { keysAt } from '../../src/policy/schema-walk.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(import.meta.dirname, 'fixtures');
const schema = policyJsonSchema();
// A reader of JSON Schema that shares nothing with the writer but the name of its package.
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

function accepts(name: string, change = (text: string) => text): boolean {
  return validator.safeParse(parse(change(readFileSync(join(folder, name), 'utf8')))).success;
}

describe('the JSON Schema of a policy', () => {
  const good = readdirSync(folder).filter((name) => name.startsWith('good-'));
  it.each(good)('takes %s, as check does', (name) => {
    expect(accepts(name)).toBe(true);
  });

  it.each([
    'bad-unknown-keys.yaml',
    'bad-not-yet.yaml',
    'bad-types.yaml',
    'bad-ranges.yaml',
    'bad-choices.yaml',
    'bad-all-at-once.yaml',
  ])('refuses %s', (name) => {
    expect(accepts(name)).toBe(false);
  });

  it.each([
    ['a duration without a unit', 'restart: { stableAfter: 30 }'],
    ['a misspelt key of a class', 'restart: { classes: { throttled: { strek: 1 } } }'],
    ['a location outside of S3', 'checkpoint: { location: gs://bucket/a }'],
  ])('refuses %s', (_case, line) => {
    expect(accepts('good-minimal.yaml', (text) => `${text}  other:\n    ${line}\n`)).toBe(false);
    expect(accepts('good-minimal.yaml', (text) => `${text}  other:\n    mode: act\n`)).toBe(true);
  });

  it('speaks draft-07 and nothing else', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect([...new Set(keywords(schema))].filter((word) => !draft07.has(word))).toEqual([]);
  });

  it('describes every key, and refuses all others', () => {
    expect(objects(schema).filter(({ at }) => at.additionalProperties !== false)).toEqual([]);
    const silent = objects(schema).flatMap(({ path, at }) =>
      Object.entries(at.properties as object)
        .filter(([, value]) => !isPlain(value) || (!value.description && !value.properties))
        .map(([key]) => [...path, key].join('.')),
    );
    expect(silent).toEqual([]);
  });

  it('has the defaults that check fills in', () => {
    expect(schema).toMatchObject({
      definitions: {
        job: {
          properties: {
            mode: { default: 'observe' },
            restart: { properties: { nativeRetries: { default: 3 }, gracePeriod: { default: '120s' } } },
          },
        },
      },
    });
    const job = (schema.definitions as { job: { properties: object } }).job;
    expect(Object.keys(job.properties)).toEqual(keysAt(['jobs', 'any']));
  });
});

describe('generated pages of the policy', () => {
  it('are what npm run docs would write now', async () => {
    for (const { path, text } of await policyPages(root)) {
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(text);
    }
  });
});

const draft07 = new Set(
  [
    '$schema',
    '$ref',
    'title',
    'description',
    'default',
    'type',
    'enum',
    'const',
    'allOf',
    'definitions',
  ].concat(
    ['properties', 'required', 'additionalProperties', 'propertyNames', 'items', 'minItems', 'maxItems'],
    ['minimum', 'maximum', 'exclusiveMinimum', 'pattern', 'format', 'minLength', 'maxLength'],
  ),
);

/** Every keyword of the schema; the names under `properties` and `definitions`, and defaults, are none. */
function keywords(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(keywords);
  if (!isPlain(node)) return [];
  return Object.entries(node).flatMap(([word, value]) => {
    const isMap = word === 'properties' || word === 'definitions';
    if (word === 'default') return [word];
    return [word, ...(isMap && isPlain(value) ? Object.values(value).flatMap(keywords) : keywords(value))];
  });
}

interface Found {
  readonly path: readonly string[];
  readonly at: Readonly<Record<string, unknown>>;
}

/** Every schema of a map with known keys. */
function objects(node: unknown, path: readonly string[] = []): Found[] {
  if (Array.isArray(node)) return node.flatMap((each) => objects(each, path));
  if (!isPlain(node)) return [];
  const own = isPlain(node.properties) ? [{ path, at: node }] : [];
  return [...own, ...Object.entries(node).flatMap(([key, value]) => objects(value, [...path, key]))];
}
