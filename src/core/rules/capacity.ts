import {
  inWords,
  neededBy,
  neverFits,
  placeText,
  type Resources,
  resourcesText,
  type Shortage,
  shortages,
  shortageText,
} from '../capacity.ts';
import type { Verdict } from '../decision.ts';
import { forMs } from '../explain-seen.ts';
import type { Judgement } from '../failure/judgement.ts';
import { judged } from '../failure/judgement.ts';
import { tell } from '../incident.ts';
import { leastWorkers } from '../learned-sizes.ts';
import type { StartPlan, Wish } from '../memory.ts';
import type { Reason } from '../reason.ts';
import type { DecideInput } from '../rule.ts';
import { spentBudget } from '../spent-budget.ts';
import { atLeast } from '../workers.ts';
import { requestOf } from './launch-base.ts';

/** How often a job that waits for capacity looks for it, and from when on a person is told (failures.md). */
const usualEveryMs = 2 * 60_000;
const usualPageMs = 30 * 60_000;

const firstLookMs = 20_000;

export function capacityPageMs({ restart }: DecideInput['job']): number {
  return restart.classes['capacity-unavailable']?.pageMs ?? usualPageMs;
}

export function capacityEveryMs({ restart }: DecideInput['job']): number {
  return restart.classes['capacity-unavailable']?.everyMs ?? usualEveryMs;
}

/**
 * The service had no room for the run. The job waits in the line of its application from now on: no start, no charge,
 * no backoff of its own.
 */
export function waitForCapacity(
  input: DecideInput,
  end: { readonly jobRunId: string; readonly judgement: Judgement; readonly summary: string },
  plan: StartPlan,
): Verdict {
  const { job, observation, memory } = input;
  const needed = neededFor(input, plan);
  const never = tooSmall(input, needed, plan, end);
  if (never) return never;
  const told = tellOfWait(input, { needed, said: end.summary, class: end.judgement.class });
  return {
    kind: 'start',
    reason: 'waits-for-capacity',
    judgement: end.judgement,
    ...told,
    learned: { ...told.learned, waitsSinceMs: memory.waitsSinceMs ?? observation.nowMs },
    untilMs: nextLookMs(input),
    wish: {
      cause: 'restart',
      reason: 'waits-for-capacity',
      class: end.judgement.class,
      afterRunId: end.jobRunId,
      notBeforeMs: budgetFreesMs(input, end.judgement.class),
      tier: job.tier,
      plan,
      awaitsCapacity: true,
      ...(needed ? { needed } : {}),
    },
  };
}

/** It waits, and nobody let it go: when it is looked at again, what it lacks, and after a while a call for a person. */
export function stillWaits(input: DecideInput, wish: Wish): Verdict {
  const { observation, memory } = input;
  const needed = neededFor(input, wish.plan);
  const never = tooSmall(input, needed, wish.plan);
  if (never) return never;
  const told = tellOfWait(input, { needed, said: '', ...(wish.class ? { class: wish.class } : {}) });
  const notBeforeMs = wish.plan.spendsBudget ? budgetFreesMs(input, wish.class) : observation.nowMs;
  // Written only when it changes the turn: a grant that nobody could be charged for would hold up the others.
  const isLater = notBeforeMs > Math.max(wish.notBeforeMs, observation.nowMs);
  return {
    kind: 'wait',
    reason: 'waits-for-capacity',
    ...told,
    learned: {
      ...told.learned,
      waitsSinceMs: memory.waitsSinceMs ?? observation.nowMs,
      ...(isLater ? { wish: { ...wish, notBeforeMs } } : {}),
    },
    untilMs: nextLookMs(input),
  };
}

/** Soon at first, when a run may be just ending; then as often as the policy says, and when a person is to be called. */
function nextLookMs({ job, memory, observation: { nowMs } }: DecideInput): number {
  const sinceMs = memory.waitsSinceMs ?? nowMs;
  const soonMs = Math.max(firstLookMs, nowMs - sinceMs);
  const pageAtMs = sinceMs + capacityPageMs(job);
  return Math.min(
    nowMs + Math.min(soonMs, capacityEveryMs(job)),
    pageAtMs > nowMs ? pageAtMs : Number.POSITIVE_INFINITY,
  );
}

/** Now, or when the budget has room for a try again. */
function budgetFreesMs({ observation: { budget, nowMs } }: DecideInput, of: Wish['class']): number {
  const spent = spentBudget(budget, of);
  return spent ? (spent.budget.freesAtMs ?? nowMs + usualEveryMs) : nowMs;
}

/** Right before a claim: a start that cannot fit would only be charged, and fail. A person's order is not asked. */
export function heldBack(input: DecideInput, wish: Wish): Verdict | undefined {
  const { observation } = input;
  if (wish.cause === 'operator' || observation.capacity?.kind !== 'seen') return undefined;
  const needed = neededFor(input, wish.plan);
  const never = tooSmall(input, needed, wish.plan);
  if (never) return never;
  if (missingFor(input, needed).length === 0) return undefined;
  const waits: Wish = { ...wish, awaitsCapacity: true, ...(needed ? { needed } : {}) };
  const verdict = stillWaits(input, waits);
  return { ...verdict, learned: { wish: waits, ...verdict.learned }, forget: ['grant'] };
}

