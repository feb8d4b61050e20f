import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { failureRules } from '../../../src/core/failure/rules.ts';
import { failureClasses, isRestart, isSafetyClass, streakFor } from '../../../src/core/failure/taxonomy.ts';

const examples = failureRules.flatMap((rule) =>
  rule.examples.map((example) => ({ id: rule.id, rule, example })),
);

describe('failure rules', () => {
  it.each(examples)('$id judges: $example', ({ rule, example }) => {
    const judgement = classify({ state: 'FAILED', text: example });
    expect(judgement).toMatchObject({
      class: rule.class,
      rule: rule.id,
      action: rule.action ?? failureClasses[rule.class].action,
    });
  });

  it('have an id of their own and at least one example', () => {
    const ids = failureRules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of failureRules) {
      expect(rule.id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      expect(rule.examples.length, rule.id).toBeGreaterThan(0);
    }
  });

  it('hold no unbounded repeat and no repeated group, so matching stays linear', () => {
    for (const rule of failureRules) {
      for (const { source } of [rule.pattern, rule.not ?? /x/]) {
        expect(unboundedPartsOf(source), `${rule.id}: ${source}`).toEqual([]);
        expect(workPerCharacter(source), `${rule.id}: ${source}`).toBeLessThanOrEqual(20_000);
      }
    }
  });

  it('name no state, so that a rule never remembers where its last search ended', () => {
    for (const rule of failureRules) expect(rule.pattern.flags, rule.id).not.toMatch(/[gy]/);
  });

  it('cover every class that a text can name', () => {
    const covered = new Set(failureRules.map((rule) => rule.class));
    expect(
      Object.keys(failureClasses).filter((name) => !covered.has(name as keyof typeof failureClasses)),
    ).toEqual([]);
  });

  it('restart a safety class only in the two places that say why', () => {
    const restarting = failureRules.filter(
      (rule) => isSafetyClass(rule.class) && isRestart(rule.action ?? failureClasses[rule.class].action),
    );
    expect(restarting.map(({ id }) => id)).toEqual([
      'connector-metadata-unreadable',
      'local-state-copy-broken',
    ]);
  });
});

describe('taxonomy', () => {
  it('knows 19 classes and unknown', () => {
    expect(Object.keys(failureClasses)).toHaveLength(20);
  });

  it('lets nothing restart in a class that stops', () => {
    for (const entry of Object.values(failureClasses)) {
      if (entry.action.startsWith('stop') || entry.action === 'ignore') {
        expect(entry).toMatchObject({ streak: 0 });
      }
    }
  });

  it('gives a text whose own action is a restart exactly one, in a class that stops', () => {
    expect(streakFor('checkpoint-corrupt', 'stop-and-page-data-risk')).toBe(0);
    expect(streakFor('checkpoint-corrupt', 'restart-with-backoff')).toBe(1);
    expect(streakFor('throttled', 'restart-with-backoff')).toBe(5);
  });
});

/** Quantifiers without an upper bound, and quantified groups other than the optional one. */
function unboundedPartsOf(source: string): readonly string[] {
  const bare = withoutClassesAndEscapes(source);
  return bare.match(/[*+]|\{\d+,\}|\)\{/g) ?? [];
}

/** The product of all repeats of the costliest alternative, taking only the top level apart. */
function workPerCharacter(source: string): number {
  const alternatives = splitTopLevel(withoutClassesAndEscapes(source));
  return Math.max(
    ...alternatives.map((part) =>
      [...part.matchAll(/\{(?:\d+,)?(\d+)\}/g)].reduce((work, found) => work * Number(found[1]), 1),
    ),
  );
}

function withoutClassesAndEscapes(source: string): string {
  return source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
}

function splitTopLevel(source: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const character of source) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
