import { usualExpiryMs } from '../core/approval.ts';
import { actionNames, type ResolvedJob, type ResolvedPolicy } from '../core/job.ts';
import { matchesGlob } from '../core/match.ts';
import type { WindowTimes } from '../core/windows.ts';
import type { PolicyGuardrails } from './schema.ts';
import type { PolicyWindow } from './window-schema.ts';

type Gates = Pick<ResolvedPolicy['guardrails'], 'windows' | 'approvals'>;

/** Windows and approvals as the policy as a whole has them. */
export function resolveGates({ windows, approvals }: Pick<PolicyGuardrails, 'windows' | 'approvals'>): Gates {
  return {
    ...(windows.length > 0 ? { windows: windows.map(resolveWindow) } : {}),
    ...(approvals ? { approvals: { expireAfterMs: approvals.expireAfter, ...approvals.approvers } } : {}),
  };
}

/** What of them each job has to know: the guard is asked about one job, and must not be able to forget. */
export function gatesOfJob(
  job: string,
  { windows = [], approvals }: Gates,
): Pick<ResolvedJob, 'windows' | 'approvals'> {
  const about = windows.filter(({ jobs: globs = ['*'] }) => globs.some((glob) => matchesGlob(glob, job)));
  const expireAfterMs = approvals?.expireAfterMs ?? usualExpiryMs;
  return {
    ...(about.length > 0 ? { windows: about.map(({ jobs: _, ...window }) => window) } : {}),
    ...(expireAfterMs === usualExpiryMs ? {} : { approvals: { expireAfterMs } }),
  };
}

function resolveWindow({ name, effect, actions, except, jobs, timeZone, when }: PolicyWindow) {
  const isAll = actions.includes('*');
  const named = actionNames.filter((action) => isAll || actions.includes(action));
  const { once, recurring } = when;
  const times: WindowTimes | undefined = once
    ? { kind: 'once', from: once.from, to: once.to }
    : recurring && { kind: 'recurring', schedule: recurring.schedule, durationMs: recurring.duration };
  if (!times) throw new Error(`window ${name} has no time: the check must refuse it`);
  return {
    name,
    effect,
    actions: named.filter((action) => !except.includes(action)),
    ...(jobs === undefined ? {} : { jobs }),
    timeZone,
    when: times,
  };
}
