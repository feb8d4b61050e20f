import * as z from 'zod';
import type { Item } from '../control/items.ts';
import type { Answer } from '../control/ports.ts';
import { malformed } from './failures.ts';

/**
 * What every item of ours has. The rest of an item is trusted: only Checkpilot writes the table, and a release
 * that changes a shape raises `schema`, which the guard judges.
 */
const envelope = z.object({
  pk: z.string(),
  sk: z.string(),
  kind: z.string().min(1),
  schema: z.int().min(1),
  rev: z.int().min(1),
});

/** An item as DynamoDB gave it; `malformed` names its key and what is wrong. */
export function parseItem(row: Readonly<Record<string, unknown>>): Answer<Item> {
  const parsed = envelope.safeParse(row);
  if (parsed.success) return { ok: true, value: row as unknown as Item };
  const said = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return malformed(`item ${row.pk} / ${row.sk}: ${said.join('; ')}`);
}
