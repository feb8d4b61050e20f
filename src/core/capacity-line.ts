import { type CapacityLimits, type Resources, type Room, shortages } from './capacity.ts';

/**
 * The jobs of one application that wait for capacity, in the order of the fleet. They are let go one at a time, then
 * two, then four: one free slot must not be fought for by all of them, and an application that is empty again must not
 * fill up one by one.
 */
export interface Line {
  /** Starts of the last minutes in this application, oldest first, those that waited and all others. */
  readonly grants: readonly LineGrant[];
  /** How many may be on their way at once. */
  readonly width: number;
  /** The service refused a start although one was let go for it, or before anybody waited. */
  readonly refused?: Refusal;
  /** Those that wait, in order. */
  readonly waiting: readonly InLine[];
  /** Those of them that had their turn and could not use it: a checkpoint that nobody can read must not hold up the rest. */
  readonly passed?: readonly string[];
  /** The one job that calls a person for all of them, and since when. */
  readonly caller?: { readonly job: string; readonly sinceMs: number };
}

/** What others may know of a job that waits. */
export interface InLine {
  readonly job: string;
  /** Lower is more urgent: the tier, or 0 with a deadline. */
  readonly urgency: number;
  readonly needed?: Resources;
}

export interface LineGrant {
  readonly job: string;
  readonly atMs: number;
  readonly needed?: Resources;
  /** It waited for capacity: what became of it decides how many follow. */
  readonly isTry?: boolean;
}

export interface Refusal {
  readonly atMs: number;
  /** Refusals in a row of starts that were let go. */
  readonly tries: number;
  /** What the application looked like right after it: when it has more room than that, another try is worth it. */
  readonly room?: Pick<Room, 'runs' | 'limits'>;
}

/** A wish that waits for capacity. */
export interface Waiting {
  readonly job: string;
  readonly tier: 1 | 2 | 3;
  readonly deadlineMs?: number;
  readonly createdAtMs: number;
  readonly needed?: Resources;
  /** The service refused the run before; else our own estimate keeps it from being sent. */
  readonly isRefused: boolean;
  /** Of the policy: how long until the next try after a refusal. */
  readonly everyMs: number;
  /** When a person is to be called, if it still waits. */
  readonly pageAtMs?: number;
}

/** What became of a start that was let go; `refused` is: for want of capacity. */
export type Outcome = 'waiting' | 'running' | 'refused' | 'failed';

export const emptyLine: Line = { grants: [], width: 1, waiting: [] };

/** A start shows in a listing after this long at the most (assumption A3 of the start protocol), and its grant lives for two minutes. */
const grantKeptMs = 4 * 60_000;
/** A room that was looked at longer ago says nothing. */
const roomValidMs = 5 * 60_000;
const widthMax = 25;
/** How soon a start that is on its way is looked at again. */
const tryLookMs = 10_000;
/** Waiting times double with each refusal in a row, up to this. */
const everyMsMax = 30 * 60_000;
/** When the job that called for the line has its run, another may call for those that still wait. */
const callAgainMs = 30 * 60_000;
/** Positions are for people: nobody asks whether a job is the 200th. */
export const waitingKept = 100;

/** The line after what became of the starts that it let go, and with those that wait now. */
export function advanceLine(
  line: Line,
  seen: {
    readonly waiting: readonly Waiting[];
    readonly outcomes: ReadonlyMap<string, Outcome>;
    readonly room: Room | undefined;
    readonly nowMs: number;
  },
): Line {
  const { waiting, outcomes, room, nowMs } = seen;
  let { width, refused, passed = [] } = line;
  const grants: LineGrant[] = [];
  for (const grant of line.grants) {
    const { isTry, ...plain } = grant;
    const isYoung = nowMs - grant.atMs < grantKeptMs;
    switch (isTry ? (outcomes.get(grant.job) ?? 'failed') : 'running') {
      case 'waiting':
        grants.push(grant);
        break;
      case 'running':
        // One that waits after all was held back: it takes no room.
        if (isYoung && !waiting.some(({ job }) => job === grant.job)) grants.push(plain);
        if (!isTry) break;
        width = Math.min(widthMax, 2 * width);
        refused = undefined;
        break;
      case 'refused':
        width = 1;
        refused = { atMs: nowMs, tries: (refused?.tries ?? 0) + 1 };
        break;
      case 'failed':
        // Whatever it died of says nothing of capacity; one that did not start at all comes last.
        passed = [...passed.filter((job) => job !== grant.job), grant.job];
        break;
    }
  }
  const tried = new Set(line.grants.filter(({ isTry }) => isTry).map(({ job }) => job));
  for (const { job, isRefused, createdAtMs } of waiting) {
    const isNews = createdAtMs > (refused?.atMs ?? Number.NEGATIVE_INFINITY);
    if (isRefused && isNews && !tried.has(job)) refused = { atMs: createdAtMs, tries: refused?.tries ?? 0 };
  }
  // What it looked like before still counts the run that was refused.
  if (refused && !refused.room && room && room.dateMs > refused.atMs)
    refused = { ...refused, room: { runs: room.runs, limits: room.limits } };
  const left = stillIn({ grants }, waiting).map(inLine);
  const isOver = waiting.length === 0 && !grants.some(({ isTry }) => isTry);
  passed = passed.filter((job) => waiting.some((one) => one.job === job));
  return {
    grants,
    width: isOver ? 1 : width,
    waiting: left.slice(0, waitingKept),
    ...(refused && !isOver ? { refused } : {}),
    ...(passed.length > 0 ? { passed } : {}),
    ...callerOf(line, waiting, { isOver, nowMs }),
  };
}

