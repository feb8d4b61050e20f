/**
 * Every way a run can end, with what to do about it. One spelling for policy, CLI, Slack and code.
 *
 * `streak` is the number of restarts without a newly committed batch before a person is called. The numbers come from
 * the judgement of about 180 collected failure texts; a policy may set its own per class.
 * `summary` is one plain sentence for people.
 */
export const failureClasses = {
  'capacity-unavailable': {
    action: 'wait-for-capacity',
    // Waiting is no loop, so this never parks a job; a person is told after half an hour.
    streak: 10,
    summary: 'The application or the account had no room for the workers.',
  },
  throttled: {
    action: 'restart-with-backoff',
    // 1, 2, 4, 8 and 16 minutes outlast every throttle that is not chronic.
    streak: 5,
    summary: 'A service asked for fewer requests.',
  },
  'transient-io': {
    action: 'restart-with-backoff',
    // 30 s, 1, 2, 5 and 10 minutes.
    streak: 5,
    summary: 'A network or service call failed in a way that usually passes.',
  },
  'credentials-expired': {
    action: 'restart',
    streak: 3,
    summary: 'Credentials taken at the start of the run expired; a new run takes fresh ones.',
  },
  'worker-lost': {
    action: 'restart',
    streak: 3,
    summary: 'A worker disappeared for a reason outside the job.',
  },
  'memory-exhausted': {
    action: 'restart-with-more-memory',
    // Two size steps of 1.5: more than doubled, and still out of memory, is a fault of the job.
    streak: 2,
    sizeStep: 'memory',
    summary: 'A worker ran out of memory.',
  },
  'disk-exhausted': {
    action: 'restart-with-more-disk',
    streak: 2,
    sizeStep: 'disk',
    summary: 'A worker ran out of local disk.',
  },
  'commit-conflict': {
    action: 'restart',
    // The fourth conflict in a row is no accident: somebody else writes the same rows.
    streak: 3,
    summary: 'Another writer changed the target table during the commit.',
  },
  'schema-evolved': {
    action: 'restart',
    // The error stops the query on purpose, once, after noting the new schema. Twice means it did not help.
    streak: 1,
    summary: 'The schema of the source changed and the query asks to be restarted.',
  },
  'execution-timeout': {
    action: 'restart',
    streak: 3,
    summary: 'The run reached its execution timeout; jobs that should not end need mode STREAMING.',
  },
  cancelled: {
    action: 'ignore',
    streak: 0,
    summary: 'The run was cancelled on request.',
  },
  'permission-denied': {
    action: 'stop-and-page',
    streak: 0,
    summary: 'The job is not allowed to do something it needs.',
  },
  'config-invalid': {
    action: 'stop-and-page',
    streak: 0,
    summary: 'A setting, a dependency or a resource the job needs is wrong or missing.',
  },
  'user-code-error': {
    action: 'stop-and-page',
    streak: 0,
    summary: 'The program of the job failed and would fail again.',
  },
  'bad-data': {
    action: 'stop-and-page',
    streak: 0,
    summary: 'A record cannot be processed and would fail again.',
  },
  'source-data-lost': {
    action: 'stop-and-page-data-risk',
    streak: 0,
    summary: 'Records that the job has not read are gone from the source.',
  },
  'checkpoint-corrupt': {
    action: 'stop-and-page-data-risk',
    streak: 0,
    summary: 'The checkpoint is damaged or incomplete.',
  },
  'checkpoint-incompatible': {
    action: 'stop-and-page-data-risk',
    streak: 0,
    summary: 'The deployed program does not fit the checkpoint.',
  },
  'concurrent-run': {
    action: 'stop-and-page',
    streak: 0,
    summary: 'Two runs wrote to the same checkpoint.',
  },
  unknown: {
    action: 'restart-with-backoff',
    streak: 2,
    summary: 'Nothing in the evidence says why the run ended.',
  },
} as const satisfies Record<string, FailureClassEntry>;

export type FailureClass = keyof typeof failureClasses;

export type ClassAction =
  | 'restart'
  | 'restart-with-backoff'
  | 'restart-with-more-memory'
  | 'restart-with-more-disk'
  | 'wait-for-capacity'
  | 'stop-and-page'
  | 'stop-and-page-data-risk'
  | 'ignore';

export interface FailureClassEntry {
  readonly action: ClassAction;
  readonly streak: number;
  readonly sizeStep?: 'memory' | 'disk';
  readonly summary: string;
}

/** The classes where a wrong restart can cost data. They are judged before all others. */
const safetyClasses: ReadonlySet<FailureClass> = new Set([
  'concurrent-run',
  'source-data-lost',
  'checkpoint-incompatible',
  'checkpoint-corrupt',
]);

export function isSafetyClass(failureClass: FailureClass): boolean {
  return safetyClasses.has(failureClass);
}

/** True for the four actions that start a run again at once or after a backoff. */
export function isRestart(action: ClassAction): boolean {
  return action.startsWith('restart');
}

/**
 * Restarts without progress allowed for this judgement. A class that stops may still hold a text whose own action is a
 * restart; such a text has exactly one.
 */
export function streakFor(failureClass: FailureClass, action: ClassAction): number {
  const { streak } = failureClasses[failureClass];
  return isRestart(action) ? Math.max(streak, 1) : streak;
}
