/**
 * Every reason that a decision can have, with the sentence that people read. One table for the log, the notices,
 * the CLI and the metric labels.
 */
export const reasons = {
  'run-healthy': 'The run is live.',
  'run-starting': 'The run was accepted and is not running yet.',
  'run-cancelling': 'The run is being cancelled; nothing starts before it has ended.',
  'attempt-failed': 'An attempt failed in a way that may pass, and the service tries the run again.',
  futile: 'The service tries again what no retry can cure: the run is cancelled.',
  stalled: 'The run has input and has committed no batch for too long.',
  'run-adopted': 'A person started a run of this job; it is ours to watch now.',
  'ended-run-adopted': 'The newest ended run of this job is taken as its last one.',
  'foreign-run-beside-ours':
    'Two live runs write to one checkpoint, and ours is the older: neither is touched.',
  'ours-yields-to-foreign-run': 'A person started a run while ours was starting: ours is cancelled.',
  'several-foreign-runs': 'More than one live run matches this job: nothing is started or cancelled.',
  'several-own-runs': 'Several locations of the job have a live run each: a person decides which one stays.',
  'checkpoint-in-use': 'A live run that does not match the job names its checkpoint: nothing is started.',
  'never-started': 'The job should run and never did.',
  'no-request-to-start': 'There is no earlier run and no launch.spec, so there is nothing to start.',
  'job-run-failed': 'The run failed with a cause that a restart from the checkpoint can cure.',
  'run-succeeded': 'A streaming run ended by itself, which is an outage: nothing reads the stream.',
  'execution-timeout': 'The run hit its execution time-out; mode STREAMING has none.',
  'waits-for-capacity': 'There is no capacity for the run: it starts as soon as there is.',
  'capacity-too-small': 'The application may never hold what the job needs: waiting is futile.',
  'deterministic-failure': 'The same input and code would fail the same way.',
  'unexplained-error': 'No rule knows the error, so nobody can say that trying again is safe.',
  'data-at-risk': 'A restart could lose or repeat data.',
  'checkpoint-went-back': 'The checkpoint stands before a batch that it had committed.',
  'positions-skipped':
    'After a start, a batch does not begin where the last one ended: records were skipped.',
  'positions-repeated':
    'After a start, a batch begins before the end of the last one: records are read twice.',
  'records-left-out': 'The log of the job says that records were lost, and the job went on without them.',
  'losses-unknown':
    'The logs of the job could not be searched for lost records, or not to their end: whether it left some out is not known.',
  'not-streaming': 'The run is not in mode STREAMING: no streaming retries, and a time limit.',
  'native-retries-differ': 'The run was started with other native retries than the policy says.',
  'run-differs': 'The run was started with other parameters than Checkpilot would use; it is left as it is.',
  'streak-without-progress': 'The last restarts committed no new batch.',
  'size-steps-used-up':
    'The worker is as large as size steps go: at the limit of the policy, or of its kind of disk.',
  'start-refused': 'The service refused the start.',
  'retry-budget-exhausted': 'The restart budget of the job is used up.',
  'class-budget-exhausted':
    'The restarts that the policy allows the job for this class of failure are used up.',
  'awaits-evidence': 'Nobody knows yet why the run ended: its driver log has not arrived.',
  'backing-off': 'The next restart waits for its backoff.',
  'correlated-failures': 'Many jobs failed of one class at once: a few start first, and the others follow.',
  'fleet-held': 'The first restarts of many failed again: the others wait for a person.',
  'fleet-canary': 'Many jobs failed of one class at once: a few go first, and this one waits for them.',
  'scope-budget-exhausted':
    'The restarts that the jobs of its application, owner or fleet may take together are used up.',
  'voluntary-limits':
    'So many changes that nobody needs at once are under way that this one waits; restarts do not.',
  'awaits-grant': 'The start waits for its turn in the fleet.',
  'cancelled-by-person': 'A person cancelled the run; that is respected.',
  'cancelled-by-checkpilot': 'Checkpilot cancelled the run.',
  'ordered-by-person': 'A person ordered the start.',
  'stop-ordered': 'A person ordered the job to stop.',
  'stopped-on-purpose': 'The job is meant to be stopped.',
  parked: 'The job is parked until a person or a new version changes something.',
  'run-unknown': 'The state of the last run could not be read, so nothing is started.',
  'listing-unknown': 'The live runs of the application could not be listed, so nothing is started.',
  'progress-unknown': 'The checkpoint could not be read; without it one restart an hour is allowed.',
  'checkpoint-damaged': 'Spark would refuse the checkpoint: nothing is started on it.',
  'checkpoint-unreadable': 'The checkpoint could not be read right before the start.',
  'retention-running-out': 'Unread records have used up much of the time for which their source keeps them.',
  'data-loss-near': 'Unread records are lost before the job can be expected to have read them.',
  'data-expired': 'Records expire that the job has not read.',
  'retention-unknown': 'How long unread records are kept, or which ones are unread, is not known.',
  'retention-short': 'The stream has to keep its records for longer, so that people have time to act.',
  'retention-extended': 'The stream keeps its records for longer now.',
  'retention-extension-refused': 'The service refused to keep the records of the stream for longer.',
  'retention-extension-held': 'The stream would be told to keep its records for longer, and may not.',
  'retention-still-extended':
    'The job has caught up, and its stream still keeps records for longer than before.',
  'not-managed': 'No policy declares this job.',
} as const;

export type Reason = keyof typeof reasons;

/** Why the guard keeps a wish from becoming a command. */
export const withholdings = {
  'kill-switch': 'the kill switch is on',
  'fleet-paused': 'the fleet is paused',
  'job-paused': 'the job is paused',
  'action-paused': 'this action of the job is paused',
  'mode-observe': 'the mode is observe',
  'deny-window': 'a deny window of the policy is open',
  'outside-allow-window': 'no allow window of the policy is open',
  'awaits-approval': 'the mode is suggest: a person approves',
  'act-not-deployed': 'the stack was deployed without the rights to act',
  'clock-differs': 'our clock differs from that of AWS',
  'newer-state': 'a newer release of Checkpilot wrote this job',
} as const;

export type Withholding = keyof typeof withholdings;

/** AWS does not say what a pass has to know: a matter of seconds mostly, and told to people after ten minutes. */
const unanswered: ReadonlySet<Reason> = new Set([
  'run-unknown',
  'listing-unknown',
  'checkpoint-unreadable',
  'progress-unknown',
] as const);

export function isUnanswered(reason: Reason | undefined): boolean {
  return reason !== undefined && unanswered.has(reason);
}
