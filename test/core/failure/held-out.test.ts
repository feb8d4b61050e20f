import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classify, type FailureContext } from '../../../src/core/failure/classify.ts';
import { isRestart, isSafetyClass } from '../../../src/core/failure/taxonomy.ts';

interface HeldOutText {
  readonly id: string;
  readonly text: string;
  readonly class: Parameters<typeof isSafetyClass>[0];
  readonly action: Parameters<typeof isRestart>[0];
  readonly context?: FailureContext & { readonly state?: string };
}

const sets = [
  'held-out',
  'fresh',
  'last',
  'final',
  'driver-logs',
  'snippets',
  'hard',
  'issues',
  'plain',
  'blind-a',
  'blind-b',
] as const;

describe.each(sets)('the %s texts', (name) => {
  const file = new URL(`../../fixtures/failures/${name}.jsonl`, import.meta.url);
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): HeldOutText => JSON.parse(line));
  const judgedRows = rows.map((row) => {
    const { state = 'FAILED', ...context } = row.context ?? {};
    return { row, judgement: classify({ state, text: row.text, context }) };
  });

  it('get the right action for at least 97 of 100 and the right class for at least 93', () => {
    const actions = judgedRows.filter(({ row, judgement }) => row.action === judgement.action);
    const classes = judgedRows.filter(({ row, judgement }) => row.class === judgement.class);
    expect(actions.length / rows.length).toBeGreaterThanOrEqual(0.97);
    expect(classes.length / rows.length).toBeGreaterThanOrEqual(0.93);
  });

  it('are never answered with a restart when they tell of lost data, damage or a second writer', () => {
    const wrong = judgedRows.filter(
      ({ row, judgement }) => isSafetyClass(row.class) && isRestart(judgement.action),
    );
    expect(wrong.map(({ row }) => row.id)).toEqual([]);
  });
});
