import type { Decision } from '../core/decision.ts';
import type { Reason, Withholding } from '../core/reason.ts';
import type { SourceText } from '../policy/diagnostics.ts';
import { type MergedValue, mergedValues } from '../policy/merged-values.ts';
import { valueAt } from '../policy/plain.ts';
import { locate, readSource } from '../policy/source.ts';
import { factsOf } from './facts.ts';

/** Keys of a job, from its top; `CLASS` stands for the class of the failure. */
type Keys = readonly string[];

const byReason: Readonly<Partial<Record<Reason, Keys>>> = {
  'retry-budget-exhausted': ['restart.budget.perHour', 'restart.budget.perDay', 'restart.onBudgetExhausted'],
  'class-budget-exhausted': ['restart.classes.CLASS.budget', 'restart.onBudgetExhausted'],
  'streak-without-progress': ['restart.classes.CLASS.streak', 'restart.streak.withoutProgress'],
  'size-steps-used-up': ['restart.classes.CLASS.grow'],
  'job-run-failed': ['restart.backoff.initial', 'restart.classes.CLASS.action'],
  'backing-off': ['restart.backoff'],
  'deterministic-failure': ['restart.classes.CLASS.action'],
  'unexplained-error': ['restart.classes.CLASS.action', 'classifiers'],
  'data-at-risk': ['restart.classes.CLASS.action'],
  'waits-for-capacity': ['restart.classes.CLASS.action'],
  'stopped-on-purpose': ['restart.classes.CLASS.action'],
  stalled: ['stall.after', 'stall.action'],
  'never-started': ['launch.spec.entryPoint'],
  'run-healthy': ['restart.stableAfter'],
};

const byHold: Readonly<Partial<Record<Withholding, Keys>>> = {
  'mode-observe': ['actions.restart', 'mode'],
  'awaits-approval': ['actions.restart', 'mode'],
};

/**
 * The values of the policy that a decision rests on, and the one that was hoped for, each with the line that says it; what
 * nobody wrote, as shipped.
 */
export function bearing(
  decision: Decision,
  hopedFor: Reason | undefined,
  { files, job }: { readonly files: readonly SourceText[]; readonly job: string },
): readonly string[] {
  const { class: failureClass = '' } = factsOf(decision);
  const { guard, reason } = decision;
  const keys = [
    ...(byReason[reason] ?? []),
    ...((hopedFor && byReason[hopedFor]) ?? []),
    ...(guard.kind === 'done' ? [] : (byHold[guard.why] ?? [])),
  ].map((key) => key.replace('CLASS', failureClass));
  const values = mergedValues(files, job) ?? [];
  const found = keys.flatMap((key) =>
    values.filter(({ path }) => path === key || path.startsWith(`${key}.`)),
  );
  const window = guard.kind === 'done' ? undefined : guard.window;
  return [
    ...[...new Set(found)].map(lineOf),
    ...(reason === 'scope-budget-exhausted' ? scopeLines(files) : []),
    ...(window === undefined ? [] : windowLines(files, window)),
  ];
}

/** The budgets that jobs take together: which of them is full stands in the decision. */
function scopeLines(files: readonly SourceText[]): readonly string[] {
  return files.flatMap((file) => {
    const source = readSource(file);
    return ['application', 'owner', 'fleet'].flatMap((scope) => {
      const path = ['guardrails', 'budgets', scope];
      const budget = valueAt(source.value, path);
      if (budget === undefined) return [];
      const { line } = locate(source, path, 'key');
      return [`${path.join('.')}: ${JSON.stringify(budget)}   ${file.path}:${line}`];
    });
  });
}

function windowLines(files: readonly SourceText[], name: string): readonly string[] {
  return files.flatMap((file) => {
    const source = readSource(file);
    const windows = valueAt(source.value, ['guardrails', 'windows']);
    if (!Array.isArray(windows)) return [];
    const index = windows.findIndex((each) => valueAt(each, ['name']) === name);
    if (index < 0) return [];
    const { line } = locate(source, ['guardrails', 'windows', index, 'name'], 'value');
    return [`guardrails.windows[${index}]: ${name}   ${file.path}:${line}`];
  });
}

function lineOf({ path, value, origin }: MergedValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${path}: ${text}   ${origin ? `${origin.file}:${origin.line}` : 'shipped default'}`;
}
