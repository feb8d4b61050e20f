import { adviceOn } from './explain-advice.ts';
import { forMs } from './explain-seen.ts';
import { reasons } from './reason.ts';
import { cancelConditions } from './why-not/cancel.ts';
import { type Asked, type Condition, missing } from './why-not/condition.ts';
import { parkConditions } from './why-not/park.ts';
import { startConditions } from './why-not/start.ts';

export type { Asked, Condition } from './why-not/condition.ts';

/** What may be asked for, in the words of decisions and of the policy's actions. */
export const askables = {
  restart: { conditions: startConditions, kinds: ['start'] },
  start: { conditions: startConditions, kinds: ['start'] },
  park: { conditions: parkConditions, kinds: ['park'] },
  cancel: { conditions: cancelConditions, kinds: ['cancel'] },
} as const satisfies Record<
  string,
  { conditions: (asked: Asked) => readonly Condition[]; kinds: readonly string[] }
>;

export type Askable = keyof typeof askables;

export interface WhyNot {
  readonly action: Askable;
  /** The last decision does want it, and nothing holds it back. */
  readonly does: boolean;
  readonly conditions: readonly Condition[];
  /** What would make the conditions hold that do not; the first one stands in the way first. */
  readonly changes: readonly string[];
}

/**
 * The negative question, answered from the record of the last decision: which conditions of a command hold, which do
 * not, with their numbers, and what would change that. It judges nothing anew and asks no service.
 */
export function whyNot(asked: Asked, action: Askable): WhyNot {
  const { decision, job } = asked;
  const { conditions, kinds } = askables[action];
  const wanted: readonly string[] = kinds;
  const does = wanted.includes(decision.kind) && decision.guard.kind === 'done';
  const asConditions = conditions(asked);
  const isExplained = does || asConditions.some(({ holds }) => holds !== true);
  const found = isExplained ? asConditions : [...asConditions, decidedBefore(decision)];
  const changes = found.flatMap(({ holds, change }) => (holds === true ? [] : (change ?? [])));
  return {
    action,
    does,
    conditions: found,
    changes: [...new Set(changes)].map((text) => text.replaceAll('JOB', job.name)),
  };
}

/** The answer in plain lines, in the shape of `explain`. */
export function whyNotLines({ decision, nowMs }: Asked, answer: WhyNot): readonly string[] {
  const { kind, reason, trace, job, atMs } = decision;
  const passed = trace.slice(0, -1).map(({ rule }) => rule);
  const before = passed.length === 0 ? '' : `; asked before it: ${passed.join(', ')}`;
  const changes = answer.does ? [] : answer.changes;
  return [
    `${job}: ${answer.does ? `${answer.action} is what was decided` : `why not ${answer.action}?`}`,
    `  decided    ${kind} (${reason}) ${forMs(nowMs - atMs)} ago: ${reasons[reason]}`,
    `  by         rule ${trace.at(-1)?.rule ?? 'none'}${before}`,
    ...answer.conditions.map(
      (condition, index) =>
        `  ${(index === 0 ? 'needs' : '').padEnd(11)}${markOf(condition)} ${condition.text}`,
    ),
    ...(changes.length === 0 ? [] : ['  would change the answer']),
    ...changes.map((text) => `             · ${text}`),
  ];
}

/** None of the usual conditions is missing: then a rule that is asked earlier had its own answer. */
function decidedBefore(decision: Asked['decision']): Condition {
  const { trace, reason } = decision;
  const [change] = adviceOn(decision);
  return missing(`rule ${trace.at(-1)?.rule ?? ''} decided before that: ${reasons[reason]}`, change);
}

function markOf({ holds }: Condition): string {
  if (holds === 'unknown') return '?';
  return holds ? '✔' : '✘';
}
