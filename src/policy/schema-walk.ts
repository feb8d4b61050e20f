import * as z from 'zod';
import type { ValueMeta } from './scalars.ts';
import { policyFileSchema } from './schema.ts';

/** The schema of the value at this path of a policy file; undefined where no value is known. */
export function schemaAt(
  path: readonly PropertyKey[],
  root: z.core.$ZodType = policyFileSchema,
): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  for (const segment of path) {
    const parent: z.core.$ZodType | undefined = schema && plainSchema(schema);
    if (parent instanceof z.ZodObject) {
      schema = Object.hasOwn(parent.shape, segment) ? parent.shape[String(segment)] : undefined;
    } else if (parent instanceof z.ZodRecord) schema = parent.valueType;
    else if (parent instanceof z.ZodArray) schema = parent.element;
    else return undefined;
  }
  return schema;
}

/** The keys that a map at this path may have; empty where any key will do. */
export function keysAt(path: readonly PropertyKey[], root?: z.core.$ZodType): readonly string[] {
  const schema = schemaAt(path, root);
  const plain = schema && plainSchema(schema);
  return plain instanceof z.ZodObject ? Object.keys(plain.shape) : [];
}

/** The schema's own words for messages, looked for inside of defaults and optionals too. */
export function valueMeta(schema: z.core.$ZodType): ValueMeta {
  const own = z.globalRegistry.get(schema) as ValueMeta | undefined;
  const inner = unwrapped(schema);
  return { ...(inner ? valueMeta(inner) : {}), ...own };
}

/** The words for the keys of a record. */
export function keyMeta(schema: z.core.$ZodType | undefined): ValueMeta {
  const plain = schema && plainSchema(schema);
  return plain instanceof z.ZodRecord ? valueMeta(plain.keyType) : {};
}

/** What stands for a value that nobody wrote, in the words of a policy file; undefined where nothing does. */
export function shippedDefault(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue;
  const inner = unwrapped(schema);
  return inner && shippedDefault(inner);
}

/** The schema inside of defaults, optionals and transforms. */
export function plainSchema(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = unwrapped(schema);
  return inner ? plainSchema(inner) : schema;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return schema.unwrap();
  }
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}
