import { adviceOnHold } from '../explain-advice.ts';
import { holdText } from '../explain-hold.ts';
import { mayAct } from '../guard.ts';
import type { ActionName } from '../job.ts';
import { isPlanApproved, questionOn } from '../questions.ts';
import { type Asked, type Condition, met, missing } from './condition.ts';

/** Whether the guard lets a command of this action through, with the switches as the last pass read them. */
export function guarded({ decision, memory, job, nowMs }: Asked, action: ActionName): Condition {
  const { gates } = decision.observation;
  const question = memory[questionOn(action)];
  // Whether a yes holds, the plan of that decision tells.
  const isYes = isPlanApproved(memory, decision.plan, nowMs);
  const result = mayAct(action, job, { gates, nowMs }, memory, isYes);
  if (result.kind === 'done')
    return met(`the guard lets ${action} through: ${job.actions[action] ?? job.mode}`);
  const { pause } = memory;
  const by = result.why === 'job-paused' && pause ? `, by ${pause.by}: "${pause.reason}"` : '';
  return missing(
    `held back by the guard: ${holdText(result, nowMs)}${by}`,
    adviceOnHold(result.why, { action, question, nowMs }),
  );
}