/** The request that the plan starts, as far as this pass knows it. */
export function neededFor(
  input: Pick<DecideInput, 'job' | 'observation'>,
  plan: StartPlan,
): Resources | undefined {
  const request = requestOf(input, plan.base);
  const { application } = input.observation;
  const sparkDefaults = application?.kind === 'seen' ? application.sparkDefaults : undefined;
  return request && neededBy(atLeast(request, leastWorkers(plan), sparkDefaults));
}

function missingFor(
  { observation: { capacity } }: DecideInput,
  needed: Resources | undefined,
): readonly Shortage[] {
  return capacity?.kind === 'seen' ? shortages(needed, capacity.room, capacity.ahead) : [];
}

/** Driver and one executor are more than the application may ever hold: waiting is futile. */
function tooSmall(
  input: DecideInput,
  needed: Resources | undefined,
  { change }: StartPlan,
  end?: { readonly jobRunId: string; readonly judgement: Judgement },
): Verdict | undefined {
  const { job, observation, memory } = input;
  const { capacity, nowMs, run } = observation;
  if (capacity?.kind !== 'seen') return undefined;
  const never = neverFits(needed, capacity.room.limits);
  if (never.length === 0 || !needed) return undefined;
  const reason: Reason = 'capacity-too-small';
  const { applicationId } = job.match;
  // A step that was not claimed is not learned, so a person's start goes without it.
  const way =
    change === undefined
      ? ' or make the workers of the job smaller, then'
      : ', or start it in the sizes that it had';
  const text = `${job.name} is down and needs a person: a driver and the executors that it keeps need ${resourcesText(needed)}${change === undefined ? '' : ` ${change}`}, and application ${applicationId} may hold only ${mostText(never)} in all. Raise its maximumCapacity${way}: checkpilot start ${job.name} --override --reason "…".`;
  const told = tell(memory, {
    reason,
    text,
    severity: 'critical',
    nowMs,
    freshId: input.ids.incident,
    class: 'capacity-unavailable',
    needsHuman: true,
  });
  const jobRunId = end?.jobRunId ?? (run.kind === 'seen' ? run.run.jobRunId : undefined);
  const parked = {
    reason,
    class: 'capacity-unavailable' as const,
    atMs: nowMs,
    ...(jobRunId === undefined ? {} : { jobRunId }),
  };
  const judgement = end?.judgement ?? judged('capacity-unavailable', 'never-fits', { confidence: 1 });
  return {
    kind: 'park',
    reason,
    judgement,
    ...told,
    learned: { ...told.learned, parked },
    forget: ['wish', 'grant', 'waitsSinceMs'],
  };
}

function mostText(never: readonly Shortage[]): string {
  const units = { vcpu: 'vCPU', memoryGb: 'GB of memory', diskGb: 'GB of disk', runs: 'runs' } as const;
  return inWords(never.map(({ what, max }) => `${max} ${units[what]}`));
}

/** Told when it begins to wait, and once more when it has waited for too long. */
function tellOfWait(
  input: DecideInput,
  about: {
    readonly needed: Resources | undefined;
    readonly said: string;
    readonly class?: Judgement['class'];
  },
): Pick<Verdict, 'notice'> & { readonly learned: NonNullable<Verdict['learned']> } {
  const { job, memory, observation } = input;
  const { nowMs } = observation;
  const waitedMs = nowMs - (memory.waitsSinceMs ?? nowMs);
  const { line } = observation.capacity?.kind === 'seen' ? observation.capacity : {};
  // A hundred jobs that wait for one application are one call.
  const isCaller = line === undefined || line.caller === job.name;
  const isStarved = waitedMs >= capacityPageMs(job) && isCaller;
  const since = isStarved
    ? ` It has waited for ${forMs(waitedMs)}: raise the limit or stop another job.`
    : '';
  const { severity } = (about.class && job.restart.classes[about.class]) ?? {};
  const said = about.said === '' ? '' : `${about.said} `;
  return tell(memory, {
    reason: 'waits-for-capacity',
    text: `${job.name}: ${said}${roomText(input, about.needed, about.class)}${since}`,
    severity: severity ?? (isStarved ? 'critical' : 'warning'),
    nowMs,
    freshId: input.ids.incident,
    ...(about.class ? { class: about.class } : {}),
    needsHuman: isStarved,
  });
}

/** What the job lacks, or why nobody can say. */
function roomText(input: DecideInput, needed: Resources | undefined, of: Wish['class']): string {
  const { capacity, nowMs, budget } = input.observation;
  const { applicationId } = input.job.match;
  const every = forMs(capacityEveryMs(input.job));
  const spent = spentBudget(budget, of)
    ? ` Its restart budget is used up by tries: the next one is possible in ${forMs(budgetFreesMs(input, of) - nowMs)}.`
    : '';
  if (capacity?.kind !== 'seen')
    return `What application ${applicationId} may hold is not known${capacity ? ` (${capacity.why})` : ''}: it is tried again in ${every}.${spent}`;
  const missing = missingFor(input, needed);
  const { line } = capacity;
  const place = line && line.of > 1 ? ` It is ${placeText(line)} that wait.` : '';
  if (missing.length > 0)
    return `Application ${applicationId} has no room for ${shortageText(missing)}. It starts as soon as there is; waiting costs no budget.${place}${spent}`;
  const tryInMs = (line?.tryAtMs ?? 0) - nowMs;
  const next =
    tryInMs > 0 ? `the next one in ${forMs(tryInMs)}` : `${every} after a refusal, then more seldom`;
  return `Application ${applicationId} seems to have room, and the service refused the run all the same: a quota of the account, a subnet without addresses or a zone without machines. One job at a time is tried, ${next}.${place}${spent}`;
}
