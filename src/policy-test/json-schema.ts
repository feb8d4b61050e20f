import * as z from 'zod';
import { tidy } from '../policy/json-schema.ts';
import { isPlain, type Plain } from '../policy/plain.ts';
import { policyTestSchema } from './schema.ts';

/**
 * The JSON Schema (draft-07) of a file of tests, for editors. It takes whatever `checkpilot test` takes without a word;
 * what spans several keys or needs the policy only `test` can tell.
 */
export function policyTestJsonSchema(): Plain {
  const raw = z.toJSONSchema(policyTestSchema, { target: 'draft-07', io: 'input' });
  const { $schema, ...file } = tidy(raw as Plain, []);
  return { $schema, title: 'Checkpilot policy tests', ...(withShorthand(file) as Plain) };
}

/** `writes: none` is expanded before the schema sees it. */
function withShorthand(node: unknown, key = ''): unknown {
  if (Array.isArray(node)) return node.map((each) => withShorthand(each));
  if (!isPlain(node)) return node;
  if (key === 'writes' && isPlain(node.properties)) {
    const { description, ...counts } = node;
    return { description, anyOf: [counts, { const: 'none' }] };
  }
  return Object.fromEntries(Object.entries(node).map(([name, inner]) => [name, withShorthand(inner, name)]));
}
