import type {
  ClassPolicy,
  ResolvedJob,
  ResolvedPolicy,
  ResolvedReceiver,
  RestartPolicy,
} from '../core/job.ts';
import { normaliseLocation } from '../core/launch-request.ts';
import { launchRequest } from '../launch/request.ts';
import type { Sections } from './merge.ts';
import type { PolicyNotifications } from './notifications-schema.ts';
import { gatesOfJob, resolveGates } from './resolve-gates.ts';
import { jobSchema, type PolicyGuardrails, type PolicyJob, parts } from './schema.ts';

/**
 * A policy whose files have no fault, in the form that core decides with: defaults filled in, durations in
 * milliseconds, checkpoints normalised and sorted. Throws if a part does not fit its schema.
 */
export function resolvePolicy(
  sections: Sections,
  jobs: readonly { readonly name: string; readonly merged: unknown }[],
): ResolvedPolicy {
  const { name, accountId, region, owner, runbooks } = parts.metadata.parse(sections.metadata);
  const { fleet, pause, windows, approvals, budgets } = parts.guardrails.parse(sections.guardrails);
  const guardrails = {
    pace: fleet.pace,
    correlated: {
      enabled: fleet.correlated.enabled,
      percent: fleet.correlated.percent,
      jobsMin: fleet.correlated.atLeast,
      jobsMax: fleet.correlated.atMost,
      withinMs: fleet.correlated.within,
    },
    voluntary: {
      concurrent: fleet.voluntary.maxConcurrent,
      perApplication: fleet.voluntary.perApplication,
      count: fleet.voluntary.max.count,
      withinMs: fleet.voluntary.max.within,
    },
    ...(budgets ? { budgets: resolveBudgets(budgets) } : {}),
    pause: { maxDurationMs: pause.maxDuration, requireReason: pause.requireReason },
    ...resolveGates({ windows, approvals }),
  };
  const resolved = jobs.map(({ name: job, merged }) => {
    const own = gatesOfJob(job, guardrails);
    return [job, { ...resolveJob(job, jobSchema.parse(merged)), ...own }];
  });
  const receivers = resolveReceivers(parts.notifications.parse(sections.notifications));
  return {
    name,
    accountId,
    region,
    owner,
    jobs: Object.fromEntries(resolved),
    guardrails,
    ...(receivers.length > 0 ? { receivers } : {}),
    ...(runbooks === undefined ? {} : { runbooks: runbooks.replace(/\/+$/, '') }),
  };
}

type PolicyBudgets = Exclude<PolicyGuardrails['budgets'], undefined>;

function resolveBudgets({ application, owner, fleet }: PolicyBudgets) {
  const limits = (scope: PolicyBudgets['fleet']) => scope && definedOnly(scope);
  return definedOnly({ application: limits(application), owner: limits(owner), fleet: limits(fleet) });
}

function resolveReceivers(notifications: PolicyNotifications | undefined): readonly ResolvedReceiver[] {
  const { receivers = {}, root } = notifications ?? {};
  return (root?.receivers ?? []).flatMap((name) => {
    const { slack } = receivers[name] ?? {};
    if (!slack) return [];
    return { name, slack: { channel: slack.channel, secretId: slack.tokenFrom.secretsManager } };
  });
}

function resolveJob(name: string, job: PolicyJob): ResolvedJob {
  const { match, checkpoint, mode, tier, renamedFrom, alarms, owner } = job;
  const locations = checkpoint.locations ?? (checkpoint.location === undefined ? [] : [checkpoint.location]);
  return {
    name,
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    ...(owner === undefined ? {} : { owner }),
    match: { applicationId: match.application.id, jobName: match.jobName ?? name, tags: match.tags },
    checkpoints: [...new Set(locations.map(normaliseLocation))].sort(),
    mode,
    actions: definedOnly(job.actions),
    tier,
    restart: resolveRestart(job.restart),
    ...resolveClassifiers(job.classifiers),
    stall: { afterMs: job.stall.after, action: job.stall.action },
    ...resolveSource(job.source),
    retention: definedRetention(job.retention),
    ...(alarms.managed || alarms.names.length > 0 ? { alarms } : {}),
    ...(job.launch ? { launch: launchRequest({ ...job, name, launch: job.launch }) } : {}),
  };
}

function resolveClassifiers(classifiers: PolicyJob['classifiers']): Pick<ResolvedJob, 'classifiers'> {
  if (classifiers.length === 0) return {};
  return {
    classifiers: classifiers.map(({ class: failureClass, match }) => ({
      class: failureClass,
      text: match.log,
    })),
  };
}

function resolveSource(source: PolicyJob['source']): Pick<ResolvedJob, 'source'> {
  if (source?.kinesis) {
    const { stream, consumer, committerTable } = source.kinesis;
    return { source: { kinesis: { stream, ...definedOnly({ consumer, committerTable }) } } };
  }
  const kafka = source?.msk ?? source?.kafka;
  if (!kafka) return {};
  const { topics, retention } = kafka;
  return { source: { kafka: { topics, ...(retention === undefined ? {} : { retentionMs: retention }) } } };
}

function definedRetention({
  warnAt,
  extendTo,
  exactAge,
}: PolicyJob['retention']): NonNullable<ResolvedJob['retention']> {
  return {
    warnAt,
    ...(extendTo === undefined ? {} : { extendToMs: extendTo }),
    ...(exactAge ? { isAgeExact: true } : {}),
  };
}

function resolveRestart(restart: PolicyJob['restart']): RestartPolicy {
  const { launchFrom, nativeRetries, budget, streak, backoff, onBudgetExhausted } = restart;
  const classes = Object.entries(restart.classes).map(([name, policy]) => [
    name,
    policy && resolveClass(policy),
  ]);
  return {
    launchFrom,
    nativeRetries,
    budget,
    streakMax: streak.withoutProgress,
    backoff: { initialMs: backoff.initial, factor: backoff.factor, maxMs: backoff.max },
    stableAfterMs: restart.stableAfter,
    gracePeriodSeconds: restart.gracePeriod / 1_000,
    onBudgetExhausted,
    classes: definedOnly(Object.fromEntries(classes) as Record<string, ClassPolicy | undefined>),
  };
}

type PolicyClass = Exclude<PolicyJob['restart']['classes']['capacity-unavailable'], undefined>;

function resolveClass(policy: PolicyClass): ClassPolicy {
  const { action, streak, grow, severity, backoff, budget, every, page } = policy;
  const sizes = definedOnly({ driverMax: grow?.driver?.max, executorMax: grow?.executor?.max });
  const { initial: initialMs, factor, max: maxMs } = backoff ?? {};
  return definedOnly({
    action,
    streak,
    severity,
    everyMs: every,
    pageMs: page,
    grow: grow && sizes,
    backoff: backoff && definedOnly({ initialMs, factor, maxMs }),
    budget: budget && definedOnly(budget),
  });
}

/** Core tells "not said" from "said undefined": keys without a value are left out. */
function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
