import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { policyTestPages } from '../../scripts/policy-test-pages.ts';
import { isPlain } from '../../src/policy/plain.ts';
import { policyTestJsonSchema } from '../../src/policy-test/json-schema.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(import.meta.dirname, 'fixtures');
const schema = policyTestJsonSchema();
// A reader of JSON Schema that shares nothing with the writer but the name of its package.
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

const accepts = (path: string) => validator.safeParse(parse(readFileSync(path, 'utf8'))).success;

describe('the JSON Schema of policy tests', () => {
  const good = readdirSync(folder).filter((name) => /^(?:good|warn|world|failing)/.test(name));
  it.each(good)('takes %s, as checkpilot test does', (name) => {
    expect(accepts(join(folder, name))).toBe(true);
  });

  it('takes the tests of the demo', () => {
    expect(accepts(join(root, 'examples/demo/policy.test.yaml'))).toBe(true);
  });

  it.each(['bad-keys.yaml', 'bad-values.yaml', 'bad-not-yet.yaml'])('refuses %s', (name) => {
    expect(accepts(join(folder, name))).toBe(false);
  });

  it('refuses every key that it does not know, and describes all others', () => {
    const maps = objects(schema);
    expect(maps.filter(({ at }) => at.additionalProperties !== false)).toEqual([]);
    const silent = maps.flatMap(({ path, at }) =>
      Object.entries(at.properties as object)
        .filter(([, value]) => !isPlain(value) || !value.description)
        .map(([key]) => [...path, key].join('.')),
    );
    expect(silent).toEqual([]);
  });
});

describe('generated pages of policy tests', () => {
  it('are what npm run docs would write now', async () => {
    for (const { path, text } of await policyTestPages(root)) {
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(text);
    }
  });
});

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
