import { z } from 'zod';

/** One line of `classify --jsonl`. */
export interface FailureRow {
  readonly id: string | number;
  readonly text: string;
  readonly context: z.output<typeof context>;
}

/** Reads one line; of a bad one the message says what is wrong and how to mend it. Keys it does not know are left alone. */
export function readFailureRow(
  line: string,
): { readonly ok: true; readonly row: FailureRow } | { readonly ok: false; readonly message: string } {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { ok: false, message: 'not JSON; a line is { "id": …, "text": …, "context"?: { … } }' };
  }
  const found = row.safeParse(json);
  if (found.success) return { ok: true, row: { ...found.data, context: found.data.context ?? {} } };
  const faults = found.error.issues.map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`);
  return { ok: false, message: `${faults.join('; ')}; a line is { "id": …, "text": …, "context"?: { … } }` };
}

const count = z.number().nonnegative().nullish().transform(given);
const flag = z.boolean().nullish().transform(given);

const context = z
  .object({
    everCommitted: flag,
    deployedSinceLastCommit: flag,
    state: z.string().nullish().transform(given),
    attempts: count,
    sameBatchFailures: count,
    durationMs: count,
    executionTimeoutMs: count,
    cancelledBy: z.enum(['checkpilot', 'person', 'unknown']).nullish().transform(given),
  })
  .transform(withoutGaps);

const row = z.object({
  id: z.union([z.string(), z.number()]),
  text: z.string(),
  context: context.nullish().transform(given),
});

/** Scripts write null for what they do not know. */
function given<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function withoutGaps<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Given<T>;
}
