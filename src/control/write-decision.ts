import type { Decision, Hold, Verdict } from '../core/decision.ts';
import { startedByPerson } from '../core/incident.ts';
import type { ResolvedJob } from '../core/job.ts';
import { isGrantLive, type JobMemory, type Wish } from '../core/memory.ts';
import { countAttempts } from '../core/native-attempts.ts';
import { withSeen } from '../core/progress.ts';
import { isUnanswered } from '../core/reason.ts';
import { rememberedSource } from '../core/source.ts';
import { adopted, adoptWrites } from './adopt.ts';
import { questionWrites, withQuestions } from './approvals.ts';
import type { RecordItem } from './items.ts';
import type { JobState } from './load.ts';
import type { Ports, Write } from './ports.ts';
import { toldOf } from './told.ts';
import {
  decisionKey,
  decisionWrite,
  dropWish,
  lastOf,
  noticeWrite,
  recordWrite,
  wishItem,
  without,
} from './writes.ts';

/** One look at a job and what was decided of it. */
export interface Pass {
  readonly job: ResolvedJob;
  readonly state: JobState;
  readonly decision: Decision;
  readonly policyHash: string;
  /** The live runs were to be listed whatever this job's own state is; if that failed, the next pass has to. */
  readonly look: boolean;
}

/** When nothing says otherwise, a job is looked at again after this long. */
const lookAgainMs = 20_000;
const idleLookMs = 15 * 60_000;
const withheldLookMs = 5 * 60_000;
/** SQS holds a message back for 15 minutes at most; longer waits are found by the sweep. */
const queueDelayMaxMs = 900_000;

/**
 * Writes what a pass decided when no command follows: a wish, a wait, a park, an adoption, or nothing. Equal
 * consecutive decisions fold into one, so that a calm job costs one write a look.
 */
export async function writeDecision(
  ports: Ports,
  pass: Pass,
): Promise<'written' | 'folded' | 'conflict' | 'unavailable'> {
  const { job, state, decision } = pass;
  const { memory: next, notice } = toldOf(decision, state.memory, nextMemory(ports, pass));
  const { verdict } = decision;
  const dueAtMs = nextLookMs(decision, next);
  const isSame = isRepeat(state.record, decision) && sameBut(next, state.memory);
  const last = lastOf(state.record, decision, isSame);
  const adoption = verdict.adopt ? adoptWrites(pass, verdict.adopt, next) : [];
  const asked = questionWrites(ports, decision, decision, state.memory);
  // What the safety lane tells is no consequence of an action, so every mode tells it.
  const notices = [...(notice ? [notice] : []), ...(decision.aside?.notices ?? [])];
  const outcome = await ports.store.commit([
    recordWrite(job.name, state, { memory: next, dueAtMs, policyHash: pass.policyHash, last }),
    ...(isSame ? [] : [decisionWrite(decision)]),
    ...wishWrites(job, state.memory.wish, next),
    ...adoption,
    ...asked,
    ...notices.map((told) =>
      noticeWrite(ports, told, {
        job: job.name,
        decisionId: decision.id,
        incident: next.incident ?? state.memory.incident,
        // What the guard holds back has no wish.
        isInLine: next.wish !== undefined,
      }),
    ),
  ]);
  // Another pass changed the job meanwhile: it decided on fresher facts, and wakes the job itself.
  if (outcome.kind !== 'committed') return outcome.kind;
  await wakeNext(ports, pass, next, isSame);
  return isSame ? 'folded' : 'written';
}

