import type { ResolvedPolicy } from '../core/job.ts';
import { factsOf } from './facts.ts';
import type { Outcome } from './judge.ts';
import { decidedActions, ruleNames } from './vocabulary.ts';

/**
 * What the asserted decisions were about. A rule, class, action or window counts as exercised when it was the deciding one of at
 * least one decision that a test expected and got (`decision`, not `never`, and nothing that merely happened).
 *
 * To be exercised are: every rule about the run, every class that the policy names (`restart.classes`, `classifiers`),
 * every action that this version decides, and every window of the guardrails.
 */
export interface Coverage {
  readonly rules: Part;
  readonly classes: Part;
  readonly actions: Part;
  readonly windows: Part;
}

export interface Part {
  /** In the order of the product or of the policy. */
  readonly all: readonly string[];
  readonly exercised: readonly string[];
}

export function coverageOf(policies: readonly ResolvedPolicy[], outcomes: readonly Outcome[]): Coverage {
  const facts = outcomes.flatMap(({ part, differences, decision }) =>
    part === 'decision' && differences.length === 0 && decision ? [factsOf(decision)] : [],
  );
  const jobs = policies.flatMap((policy) => Object.values(policy.jobs));
  const windows = policies.flatMap(({ guardrails }) => (guardrails.windows ?? []).map(({ name }) => name));
  const classes = jobs.flatMap(({ restart, classifiers = [] }) => [
    ...Object.keys(restart.classes),
    ...classifiers.map((own) => own.class),
  ]);
  return {
    rules: partOf(
      ruleNames,
      facts.map(({ rule }) => rule),
    ),
    classes: partOf(
      [...new Set(classes)].sort(),
      facts.map((each) => each.class),
    ),
    actions: partOf(
      decidedActions,
      facts.map(({ action }) => action),
    ),
    windows: partOf(
      [...new Set(windows)],
      facts.map(({ window }) => window),
    ),
  };
}

/** Of all that is to be exercised, in whole percent, rounded down: 100 is all of it. */
export function percentOf(coverage: Coverage): number {
  const parts = Object.values(coverage) as readonly Part[];
  const all = parts.reduce((sum, part) => sum + part.all.length, 0);
  const exercised = parts.reduce((sum, part) => sum + part.exercised.length, 0);
  return all === 0 ? 100 : Math.floor((100 * exercised) / all);
}

function partOf(all: readonly string[], found: readonly (string | undefined)[]): Part {
  return { all, exercised: all.filter((name) => found.includes(name)) };
}
