import type { CloudWatchAlarms, FoundAlarm } from '../aws/cloudwatch-alarms.ts';
import type { Answer, Clock, Failure } from '../control/ports.ts';
import { type ManagedAlarm, managedAlarms } from '../core/alarm.ts';
import type { ResolvedPolicy } from '../core/job.ts';

/** The alarms of one apply: looked at, and not touched yet. */
export interface AlarmWork {
  /** Nothing is to be made, changed or deleted. */
  readonly isIdle: boolean;
  /** What would be done, for people; empty when nothing would. */
  readonly text: string;
  /** What would be done, in the shape of what is done. */
  readonly planned: AlarmsDone;
  carryOut(): Promise<AlarmsDone>;
}

/**
 * Looks at the alarms that `apply` makes. Undefined where neither the policy before nor the new one has any: whoever has
 * no such alarms needs no right to CloudWatch.
 */
export async function alarmWork(
  { alarms, clock }: { readonly alarms: CloudWatchAlarms; readonly clock: Clock },
  before: ResolvedPolicy | undefined,
  after: ResolvedPolicy,
): Promise<AlarmWork | undefined> {
  const isConcerned = [before, after].some((policy) => policy && alarmsOf(policy).length > 0);
  if (!isConcerned) return undefined;
  const plan = await planAlarms(alarms, after, clock);
  if (!plan.ok) {
    const planned = alarmsNotRead(plan, before, after);
    return { isIdle: true, text: '', planned, carryOut: async () => planned };
  }
  return {
    isIdle: plan.value.steps.every(({ kind }) => kind === 'leave'),
    text: planText(plan.value),
    planned: plannedOf(plan.value),
    carryOut: () => carryOutAlarms(alarms, plan.value, clock),
  };
}

/** What has to be done so that the alarms are what the policy says. */
interface AlarmPlan {
  readonly steps: readonly AlarmStep[];
  /** Alarms that are right already. */
  readonly kept: number;
  /** What all managed alarms cost at list price, US dollars a month. */
  readonly monthlyUsd: number;
}

type AlarmStep =
  | { readonly kind: 'make'; readonly alarm: string; readonly wanted: ManagedAlarm }
  | {
      readonly kind: 'change';
      readonly alarm: string;
      readonly wanted: ManagedAlarm;
      readonly there: FoundAlarm;
    }
  | { readonly kind: 'delete'; readonly alarm: string }
  /** An alarm that somebody else made has the name of one of ours. */
  | { readonly kind: 'leave'; readonly alarm: string };

/** What became of a plan; also part of `--json`. */
export interface AlarmsDone {
  readonly made: readonly string[];
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  readonly kept: number;
  readonly monthlyUsd: number;
  readonly problems: readonly Problem[];
}

