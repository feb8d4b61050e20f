import type { NoticeDraft } from '../core/decision.ts';
import { failureClasses } from '../core/failure/taxonomy.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import {
  advance,
  correlated,
  type FailedJob,
  type FleetSize,
  isInside,
  type MemberState,
  type Outage,
  openOutage,
  outageOf,
  rememberedMs,
  type StartFate,
  usualCorrelation,
  waveSize,
  widened,
  withMember,
} from '../core/outages.ts';
import type { VoluntaryChange } from '../core/voluntary.ts';
import { releaseItem } from './grant.ts';
import { as, keys, type ReleaseItem, type WishItem } from './items.ts';
import { seenRev } from './load.ts';
import type { Answer, Ports } from './ports.ts';
import type { spentScopes } from './scopes.ts';
import { fateOfStart } from './start-fate.ts';
import { noticeWrite } from './writes.ts';

/** More recent grants than this are not needed to see that they belong together. */
const recentMax = 60;

/**
 * Brings the outages up to date: what became of their members, which are over, and which wishes make a new one. Writes
 * the item and what people are told of it in one transaction; `try-again` when another pass was faster.
 */
export async function updateOutages(
  ports: Ports,
  seen: {
    readonly item: ReleaseItem | undefined;
    readonly wishes: readonly WishItem[];
    readonly policy: ResolvedPolicy;
    /** Scopes whose budget is used up, and what is told of them: kept in the same item. */
    readonly budgets: ReturnType<typeof spentScopes>;
    /** What became of the changes that nobody needed at once: kept there, too. */
    readonly changes: readonly VoluntaryChange[];
    readonly nowMs: number;
  },
): Promise<Answer<ReleaseItem | undefined> | 'try-again'> {
  const { item, wishes, policy, budgets, changes, nowMs } = seen;
  const { correlated: correlation = usualCorrelation } = policy.guardrails;
  const recent = (item?.recent ?? []).filter(({ atMs }) => atMs > nowMs - correlation.withinMs);
  const before = (item?.outages ?? []).filter(
    ({ closedAtMs }) => closedAtMs === undefined || nowMs - closedAtMs < rememberedMs,
  );
  const states = await statesOf(ports, before);
  if (!states.ok) return states;
  let outages: Outage[] = before.map((outage) => {
    if (outage.closedAtMs !== undefined) return outage;
    const waiting = wishes.filter((wish) => isOf(before, outage, wish)).length;
    const { outage: own, states: ownStates } = withoutHeldBack(outage, states.value.get(outage.id) ?? []);
    return advance(own, { states: ownStates, waiting, nowMs });
  });
  const failed = [...wishes.flatMap(failedJob), ...recent];
  const found = correlated(failed, outages, fleetOf(policy, nowMs));
  for (const one of found) {
    const wider = widened(outages, one);
    if (wider) outages = outages.map((outage) => (outage.id === wider.id ? wider : outage));
    else outages.push(openOutage(ports.ids.next('inc'), one, { nowMs, recent }));
  }
  const notices = outages.flatMap((outage) => {
    const old = before.find(({ id }) => id === outage.id);
    const waiting = wishes.filter((wish) => isOf(outages, outage, wish)).length;
    const capacity = wishes.filter(
      (wish) =>
        wish.awaitsCapacity !== undefined &&
        wish.class === outage.class &&
        isInside(outage, wish.applicationId),
    ).length;
    const draft = noticeOf(outage, old, { waiting, capacity });
    return draft ? [{ draft, incidentId: outage.id }] : [];
  });
  const old = [item?.outages ?? [], item?.recent ?? [], item?.spent ?? [], item?.changes ?? []];
  const isSame = JSON.stringify(old) === JSON.stringify([outages, recent, budgets.spent, changes]);
  if (isSame && notices.length === 0) return { ok: true, value: item };
  const put = releaseItem(item, { outages, recent, spent: budgets.spent, changes });
  const outcome = await ports.store.commit([
    { put, seenRev: seenRev(item) },
    ...[...notices, ...budgets.notices].map(({ draft, incidentId }) =>
      noticeWrite(ports, draft, { job: '*', decisionId: '', incidentId }),
    ),
  ]);
  return outcome.kind === 'committed' ? { ok: true, value: put } : 'try-again';
}

/** The item's outages and recent grants once this wish has its grant. */
export function withGrant(
  item: ReleaseItem | undefined,
  wish: WishItem,
  nowMs: number,
): Pick<ReleaseItem, 'outages' | 'recent'> {
  const [failed] = failedJob(wish);
  const { outages = [], recent = [] } = item ?? {};
  if (!failed) return { outages, recent };
  const own = outageOf(outages, failed);
  return {
    outages: outages.map((outage) =>
      outage === own ? withMember(outage, { job: wish.job, grantedAtMs: nowMs }) : outage,
    ),
    recent: [...recent, { ...failed, atMs: nowMs }].slice(-recentMax),
  };
}