function nextMemory(ports: Ports, { job, state, decision, look }: Pass): JobMemory {
  const { verdict, guard, observation } = decision;
  // What a held-back command would have used up stays: an order, and the park that it overrides.
  const isHeld = guard.kind !== 'done';
  const forget = new Set<string>(
    (verdict.forget ?? []).filter((key) => !(isHeld && (key === 'order' || key === 'parked'))),
  );
  // A start that the guard holds back is judged afresh once it lets go; meanwhile it takes no turn in the fleet.
  const dropped = verdict.kind === 'claim' && isHeld ? verdict.wish : undefined;
  if (dropped) for (const key of ['wish', 'grant']) forget.add(key);
  // One that has lapsed stays until the job is judged, so that whoever gave it is told then and never again.
  const lapsesAtMs = state.memory.order?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  if (decision.atMs >= lapsesAtMs && verdict.kind !== 'wait') forget.add('order');
  if (!isUnanswered(verdict.reason)) forget.add('unknownSinceMs');
  const learned = learnedOf(decision);
  // The hint that a stranger may write here must not die with one throttled listing, nor become a chain of wakes.
  if (observation.others.kind === 'seen') forget.add('lookSinceMs');
  const isOwed = look && observation.others.kind === 'unknown';
  const owed = isOwed ? { lookSinceMs: state.memory.lookSinceMs ?? decision.atMs } : {};
  const native =
    observation.run.kind === 'seen'
      ? countAttempts(state.memory.native, observation.run.run, decision.atMs)
      : undefined;
  const seen = {
    progress: withSeen(state.memory, observation),
    ...(observation.source ? { source: rememberedSource(observation.source) } : {}),
    ...owed,
    // The order that it was made of stands as long as it was to stand.
    ...(dropped?.order ? { order: dropped.order } : {}),
    ...(native ? { native } : {}),
  };
  const memory = {
    ...withQuestions(without({ ...state.memory, ...seen, ...learned }, forget), decision),
    ...decision.aside?.learned,
  };
  return withVerdict(ports, memory, { job, decision });
}

function learnedOf({ verdict, guard }: Decision): Verdict['learned'] {
  if (guard.kind === 'done') return verdict.learned;
  // In observe a failure that is not acted on opens no incident: the record itself says what would have been done.
  if (guard.why === 'mode-observe') return {};
  if (verdict.kind !== 'cancel') return verdict.learned;
  // What a run would be cancelled for is judged again in each pass until the cancel is let go, or has no cause any more.
  const { lastFailure: _judged, cancelled: _sent, ...learned } = verdict.learned ?? {};
  return learned;
}

function withVerdict(
  ports: Ports,
  learned: JobMemory,
  { job, decision }: Pick<Pass, 'job' | 'decision'>,
): JobMemory {
  const { verdict, guard, approval } = decision;
  let memory = learned;
  if (verdict.adopt) memory = adopted(memory, job, decision, verdict.adopt);
  if (verdict.kind !== 'start' || guard.kind !== 'done') return memory;
  // Whoever approved it has waited for that already.
  const notBeforeMs = Math.min(
    verdict.wish.notBeforeMs,
    approval?.now?.notBeforeMs ?? Number.POSITIVE_INFINITY,
  );
  const wish: Wish = { ...verdict.wish, notBeforeMs, id: ports.ids.next('wsh'), createdAtMs: decision.atMs };
  const { incident } = memory;
  // From the order on: whoever gave it has to be called again when nothing comes of it.
  const isOrdered = wish.cause === 'operator' && incident !== undefined;
  const next = isOrdered ? { ...memory, incident: startedByPerson(incident, 'ordered-by-person') } : memory;
  return { ...without(next, new Set(['grant'])), wish };
}

/** A batch more is no news, nor is a reading or a look: they are noted, and the decision still folds. */
function sameBut(a: JobMemory, b: JobMemory): boolean {
  const text = ({
    progress: _moving,
    source: _readings,
    lossLook: _looks,
    native: _counted,
    ...rest
  }: JobMemory) => JSON.stringify(rest);
  return text(a) === text(b);
}

function wishWrites(
  job: ResolvedJob,
  before: Wish | undefined,
  { wish: after, waitsSinceMs }: JobMemory,
): readonly Write[] {
  const isSame = before?.id === after?.id && before?.notBeforeMs === after?.notBeforeMs;
  if (isSame && before?.awaitsCapacity === after?.awaitsCapacity) return [];
  const puts = after ? [{ put: wishItem(job, after, waitsSinceMs), seenRev: 'any' as const }] : [];
  // One transaction takes an item once: a wish replaced within the same millisecond has the same key.
  const drops = dropWish(job.name, before).filter(
    (write) => !puts.some(({ put }) => 'delete' in write && put.sk === write.delete.sk),
  );
  return [...drops, ...puts];
}