interface Problem {
  /** Left out when it is about all of them. */
  readonly alarm?: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * List price in us-east-1, recalled: 0.10 a month for each metric that an alarm watches. A query is billed for each
 * metric that it reads: two kinds of worker at least, more while one run replaces another.
 */
const usdPerMetric = 0.1;
const metricsRead: Readonly<Record<ManagedAlarm['kind'], number>> = { 'no-worker': 2, 'iterator-age': 1 };

/** Compares the alarms that are there with those that the policy asks for; writes nothing. */
async function planAlarms(
  alarms: CloudWatchAlarms,
  policy: ResolvedPolicy,
  clock: Clock,
): Promise<Answer<AlarmPlan>> {
  const listed = await patiently(clock, () => alarms.list());
  if (!listed.ok) return listed;
  const wanted = alarmsOf(policy);
  const there = new Map(listed.value.map((found) => [found.name, found]));
  const isOurs = (found: FoundAlarm) => patiently(clock, () => alarms.isOurs(found));
  const steps: AlarmStep[] = [];
  for (const one of wanted) {
    const found = there.get(one.name);
    there.delete(one.name);
    if (found?.isLike(one)) continue;
    const ours = found ? await isOurs(found) : undefined;
    if (ours && !ours.ok) return ours;
    if (!found) steps.push({ kind: 'make', alarm: one.name, wanted: one });
    else if (ours?.value) steps.push({ kind: 'change', alarm: one.name, wanted: one, there: found });
    else steps.push({ kind: 'leave', alarm: one.name });
  }
  const kept = wanted.length - steps.length;
  for (const left of there.values()) {
    const ours = await isOurs(left);
    if (!ours.ok) return ours;
    if (ours.value) steps.push({ kind: 'delete', alarm: left.name });
  }
  const metrics = wanted.reduce((sum, { kind }) => sum + metricsRead[kind], 0);
  return { ok: true, value: { steps, kept, monthlyUsd: Math.round(metrics * usdPerMetric * 100) / 100 } };
}

/** Carries out a plan, as far as it goes: one alarm that fails does not keep the others from being made. */
async function carryOutAlarms(
  alarms: CloudWatchAlarms,
  { steps, kept, monthlyUsd }: AlarmPlan,
  clock: Clock,
): Promise<AlarmsDone> {
  const [made, changed, deleted]: [string[], string[], string[]] = [[], [], []];
  const problems: Problem[] = [];
  for (const step of steps) {
    const { alarm } = step;
    switch (step.kind) {
      case 'make':
      case 'change': {
        const there = step.kind === 'change' ? step.there : undefined;
        const put = await patiently(clock, () => alarms.put(step.wanted, there));
        if (put.ok) (step.kind === 'make' ? made : changed).push(alarm);
        else problems.push(problemOf(put, 'cloudwatch:PutMetricAlarm and cloudwatch:TagResource', alarm));
        break;
      }
      case 'delete': {
        const gone = await patiently(clock, () => alarms.delete([alarm]));
        if (gone.ok || gone.code === 'not-found') deleted.push(alarm);
        else problems.push(withRemains(problemOf(gone, 'cloudwatch:DeleteAlarms', alarm), [alarm]));
        break;
      }
      case 'leave':
        problems.push(leftAlone(alarm));
    }
  }
  return { made, changed, deleted, kept, monthlyUsd, problems };
}

function plannedOf({ steps, kept, monthlyUsd }: AlarmPlan): AlarmsDone {
  const named = (kind: AlarmStep['kind']) =>
    steps.filter((step) => step.kind === kind).map(({ alarm }) => alarm);
  const problems = named('leave').map(leftAlone);
  return {
    made: named('make'),
    changed: named('change'),
    deleted: named('delete'),
    kept,
    monthlyUsd,
    problems,
  };
}

function leftAlone(alarm: string): Problem {
  return {
    alarm,
    message: 'an alarm of this name is there that this deployment did not make; it was left alone',
    hint: 'Rename or delete it, then apply again',
  };
}

/** The alarms could not be looked at, so none was touched. `before`: the policy that may have left some. */
function alarmsNotRead(
  failure: Failure,
  before: ResolvedPolicy | undefined,
  after: ResolvedPolicy,
): AlarmsDone {
  const wanted = new Set(alarmsOf(after).map(({ name }) => name));
  const left = (before ? alarmsOf(before) : []).map(({ name }) => name).filter((name) => !wanted.has(name));
  const problem = problemOf(failure, 'cloudwatch:DescribeAlarms and cloudwatch:ListTagsForResource');
  const problems = [left.length > 0 ? withRemains(problem, left) : problem];
  return { made: [], changed: [], deleted: [], kept: 0, monthlyUsd: 0, problems };
}

/** Once no policy has managed alarms any more, a further apply does not ask CloudWatch: a person has to delete them. */
function withRemains(problem: Problem, alarms: readonly string[]): Problem {
  const command = `aws cloudwatch delete-alarms --alarm-names ${alarms.join(' ')}`;
  return { ...problem, hint: `${problem.hint}, or delete what is left yourself: ${command}` };
}

/** The plan for people, a line for each step; empty when nothing changes. */
function planText({ steps, monthlyUsd }: AlarmPlan): string {
  const signs = { make: '+', change: '~', delete: '-', leave: '!' } as const;
  const lines = steps.map(
    ({ kind, alarm }) =>
      `  ${signs[kind]} alarm ${alarm}${kind === 'leave' ? '   is not ours: left alone' : ''}\n`,
  );
  return steps.length === 0 ? '' : `${lines.join('')}${costText(monthlyUsd)}`;
}

/** What was done for people, in one or two lines. */
export function doneText({ made, changed, deleted, kept, monthlyUsd }: AlarmsDone): string {
  const counts = [
    [made, 'made'],
    [changed, 'changed'],
    [deleted, 'deleted'],
  ] as const;
  const parts = counts
    .filter(([names]) => names.length > 0)
    .map(([names, verb]) => `${verb} ${names.join(', ')}`);
  if (parts.length === 0) return '';
  return `Alarms: ${parts.join('; ')}${kept > 0 ? `; ${kept} as they were` : ''}.\n${costText(monthlyUsd)}`;
}

function costText(monthlyUsd: number): string {
  return monthlyUsd === 0
    ? ''
    : `  all alarms of the policy together about $${monthlyUsd.toFixed(2)} a month (list price, docs/alarms.md)\n`;
}

function alarmsOf(policy: ResolvedPolicy): readonly ManagedAlarm[] {
  return Object.values(policy.jobs).flatMap(managedAlarms);
}

// PutMetricAlarm takes a few calls a second; a policy of many jobs has to wait its turn.
const throttledTriesMax = 8;
const throttledWaitMs = 1_000;

async function patiently<T>(clock: Clock, call: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (let tried = 1; ; tried += 1) {
    const answer = await call();
    if (answer.ok || answer.code !== 'throttled' || tried === throttledTriesMax) return answer;
    await clock.sleep(throttledWaitMs);
  }
}

function problemOf({ code, message }: Failure, rights: string, alarm?: string): Problem {
  const hints: Readonly<Record<Failure['code'], string>> = {
    denied: `Sign in with a role that has ${rights}, then apply again`,
    'not-found': 'Check the Region (--region), then apply again',
    throttled: 'Apply again in a minute',
    unavailable: 'Apply again in a minute; check the network and --endpoint-url',
    malformed: 'Mend what CloudWatch says (if it is a quota, have it raised), then apply again',
  };
  return { ...(alarm === undefined ? {} : { alarm }), message, hint: hints[code] };
}
