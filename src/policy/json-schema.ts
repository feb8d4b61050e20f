import * as z from 'zod';
import { isPlain, type Plain, valueAt } from './plain.ts';
import { parts, policyFileSchema } from './schema.ts';

/**
 * The JSON Schema (draft-07) of one policy file, for editors: they complete keys and mark mistakes while one types.
 * It takes whatever `check` takes without a word. What spans several values or files only `check` can tell.
 */
export function policyJsonSchema(): Plain {
  const raw = z.toJSONSchema(policyFileSchema, { target: 'draft-07', io: 'input' });
  const { $schema, properties, ...file } = tidy(raw as Plain, []);
  const { jobs, defaults, ...sections } = properties as Readonly<Record<string, Plain>>;
  const job = jobs?.additionalProperties as Plain;
  const failureClass = { ...(classesOf(job).unknown as Plain) };
  const definitions = {
    job: withSharedClasses(job),
    failureClass: { ...failureClass, description: classWords },
  };
  return {
    $schema,
    title: 'Checkpilot policy',
    ...file,
    properties: {
      ...sections,
      defaults: refer('job', defaults?.description),
      jobs: { ...jobs, propertyNames: { pattern: namePattern() }, additionalProperties: refer('job') },
    },
    definitions,
  };
}

const classWords = 'What to do about one class of failures.';

/** Written once: as the same part for each class and each place of a job the file would be ten times as long. */
function withSharedClasses(job: Plain): Plain {
  const copy = structuredClone(job) as Record<string, never>;
  const classes = classesOf(copy) as Record<string, Plain>;
  const shared = keysOf(classes.unknown);
  for (const [name, schema] of Object.entries(classes)) {
    // A class with keys of its own stays written out.
    if (keysOf(schema) === shared) classes[name] = refer('failureClass', schema.description);
  }
  return copy;
}

function keysOf(schema: Plain | undefined): string {
  const properties = schema?.properties;
  return isPlain(properties) ? Object.keys(properties).join() : '';
}

function classesOf(job: unknown): Plain {
  const classes = valueAt(job, ['properties', 'restart', 'properties', 'classes', 'properties']);
  if (!isPlain(classes)) throw new Error('the schema of a job has no restart.classes');
  return classes;
}

/** Beside `$ref` draft-07 hears nothing, so the reference stands in a list of one. */
function refer(definition: string, description?: unknown): Plain {
  const allOf = [{ $ref: `#/definitions/${definition}` }];
  return { ...(description === undefined ? {} : { description }), allOf };
}

function namePattern(): unknown {
  return valueAt(z.toJSONSchema(parts.name, { target: 'draft-07' }), ['pattern']);
}

/** Words that our messages are made of; validators with strict settings refuse keywords they do not know. */
const ownWords = new Set(['expects', 'hint', 'verbatim', 'allowed']);

/** Keywords whose values are maps from names to schemas. */
const mapsOfSchemas = new Set(['properties', 'definitions', 'patternProperties']);

/** A schema as editors take it: without the words that are only for our messages. */
export function tidy(schema: Plain, path: readonly string[]): Plain {
  const entries = Object.entries(schema).flatMap(([word, value]): [string, unknown][] => {
    if (ownWords.has(word)) return [];
    // What a job lacks may stand in `defaults`, and a key whose value is null is not set.
    if (word === 'required' && isInside(path)) return [];
    if (mapsOfSchemas.has(word) && isPlain(value)) {
      const inner = Object.entries(value).map(([key, each]) => [key, tidy(each as Plain, [...path, key])]);
      return [[word, Object.fromEntries(inner)]];
    }
    if (word === 'anyOf' && Array.isArray(value))
      return [[word, value.map((each) => tidy(each as Plain, path))]];
    if (isPlain(value) && ['additionalProperties', 'propertyNames', 'items'].includes(word)) {
      return [[word, tidy(value, [...path, word])]];
    }
    return [[word, value]];
  });
  const tidied = describe(Object.fromEntries(entries), schema);
  const isLeafOfList = path.at(-1) === 'items' || path.at(-1) === 'propertyNames';
  return isInside(path) && path.length > 1 && !isLeafOfList
    ? nullable(verbatim(tidied, schema))
    : verbatim(tidied, schema);
}

/** In jobs and defaults; metadata has to be whole where it stands. */
function isInside([section]: readonly string[]): boolean {
  return section === 'defaults' || section === 'jobs' || section === 'guardrails';
}

/** The range of a duration is no range of its text: it is said in words. */
function describe(schema: Plain, { description, allowed }: Plain): Plain {
  if (typeof allowed !== 'string') return schema;
  const said = [...(typeof description === 'string' ? [description] : []), `Allowed: ${allowed}.`].join(' ');
  return { ...schema, description: said };
}

/** Numbers and booleans without quotes are taken as the text that stands there. */
function verbatim(schema: Plain, { verbatim: kind }: Plain): Plain {
  return kind === 'text' ? { ...schema, type: ['string', 'number', 'boolean'] } : schema;
}

function nullable(schema: Plain): Plain {
  const { const: only, enum: values, type, ...rest } = schema;
  const types = typeof type === 'string' ? [type] : Array.isArray(type) ? (type as unknown[]) : undefined;
  return {
    ...(types === undefined ? {} : { type: [...types, 'null'] }),
    ...(only === undefined ? {} : { enum: [only, null] }),
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
    ...rest,
  };
}
