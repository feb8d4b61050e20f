import { jobStates } from '../control/status.ts';
import type { Decision, NoticeDraft } from '../core/decision.ts';
import { type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';
import type { ActionName, Mode } from '../core/job.ts';
import { type Reason, reasons, type Withholding, withholdings } from '../core/reason.ts';
import { runLane } from '../core/rules/index.ts';
import { retention } from '../core/rules/retention.ts';

/** The words that expectations are written in are the product's own: a list each, which the compiler keeps whole. */
type Names = readonly [string, ...string[]];

export const decisionKinds = Object.keys({
  nothing: true,
  wait: true,
  start: true,
  cancel: true,
  park: true,
  'extend-retention': true,
} satisfies Record<Decision['kind'], true>) as [Decision['kind'], ...Decision['kind'][]];

/** Actions of the policy that some decision of this version can ask for. */
export const decidedActions = ['restart', 'extendRetention'] as const satisfies readonly ActionName[];

export const modes = ['observe', 'suggest', 'act'] as const satisfies readonly Mode[];

export const reasonNames = Object.keys(reasons) as [Reason, ...Reason[]];
export const withholdingNames = Object.keys(withholdings) as [Withholding, ...Withholding[]];
export const classNames = Object.keys(failureClasses) as [FailureClass, ...FailureClass[]];
/** Of the safety lane only the clock has a command of its own. */
export const ruleNames = [...runLane, retention].map(({ name }) => name) as unknown as Names;
export const stateNames = jobStates;

export const noticeEvents = Object.keys({
  'incident.opened': true,
  'incident.updated': true,
  'incident.needs-human': true,
  'incident.recovered': true,
  'run.adopted': true,
  'run.stopped-by-person': true,
  'writers.two-live-runs': true,
  'policy.broken': true,
  'retention.undo-proposed': true,
  'approval.requested': true,
  'approval.answered': true,
  'approval.closed': true,
} satisfies Record<NoticeDraft['event'], true>) as [NoticeDraft['event'], ...NoticeDraft['event'][]];

/** Operations by which this version changes anything in AWS. */
export const writeNames = ['StartJobRun', 'CancelJobRun', 'IncreaseStreamRetentionPeriod'] as const;
export type WriteName = (typeof writeNames)[number];

/** A cancel and a time-out are told by the state of a run, not by its text: they have events of their own, or none. */
export const failingClasses = classNames.filter(
  (name) => name !== 'cancelled' && name !== 'execution-timeout',
) as [FailureClass, ...FailureClass[]];

/** What a series may give, and whether some sensor of this version reads it. */
export const seriesNames = {
  'checkpoint.lastCommittedBatch': { reads: true, text: 'Number of the last committed batch.' },
  'checkpoint.lastPlannedBatch': {
    reads: true,
    text: 'Number of the last planned batch; the committed one when left out.',
  },
  'source.inputRate': { reads: true, text: 'Records a second that come into the stream.' },
  'source.openShards': { reads: true, text: 'Open shards of the stream.' },
  'source.status': { reads: false, text: 'Status of the stream, such as `UPDATING`.' },
  'source.retentionHours': { reads: true, text: 'Retention of the stream in hours.' },
  'lag.seconds': { reads: true, text: 'Age of the oldest record that was just read, in seconds.' },
} as const;
export type SeriesName = keyof typeof seriesNames;

const later = 'nothing decides it in this version';

/** Words of the full format that this version has no decision for. They are refused: a test of them would prove nothing. */
export const wordsNotYet: Readonly<Record<string, string>> = {
  scaleUp: `${later}: executors are not fitted yet`,
  scaleDown: `${later}: executors are not fitted yet`,
  reshard: `${later}: streams are not resharded yet`,
  upgrade: later,
  cooldown: `${later}: executors are not fitted yet`,
  'source-updating': `${later}: streams are not resharded yet`,
  'retention.warning':
    'the clock is told as incident.opened or incident.updated, with the reason retention-running-out',
  'fleet.hold': 'here a fleet that is held back is told as incident.needs-human',
};

/** Words that other designs use for what the product calls otherwise. */
export const wordsOfOurs: Readonly<Record<string, string>> = {
  'budget-exhausted': 'the word is retry-budget-exhausted',
  'fleet.correlated': 'failures that belong together are told as incident.opened',
  'restart.recovered': 'the word is incident.recovered',
};
