import type { Decision } from '../core/decision.ts';
import { explain } from '../core/explain.ts';
import type { FailureClass } from '../core/failure/taxonomy.ts';
import type { ActionName, Mode } from '../core/job.ts';
import type { Wish } from '../core/memory.ts';
import { parseMemory } from '../core/worker-size.ts';
import type { WorkerChanges } from '../core/workers.ts';
import type { DecisionExpectation } from './expect-schema.ts';

/** One thing that was expected and is otherwise; texts for a person. */
export interface Difference {
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

/** What a decision is about, in the words of expectations. */
export interface Facts {
  readonly kind: Decision['kind'];
  readonly action?: ActionName;
  readonly reason: Decision['reason'];
  readonly class?: FailureClass;
  readonly rule?: string;
  readonly mode?: Mode;
  readonly withheld?: string;
  readonly window?: string;
}

export function factsOf(decision: Decision): Facts {
  const { kind, reason, verdict, guard, trace } = decision;
  const isCommand = verdict.kind === 'start' || verdict.kind === 'claim' || verdict.kind === 'cancel';
  const failureClass = verdict.judgement?.class ?? wishOf(decision)?.class;
  const rule = trace.at(-1)?.rule;
  return {
    kind,
    ...(isCommand ? { action: 'restart', mode: modes[guard.kind] } : {}),
    reason,
    ...(failureClass === undefined ? {} : { class: failureClass }),
    ...(rule === undefined ? {} : { rule }),
    ...(guard.kind === 'done' ? {} : { withheld: guard.why }),
    ...(guard.kind === 'done' || guard.window === undefined ? {} : { window: guard.window }),
  };
}

const modes = { done: 'act', suggested: 'suggest', withheld: 'observe' } as const;

/** The start that a decision wants or makes. */
function wishOf({ verdict }: Decision): Pick<Wish, 'class' | 'notBeforeMs' | 'plan'> | undefined {
  return verdict.kind === 'start' || verdict.kind === 'claim' ? verdict.wish : undefined;
}

/** Where the decision is not as expected; empty when it fits. What the expectation leaves out may be anything. */
export function differences(expected: DecisionExpectation, decision: Decision): readonly Difference[] {
  const facts = factsOf(decision);
  const plain = (
    ['kind', 'action', 'reason', 'class', 'rule', 'mode', 'withheld', 'window'] as const
  ).flatMap((field) => {
    const wanted = expected[field];
    if (wanted === undefined || wanted === facts[field]) return [];
    return [{ field: `decision.${field}`, expected: wanted, actual: facts[field] ?? 'none' }];
  });
  return [...plain, ...delay(expected, decision), ...patch(expected, decision), ...why(expected, decision)];
}

function delay({ afterDelay }: DecisionExpectation, decision: Decision): readonly Difference[] {
  if (!afterDelay) return [];
  const { verdict, atMs } = decision;
  const field = 'decision.afterDelay';
  const wish = wishOf(decision);
  if (!wish) return [{ field, expected: boundsText(afterDelay), actual: 'none: no start is wanted' }];
  const sinceMs = verdict.kind === 'claim' ? verdict.wish.createdAtMs : atMs;
  return bounded(field, afterDelay, wish.notBeforeMs - sinceMs);
}

/** A difference when the time lies outside of the bounds. */
export function bounded(
  field: string,
  bounds: NonNullable<DecisionExpectation['afterDelay']>,
  ms: number,
): readonly Difference[] {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bounds;
  if (ms >= atLeast && ms <= atMost) return [];
  return [{ field, expected: boundsText(bounds), actual: secondsText(ms) }];
}

function boundsText({ atLeast, atMost }: NonNullable<DecisionExpectation['afterDelay']>): string {
  return [
    ...(atLeast === undefined ? [] : [`at least ${secondsText(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${secondsText(atMost)}`]),
  ].join(', ');
}

function secondsText(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

const sizes = [
  ['driverMemory', 'driver', 'memory'],
  ['driverDisk', 'driver', 'disk'],
  ['executorMemory', 'executor', 'memory'],
  ['executorDisk', 'executor', 'disk'],
] as const;
const cores = [
  ['driverCores', 'driver'],
  ['executorCores', 'executor'],
] as const;

function patch({ patch: wanted }: DecisionExpectation, decision: Decision): readonly Difference[] {
  if (!wanted) return [];
  const workers: WorkerChanges = wishOf(decision)?.plan.leastWorkers ?? {};
  const ofSizes = sizes.flatMap(([name, worker, part]) => {
    const expected = wanted[name];
    const actual = workers[worker]?.[part];
    // Sizes are amounts: 24g and 24576m are one.
    const isSame =
      actual !== undefined && expected !== undefined && parseMemory(actual) === parseMemory(expected);
    return expected === undefined || isSame
      ? []
      : [{ field: `decision.patch.${name}`, expected, actual: actual ?? 'unchanged' }];
  });
  const ofCores = cores.flatMap(([name, worker]) => {
    const expected = wanted[name];
    const actual = workers[worker]?.cores;
    return expected === undefined || expected === actual
      ? []
      : [{ field: `decision.patch.${name}`, expected: `${expected}`, actual: `${actual ?? 'unchanged'}` }];
  });
  return [...ofSizes, ...ofCores];
}

function why({ why: wanted }: DecisionExpectation, decision: Decision): readonly Difference[] {
  if (!wanted) return [];
  const text = explain(decision).join('\n');
  return wanted.contains
    .filter((part) => !text.includes(part))
    .map((part) => ({ field: 'decision.why', expected: `contains "${part}"`, actual: 'it does not' }));
}