/** One of the line calls a person; the others say in its message how many they are. */
function callerOf(
  { caller }: Line,
  waiting: readonly Waiting[],
  { isOver, nowMs }: { readonly isOver: boolean; readonly nowMs: number },
): Pick<Line, 'caller'> {
  if (isOver) return {};
  const isWaiting = waiting.some(({ job }) => job === caller?.job);
  const mayChange = !caller || (!isWaiting && nowMs - caller.sinceMs >= callAgainMs);
  const starved = waiting.find(({ pageAtMs = Number.POSITIVE_INFINITY }) => pageAtMs <= nowMs);
  if (mayChange && starved) return { caller: { job: starved.job, sinceMs: nowMs } };
  return caller ? { caller } : {};
}

/** Which of those that wait may go now, first in order, and when the next look is worth it. */
export function letGo(
  line: Line,
  waiting: readonly Waiting[],
  { room, nowMs }: { readonly room: Room | undefined; readonly nowMs: number },
): { readonly job: string | undefined; readonly nextMs: number } {
  const tries = line.grants.filter(({ isTry }) => isTry).length;
  if (tries >= line.width) return { job: undefined, nextMs: nowMs + tryLookMs };
  const known = room && nowMs - room.dateMs < roomValidMs ? room : undefined;
  const ahead = known ? unlisted(line, known).map(({ needed }) => needed) : [];
  let nextMs = Number.POSITIVE_INFINITY;
  let urgency: number | undefined;
  for (const one of inTurn(line, waiting)) {
    // Room that comes for a job is not given to less urgent ones, however small they are.
    if (urgency !== undefined && urgencyOf(one) > urgency) break;
    const atMs = tryAtMs(line, one, known);
    if (nowMs < atMs) {
      nextMs = Math.min(nextMs, atMs);
      continue;
    }
    if (known && shortages(one.needed, known, ahead).length > 0) {
      urgency ??= urgencyOf(one);
      continue;
    }
    return { job: one.job, nextMs: nowMs };
  }
  return { job: undefined, nextMs };
}

/** From when on a job may be tried: at once where there is room, later where the service refused all the same. */
export function tryAtMs(
  { refused }: Pick<Line, 'refused'>,
  { createdAtMs, everyMs }: Pick<Waiting, 'createdAtMs' | 'everyMs'>,
  room: Room | undefined,
): number {
  // Nobody was refused and nothing is known of the room any more: it was full when this job came.
  if (!refused) return room ? createdAtMs : createdAtMs + everyMs;
  if (hasMore(room, refused.room)) return refused.atMs;
  return refused.atMs + Math.min(Math.max(everyMs, everyMsMax), everyMs * 2 ** refused.tries);
}

/**
 * Room that is kept for those that wait: what each of them needs that is as urgent as this start and would fit, in order.
 * A job that fails while others wait must not overtake them, and takes its own place again where there is room for all.
 */
export function reserved(
  { waiting }: Pick<Line, 'waiting'>,
  start: { readonly job: string; readonly urgency: number },
  { room, ahead }: { readonly room: Room; readonly ahead: readonly (Resources | undefined)[] },
): readonly (Resources | undefined)[] {
  const kept: (Resources | undefined)[] = [];
  for (const one of waiting) {
    if (one.job === start.job || one.urgency > start.urgency) continue;
    if (shortages(one.needed, room, [...ahead, ...kept]).length === 0) kept.push(one.needed);
  }
  return kept;
}

/** Starts that were let go and that the room does not show yet. */
export function unlisted(
  { grants }: Pick<Line, 'grants'>,
  { dateMs, listed = [] }: Pick<Room, 'dateMs' | 'listed'>,
): readonly LineGrant[] {
  return grants.filter(({ job, atMs }) => atMs > dateMs - grantKeptMs && !listed.includes(job));
}

/** A run has ended or a limit was raised since: the estimate may still be wrong, and it is worth a try. */
function hasMore(now: Room | undefined, before: Refusal['room']): boolean {
  if (!now || !before) return false;
  if (now.runs < before.runs) return true;
  const raised = (a: number | undefined, b: number | undefined) => (a ?? Infinity) > (b ?? Infinity);
  const { limits } = now;
  return (
    raised(limits.runsMax, before.limits.runsMax) ||
    (['vcpu', 'memoryGb', 'diskGb'] as const).some((what) =>
      raised(maximum(limits, what), maximum(before.limits, what)),
    )
  );
}

function maximum({ maximum: all = {} }: CapacityLimits, what: keyof Resources): number | undefined {
  return all[what];
}

/** Those that were not let go yet: a wish stands until its grant is claimed. */
function stillIn({ grants }: Pick<Line, 'grants'>, waiting: readonly Waiting[]): readonly Waiting[] {
  const gone = new Set(grants.filter(({ isTry }) => isTry).map(({ job }) => job));
  return waiting.filter(({ job }) => !gone.has(job));
}

/** In the order of the fleet, those that had their turn last. */
function inTurn(line: Line, waiting: readonly Waiting[]): readonly Waiting[] {
  const { passed = [] } = line;
  const here = stillIn(line, waiting);
  const late = passed.flatMap((job) => here.find((one) => one.job === job) ?? []);
  return [...here.filter(({ job }) => !passed.includes(job)), ...late];
}

function inLine(one: Waiting): InLine {
  const { job, needed } = one;
  return { job, urgency: urgencyOf(one), ...(needed ? { needed } : {}) };
}

/** A deadline comes before every tier. */
export function urgencyOf({ tier, deadlineMs }: Pick<Waiting, 'tier' | 'deadlineMs'>): number {
  return deadlineMs === undefined ? tier : 0;
}
