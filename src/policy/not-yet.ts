import { matchesGlob } from '../core/match.ts';

/** What a key of the full format has in this version: nothing yet, or another way to say it. */
export interface NotYet {
  readonly hint: string;
  /** The key to write in its place: then that one is not told as missing as well. */
  readonly instead?: string;
}

const leaveOut = 'leave it out until a later version knows it';

/**
 * Keys that the format foresees and this version does not act on. They are refused, not ignored: whoever writes
 * them relies on them. `job` stands for `defaults` and for each job; `*` for any key.
 */
export const keysNotYet: ReadonlyMap<string, NotYet> = new Map([
  [
    'job.match.application.name',
    {
      hint: 'ids are needed so far: match: { application: { id: "…" } }; find it with: aws emr-serverless list-applications',
      instead: 'id',
    },
  ],
  ['job.slo', { hint: leaveOut }],
  ['job.notify', { hint: leaveOut }],
  ['job.upgrade', { hint: leaveOut }],
  ['job.resharding', { hint: leaveOut }],
  ['job.extends', { hint: 'write the values into `defaults`' }],
  ...['ratio', 'metricsWindow', 'cooldown', 'stabilizeAfterRestart', 'maxStep', 'applyBy', 'catchUp'].map(
    scaling,
  ),
  ...['maxPerDay', 'floors'].map(scaling),
  ['extends', { hint: 'write the values into `defaults`' }],
  ...['routes', 'groupBy', 'groupWait', 'groupInterval', 'repeatInterval', 'onlyAfter'].map(
    (key): [string, NotYet] => [
      `notifications.root.${key}`,
      { hint: 'every notice goes to root.receivers so far; one incident is one message' },
    ],
  ),
  ...['pagerduty', 'amazonQ', 'webhook'].map((kind): [string, NotYet] => [
    `notifications.receivers.*.${kind}`,
    {
      hint: 'slack is the only kind so far; hang other things on the events that notify publishes',
      instead: 'slack',
    },
  ]),
  ['notifications.receivers.*.slack.interactive', { hint: 'messages have no buttons so far' }],
  ...['quietHours', 'inhibit', 'digest', 'dedupe'].map((key): [string, NotYet] => [
    `notifications.${key}`,
    { hint: leaveOut },
  ]),
  ['guardrails.fleet.maxVcpuIncreasePerHour', { hint: leaveOut }],
  [
    'guardrails.killSwitch',
    { hint: 'the kill switch is not in the policy, so that a broken policy cannot hold it' },
  ],
]);

/** What to say of a key that this version does not have yet; undefined for a key that no version has. */
export function notYet(path: readonly PropertyKey[]): NotYet | undefined {
  const segments = path.map(String);
  const isDefault = segments[0] === 'defaults';
  const isJob = segments[0] === 'jobs' && segments.length > 2;
  const text = [...(isDefault || isJob ? ['job', ...segments.slice(isDefault ? 1 : 2)] : segments)].join('.');
  for (const [glob, found] of keysNotYet) if (matchesGlob(glob, text)) return found;
  return undefined;
}

function scaling(key: string): [string, NotYet] {
  return [`job.scaling.${key}`, { hint: 'scaling.executors { min, max, cores } is what there is so far' }];
}
