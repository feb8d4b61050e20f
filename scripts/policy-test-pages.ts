import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureClasses } from '../src/core/failure/taxonomy.ts';
import { reasons } from '../src/core/reason.ts';
import { isPlain, type Plain, valueAt } from '../src/policy/plain.ts';
import { eventKinds } from '../src/policy-test/event-schema.ts';
import { policyTestJsonSchema } from '../src/policy-test/json-schema.ts';
import { testKeysNotYet } from '../src/policy-test/load.ts';
import { seriesNames, wordsNotYet, wordsOfOurs } from '../src/policy-test/vocabulary.ts';
import { fillRegion, table } from './docs/regions.ts';
import { defaultText, type Page, takes } from './policy-pages.ts';

/** The schema for editors, and the parts of the page on policy tests that are made from it. */
export async function policyTestPages(root: string): Promise<readonly Page[]> {
  const schema = policyTestJsonSchema();
  const page = await readFile(join(root, 'docs/policy-tests.md'), 'utf8');
  const test = at(schema, 'properties', 'tests', 'items');
  const regions = {
    'file keys': keysTable(schema, '', ['fixtures', 'tests']),
    'fixture keys': keysTable(at(schema, 'properties', 'fixtures', 'additionalProperties'), ''),
    'test keys': keysTable(test, '', ['series', 'events', 'expect']),
    series: seriesTable(),
    events: eventsTable(at(test, 'properties', 'events', 'items')),
    expectations: keysTable(at(test, 'properties', 'expect', 'items'), '', ['never']),
    words: wordsTable(),
  };
  return [
    { path: 'examples/policy-test.schema.json', text: `${JSON.stringify(schema, undefined, 2)}\n` },
    {
      path: 'docs/policy-tests.md',
      text: Object.entries(regions).reduce((text, [name, body]) => fillRegion(text, name, body), page),
    },
  ];
}

function at(schema: unknown, ...path: readonly string[]): Plain {
  const found = valueAt(schema, path);
  if (!isPlain(found)) throw new Error(`the schema of tests has nothing at ${path.join('.')}`);
  return found;
}

const header = ['key', 'takes', 'default', 'meaning'];

/** Parts that have a table of their own are named in `elsewhere` and shown as one row. */
function keysTable(schema: Plain, path: string, elsewhere: readonly string[] = []): string {
  return table(header, rowsOf(schema, path, elsewhere));
}

function rowsOf(schema: Plain, path: string, elsewhere: readonly string[]): readonly (readonly string[])[] {
  return Object.entries(at(schema, 'properties')).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const inner = value as Plain;
    const counts = Array.isArray(inner.anyOf) ? (inner.anyOf[0] as Plain) : undefined;
    const isMap = isPlain(inner.properties) && !elsewhere.includes(key);
    const own = [
      `\`${name}\``,
      taken(inner),
      isMap ? '' : defaultText(inner),
      String(inner.description ?? ''),
    ];
    if (elsewhere.includes(key)) {
      const where = key === 'never' ? 'map' : 'see below';
      return [[`\`${name}\``, where, '', String(inner.description ?? '')]];
    }
    if (counts && isPlain(counts.properties)) return [own, ...rowsOf(counts, name, [])];
    return isMap ? [own, ...rowsOf(inner, name, [])] : [own];
  });
}

/** Long lists of words stand on pages of their own. */
function taken(schema: Plain): string {
  const { enum: values, anyOf } = schema;
  if (Array.isArray(anyOf)) return '`none`, or counts';
  if (isPlain(schema.properties)) return 'map';
  if (!Array.isArray(values)) return takes(schema);
  const none = values.includes('none') ? ', `none`' : '';
  if (values.includes('run-healthy')) return `a [reason](reference/reasons.md)${none}`;
  if (values.includes('transient-io')) return `a [failure class](reference/failure-classes.md)${none}`;
  return takes(schema);
}

function seriesTable(): string {
  const rows = Object.entries(seriesNames).map(([name, { reads, text }]) => [
    `\`${name}\``,
    reads ? text : `${text} No effect in this version (CP2304).`,
  ]);
  return table(['series', 'gives'], rows);
}

function eventsTable(event: Plain): string {
  const rows = Object.keys(eventKinds).map((kind) => {
    const schema = at(event, 'properties', kind);
    const keys = Object.entries(at(schema, 'properties')).map(([key, value]) => {
      const { description, ...rest } = value as Plain;
      return `\`${key}\` (${taken(rest)}): ${String(description)}`;
    });
    return [`\`${kind}\``, String(schema.description), keys.join('<br>')];
  });
  return table(['event', 'what happens', 'takes'], rows);
}

function wordsTable(): string {
  const keys = [...testKeysNotYet].map(([key, { hint }]) => [`\`${key}\``, hint]);
  const words = [...Object.entries(wordsNotYet), ...Object.entries(wordsOfOurs)];
  for (const [word] of words)
    if (Object.hasOwn(reasons, word) || Object.hasOwn(failureClasses, word))
      throw new Error(`${word} is a word of the product by now`);
  return table(['word', 'so far'], [...keys, ...words.map(([word, text]) => [`\`${word}\``, text])]);
}
