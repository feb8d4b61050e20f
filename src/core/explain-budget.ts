import type { Decision } from './decision.ts';
import { forMs } from './explain-seen.ts';
import { nativeText } from './native-attempts.ts';
import type { BudgetRoom } from './observation.ts';
import { usedText } from './spent-budget.ts';

/** What the job has used of its restarts, then each class that has a limit of its own. */
export function budgetLines({ observation: { budget }, atMs }: Decision): readonly string[] {
  const { usedHour, usedDay, perHour } = budget;
  const used =
    perHour === undefined
      ? `${usedHour} used in the last hour, ${usedDay} in the last day`
      : `restarts: ${usedText(budget)}`;
  return [
    roomLine(budget, used, atMs),
    ...Object.entries(budget.classes ?? {}).map(([name, ofClass]) =>
      roomLine(ofClass, `${name}: ${usedText(ofClass)}`, atMs),
    ),
    ...(budget.native ? [nativeText(budget.native, perHour)] : []),
  ];
}

function roomLine({ room, window, freesAtMs }: BudgetRoom, used: string, atMs: number): string {
  if (room) return `✔ ${used}: room for one more`;
  const frees =
    freesAtMs === undefined ? 'frees when the open claim is settled' : `frees in ${forMs(freesAtMs - atMs)}`;
  return `✘ ${used}: the ${window ?? 'window'} is full, ${frees}`;
}