function nextLookMs(decision: Decision, memory: JobMemory): number {
  const regularMs = Math.min(
    regularLookMs(decision, memory),
    // Not before the next minute: a clock that stands at its mark must not make a chain of looks.
    Math.max(decision.aside?.lookAtMs ?? Number.POSITIVE_INFINITY, decision.atMs + lookAgainMs),
  );
  if (memory.lookSinceMs === undefined) return regularMs;
  // The longer it is owed, the less often it is tried: the listing of another pass will do as well.
  const everyMs = Math.min(withheldLookMs, Math.max(lookAgainMs, decision.atMs - memory.lookSinceMs));
  return Math.min(regularMs, decision.atMs + everyMs);
}

function regularLookMs(decision: Decision, memory: JobMemory): number {
  const { guard } = decision;
  if (guard.kind !== 'done') {
    // A hold that ends by itself wakes the job at its end; one that is lifted by hand wakes it then.
    const { untilMs = Number.POSITIVE_INFINITY } = guard;
    return Math.min(Math.max(untilMs, decision.atMs), decision.atMs + withheldLookMs);
  }
  if (decision.verdict.kind === 'start' && memory.wish && decision.verdict.untilMs === undefined)
    return Math.max(memory.wish.notBeforeMs, decision.atMs) + withheldLookMs;
  return decision.verdict.untilMs ?? decision.atMs + idleLookMs;
}

function isRepeat(record: RecordItem | undefined, decision: Decision): boolean {
  return record?.last?.key === decisionKey(decision);
}

/** Timers up to 15 minutes are queue delays, exact to the second; the record's due time is the net below. */
async function wakeNext(
  ports: Ports,
  { job, state, decision }: Pass,
  next: JobMemory,
  isSame: boolean,
): Promise<void> {
  const { verdict, guard } = decision;
  // What a pause or a window holds back goes on at the second in which it ends.
  const atMs = guard.kind === 'done' ? timerOf(verdict, next) : soonEnd(guard, decision.atMs);
  if (guard.kind !== 'done') {
    if (atMs !== undefined) await wakeAt(ports, job.name, guard.why, atMs - decision.atMs);
    return;
  }
  if (verdict.reason === 'awaits-grant' || (atMs !== undefined && atMs <= decision.atMs && next.wish)) {
    await ports.wakes.release();
    return;
  }
  // The line of its application is to know of it before the next one fails.
  if (verdict.reason === 'waits-for-capacity' && !isSame) await ports.wakes.release();
  if (atMs === undefined || atMs - decision.atMs > queueDelayMaxMs) return;
  // One chain of looks is enough; only whoever has its turn now must not wait for the sweep to try again.
  const isArranged = (state.record?.dueAtMs ?? 0) > decision.atMs && (state.record?.dueAtMs ?? 0) <= atMs;
  if (isSame && (isArranged || !isGrantLive(next, decision.atMs))) return;
  await wakeAt(ports, job.name, verdict.reason, atMs - decision.atMs);
}

async function wakeAt(ports: Ports, job: string, cause: string, delayMs: number): Promise<void> {
  const delaySeconds = Math.max(0, Math.ceil(delayMs / 1000));
  await ports.wakes.send([{ wake: { kind: 'job', job, cause }, delaySeconds }]);
}

/** The end of a hold that comes before the next regular look. */
function soonEnd({ untilMs }: Hold, atMs: number): number | undefined {
  return untilMs !== undefined && untilMs - atMs <= withheldLookMs ? untilMs : undefined;
}

function timerOf(verdict: Verdict, next: JobMemory): number | undefined {
  if (verdict.kind === 'start') return next.wish?.notBeforeMs;
  if (verdict.kind === 'wait' || verdict.adopt) return verdict.untilMs;
  return undefined;
}