export function failedJob(wish: WishItem): readonly FailedJob[] {
  const { job, applicationId, createdAtMs } = wish;
  return wish.class === undefined ? [] : [{ job, class: wish.class, applicationId, atMs: createdAtMs }];
}

/** It waits for this outage. One that waits for capacity waits for that, for hours perhaps, and must not keep it open. */
function isOf(outages: readonly Outage[], outage: Outage, wish: WishItem): boolean {
  if (wish.awaitsCapacity !== undefined) return false;
  const [failed] = failedJob(wish);
  return failed !== undefined && outageOf(outages, failed)?.id === outage.id;
}

function fleetOf({ jobs, guardrails }: ResolvedPolicy, nowMs: number): FleetSize {
  const all = Object.values(jobs);
  return {
    nowMs,
    correlation: guardrails.correlated ?? usualCorrelation,
    jobs: all.length,
    jobsOf: (applicationId: string) =>
      all.filter(({ match }) => match.applicationId === applicationId).length,
  };
}

/** A start that found no capacity, or was never sent, says nothing of the outage and leaves its place. */
function withoutHeldBack(
  outage: Outage,
  states: readonly StartFate[],
): { readonly outage: Outage; readonly states: readonly MemberState[] } {
  const members = outage.members.filter((_, index) => states[index] !== 'held-back');
  const granted = outage.granted - (outage.members.length - members.length);
  return { outage: { ...outage, members, granted }, states: states.filter((state) => state !== 'held-back') };
}

/** What became of each member's start, by outage. */
async function statesOf(
  ports: Ports,
  outages: readonly Outage[],
): Promise<Answer<ReadonlyMap<string, readonly StartFate[]>>> {
  const members = outages.flatMap((outage) =>
    outage.closedAtMs === undefined ? outage.members.map((member) => ({ outage, member })) : [],
  );
  const states = new Map<string, StartFate[]>();
  if (members.length === 0) return { ok: true, value: states };
  const read = await ports.store.read(members.map(({ member }) => keys.record(member.job)));
  if (!read.ok) return read;
  const nowMs = ports.clock.now();
  for (const [index, { outage, member }] of members.entries()) {
    const record = as('record', read.value.items[index]);
    states.set(outage.id, [...(states.get(outage.id) ?? []), fateOfStart(record, member, nowMs)]);
  }
  return { ok: true, value: states };
}

/** One incident, told when it begins, when it needs a person, and when it is over; what is between changes it in place. */
function noticeOf(
  outage: Outage,
  before: Outage | undefined,
  { waiting, capacity }: { readonly waiting: number; readonly capacity: number },
): NoticeDraft | undefined {
  const where = outage.scope === '*' ? 'several applications' : `application ${outage.scope}`;
  const { summary } = failureClasses[outage.class];
  const about = { class: outage.class } as const;
  if (!before)
    return {
      ...about,
      event: 'incident.opened',
      severity: 'warning',
      reason: 'correlated-failures',
      text: `${waiting + outage.granted} jobs of ${where} failed at once. ${summary} Two of them are started first; the others follow as soon as one has committed a batch.`,
      opens: true,
    };
  const room = capacity === 0 ? '' : `, ${capacity} still down: their application has no room for them`;
  const counts = `${outage.granted} started again, ${waiting} waiting${room}`;
  if (outage.closedAtMs !== undefined && before.closedAtMs === undefined)
    return {
      ...about,
      event: 'incident.recovered',
      severity: 'info',
      reason: 'run-healthy',
      text: `The failures of ${where} are over: ${counts} (${outage.class}).`,
    };
  if (outage.phase === before.phase && outage.wave === before.wave) return undefined;
  if (outage.phase === 'hold')
    return {
      ...about,
      // Once is enough: a person who was called knows that it goes on until it is said to be over.
      ...(outage.tries > 1
        ? { event: 'incident.updated', severity: 'warning' }
        : { event: 'incident.needs-human', severity: 'critical' }),
      reason: 'fleet-held',
      text: `Restarts of ${where} do not help: the first ones failed again, and ${waiting} jobs wait. ${summary} Two are tried again from time to time; mend what they have in common.`,
    };
  // After a hold: what was started so far has failed, so nothing comes back yet.
  if (outage.phase === 'canary')
    return {
      ...about,
      event: 'incident.updated',
      severity: 'warning',
      reason: 'correlated-failures',
      text: `Two more jobs of ${where} are tried: ${waiting} wait, and ${outage.granted} starts have not helped so far.`,
    };
  const step = {
    waves: `a wave of ${waveSize(outage)} starts`,
    flow: 'all others follow at the pace of the fleet',
  }[outage.phase];
  return {
    ...about,
    event: 'incident.updated',
    severity: 'warning',
    reason: 'correlated-failures',
    text: `Jobs of ${where} come back: ${counts}; ${step}.`,
  };
}
