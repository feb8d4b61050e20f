import type { Decision } from './decision.ts';
import { holdText } from './explain-hold.ts';
import { isTerminal, type StartCause } from './job-run.ts';
import type { StartPlan } from './memory.ts';
import type { Reason } from './reason.ts';

export interface NextStep {
  readonly text: string;
  /** When it comes at the earliest; left out where it comes now, or where no time is known. */
  readonly atMs?: number;
}

/** What Checkpilot does next about a job by itself, as the decision left it; nothing where there is nothing to do. */
export function nextStepOf(decision: Decision): NextStep | undefined {
  const { verdict, guard, plan, atMs } = decision;
  if (guard.kind !== 'done' && plan) {
    const until = guard.untilMs === undefined ? {} : { atMs: guard.untilMs };
    return { text: `Held back: ${holdText(guard, atMs)}. It would ${plan.text}`, ...until };
  }
  switch (verdict.kind) {
    case 'start': {
      const { cause, notBeforeMs, plan: start } = verdict.wish;
      const text = startSentence(cause, start);
      return notBeforeMs > atMs ? { text, atMs: notBeforeMs } : { text: `${text}, now` };
    }
    case 'claim':
      return { text: `${startSentence(verdict.wish.cause, verdict.wish.plan)}, now` };
    case 'cancel':
      return { text: `Cancel run ${verdict.run.jobRunId}; once it has ended, what follows is decided` };
    case 'park':
      return byPerson;
    case 'wait':
      return verdict.untilMs === undefined ? undefined : waitStep(decision.reason, verdict.untilMs);
    case 'extend-retention':
      return plan && { text: plan.text };
    case 'nothing':
      return ofNothing(decision);
  }
}

/** `Restart from the checkpoint with executor memory 16g → 20g` */
function startSentence(cause: StartCause, { base, change }: StartPlan): string {
  const what = cause === 'restart' ? 'Restart from the checkpoint' : 'Start from the checkpoint';
  const spec = base === 'spec' ? ' as launch.spec of the policy says' : '';
  return `${what}${spec}${change === undefined ? '' : ` ${change}`}`;
}

const byPerson: NextStep = {
  text: 'None by itself, however long it waits: a person has to start it',
};

function waitStep(reason: Reason, untilMs: number): NextStep {
  if (reason === 'retry-budget-exhausted' || reason === 'class-budget-exhausted')
    return { text: 'Next automatic restart, when the budget frees', atMs: untilMs };
  return { text: 'Looks again', atMs: untilMs };
}

/** A live run is watched; of one that ended, only a person's stop and a park are nothing. */
function ofNothing({ reason, observation: { run } }: Decision): NextStep | undefined {
  if (reason === 'parked') return byPerson;
  if (run.kind !== 'seen' || isTerminal(run.run)) return undefined;
  return reason === 'stalled' || reason === 'positions-skipped' || reason === 'positions-repeated'
    ? { text: 'None by itself: the run goes on, and is watched' }
    : undefined;
}
