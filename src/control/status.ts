import { emptyRing, type Ring } from '../core/budget.ts';
import { type Clock, isUrgent } from '../core/data-loss-clock.ts';
import type { ResolvedJob, ResolvedPolicy } from '../core/job.ts';
import type { JobMemory } from '../core/memory.ts';
import type { NativeUse } from '../core/native-attempts.ts';
import type { BudgetSensor } from '../core/observation.ts';
import { utcText } from '../core/utc.ts';
import { observeBudget } from './budget.ts';
import { as, type ControlItem, keys, type RecordItem } from './items.ts';
import { gatesOf } from './load.ts';
import type { Answer, Ports } from './ports.ts';
import {
  type Asked,
  type HeldByPerson,
  isUnanswered,
  nextOfApproval,
  pausesOf,
  questionOf,
  underFleetHold,
} from './status-people.ts';

/** States as people read them, worst first. */
export const jobStates = [
  'NEEDS HUMAN',
  'DOWN',
  'RECOVERING',
  'NO DATA',
  'PAUSED',
  'STARTING',
  'STOPPED',
  'OK',
] as const;
export type JobState = (typeof jobStates)[number];

export interface JobStatus {
  readonly job: string;
  readonly state: JobState;
  readonly mode: ResolvedJob['mode'];
  readonly jobRunId?: string;
  readonly runState?: string;
  readonly generation: number;
  readonly restarts: {
    readonly hour: number;
    readonly perHour: number;
    readonly day: number;
    readonly perDay: number;
    /** The service's own attempts, inside those runs. */
    readonly native?: NativeUse;
  };
  /** Classes of failure whose restarts the policy limits besides. */
  readonly classBudgets?: NonNullable<BudgetSensor['classes']>;
  /** Starts in a row without a newly committed batch, as of the last start. */
  readonly streak: number;
  /** What comes next and when, or who has to move. */
  readonly next: string;
  readonly nextAtMs?: number;
  /** When a pass last looked at the job. */
  readonly lookedAtMs?: number;
  readonly decisionId?: string;
  /** Where the run differs from what Checkpilot would start, and other things to know. */
  readonly concerns?: readonly string[];
  /** What a person is asked, in mode suggest. */
  readonly approval?: Asked;
  /** … about a longer retention. */
  readonly extensionApproval?: Asked;
  /** Pauses that hold, of the job and of single actions. */
  readonly pauses?: readonly HeldByPerson[];
  /** Who stopped it by an order. */
  readonly stopped?: JobMemory['stopped'];
  /** The data-loss clock as that pass had it; absent where the policy names no source. */
  readonly clock?: Clock;
  readonly incident?: { readonly id: string; readonly openedAtMs: number; readonly class?: string };
}

export interface FleetStatus {
  readonly nowMs: number;
  readonly policy: string;
  readonly policyHash: string;
  readonly killSwitch: boolean;
  readonly fleetPause?: ControlItem['fleetPause'];
  readonly jobs: readonly JobStatus[];
}

/** Everything `checkpilot status` shows, from two reads of the table: nothing is asked of the services. */
export async function fleetStatus(
  ports: Pick<Ports, 'clock' | 'store' | 'policies' | 'act'>,
  only?: string,
): Promise<Answer<FleetStatus>> {
  const current = await ports.policies.current();
  if (!current.ok) return current;
  const { policy, hash } = current.value;
  const jobs = Object.values(policy.jobs).filter((job) => only === undefined || job.name === only);
  const read = await ports.store.read([
    keys.control,
    ...jobs.flatMap((job) => [keys.record(job.name), keys.jobRing(job.name)]),
  ]);
  if (!read.ok) return read;
  const [controlItem, ...items] = read.value.items;
  const control = as('control', controlItem);
  const nowMs = ports.clock.now();
  const gates = gatesOf(ports, {
    nowMs,
    dateMs: read.value.dateMs,
    newerState: false,
    ...(control ? { control } : {}),
  });
  const statuses = jobs.map((job, index) =>
    jobStatus(
      job,
      underFleetHold(as('record', items[index * 2]), gates),
      as('ring', items[index * 2 + 1])?.ring ?? emptyRing,
      nowMs,
    ),
  );
  return {
    ok: true,
    value: {
      nowMs,
      policy: policy.name,
      policyHash: hash,
      killSwitch: gates.killSwitch,
      ...(gates.fleetPaused && control?.fleetPause ? { fleetPause: control.fleetPause } : {}),
      jobs: statuses.sort(byUrgency(policy)),
    },
  };
}

function jobStatus(job: ResolvedJob, record: RecordItem | undefined, ring: Ring, nowMs: number): JobStatus {
  const { perHour, perDay } = job.restart.budget;
  const { usedHour, usedDay, classes, native } = observeBudget(job, {
    ring,
    nowMs,
    native: record?.memory.native,
  });
  const memory = record?.memory;
  const state = stateOf(record, nowMs);
  const next = nextOf(state, record);
  const streaks = Object.values(memory?.progress ?? {}).map((mark) => mark.streak);
  const incident = memory?.incident;
  const pauses = pausesOf(memory, nowMs);
  return {
    job: job.name,
    state,
    mode: job.mode,
    ...(memory?.run ? { jobRunId: memory.run.jobRunId } : {}),
    ...runStateOf(record),
    generation: memory?.generation ?? 0,
    restarts: { hour: usedHour, perHour, day: usedDay, perDay, ...(native ? { native } : {}) },
    ...(classes ? { classBudgets: classes } : {}),
    streak: Math.max(0, ...streaks),
    ...next,
    ...(record?.last ? { lookedAtMs: record.last.lastAtMs, decisionId: record.last.id } : {}),
    ...(record?.last?.concerns ? { concerns: record.last.concerns } : {}),
    ...(memory?.approval ? { approval: questionOf(memory.approval) } : {}),
    ...(memory?.extensionApproval ? { extensionApproval: questionOf(memory.extensionApproval) } : {}),
    ...(pauses.length > 0 ? { pauses } : {}),
    ...(memory?.stopped ? { stopped: memory.stopped } : {}),
    ...(record?.last?.clock ? { clock: record.last.clock } : {}),
    ...(incident
      ? {
          incident: {
            id: incident.id,
            openedAtMs: incident.openedAtMs,
            ...(incident.class ? { class: incident.class } : {}),
          },
        }
      : {}),
  };
}

function stateOf(record: RecordItem | undefined, nowMs: number): JobState {
  if (!record?.last) return 'NO DATA';
  const { memory, last } = record;
  const { runState } = runStateOf(record);
  const isLive = runState !== undefined && !['FAILED', 'SUCCESS', 'CANCELLED'].includes(runState);
  // A pause does not take the need away, so it must not hide it.
  if (memory.incident?.needsHuman || memory.parked || isUrgent(last.clock)) return 'NEEDS HUMAN';
  if (memory.pause && nowMs < memory.pause.untilMs) return 'PAUSED';
  if (memory.desired === 'stopped') return 'STOPPED';
  // What something else holds back nobody can approve.
  const isAsked = isUnanswered(memory.approval) && last.guard.kind !== 'withheld';
  if (isAsked || isUnanswered(memory.extensionApproval)) return 'NEEDS HUMAN';
  if (memory.unknownSinceMs !== undefined) return 'NO DATA';
  if (!isLive && last.guard.kind !== 'done') return 'DOWN';
  if (memory.wish || (record.claimLocks?.length ?? 0) > 0 || memory.incident) return 'RECOVERING';
  if (!isLive) return memory.run && !isNewer(record) ? 'DOWN' : 'STARTING';
  return runState === 'RUNNING' ? 'OK' : 'STARTING';
}

/** As the last pass saw it; none of a run that was started since then. */
function runStateOf(record: RecordItem | undefined): Pick<JobStatus, 'runState'> {
  const runState = record?.last?.runState;
  return record === undefined || runState === undefined || isNewer(record) ? {} : { runState };
}

/** The job's run is younger than the look of the last pass. */
function isNewer({ memory, last }: RecordItem): boolean {
  return last?.runId !== undefined && last.runId !== memory.run?.jobRunId;
}

/** The column that a tired person looks for: what frees this job, a time or a person. */
function nextOf(state: JobState, record: RecordItem | undefined): Pick<JobStatus, 'next' | 'nextAtMs'> {
  const memory = record?.memory;
  const last = record?.last;
  if (state === 'PAUSED' && memory?.pause) {
    return { next: `resumes (${memory.pause.by}: "${memory.pause.reason}")`, nextAtMs: memory.pause.untilMs };
  }
  if (last?.reason === 'retry-budget-exhausted' && last.untilMs !== undefined) {
    return { next: 'budget frees', nextAtMs: last.untilMs };
  }
  if (last?.reason === 'class-budget-exhausted' && last.untilMs !== undefined) {
    const of = memory?.incident?.class;
    return { next: `budget of ${of ?? 'its class'} frees`, nextAtMs: last.untilMs };
  }
  const { clock } = last ?? {};
  if (isUrgent(clock)) {
    const verb = clock.level === 'lost' ? 'data is lost since' : 'data is lost from';
    return { next: `a person: ${verb} ${utcText(clock.lossAtMs)} on` };
  }
  if (memory?.parked) return { next: `a person: ${memory.parked.reason}` };
  // It goes on by itself, also where a person was called.
  if (memory?.wish?.awaitsCapacity && last?.reason === 'waits-for-capacity')
    return { next: 'room in its application' };
  const ofRun = last?.guard.kind === 'suggested' ? nextOfApproval(memory?.approval) : undefined;
  const asked = ofRun ?? nextOfApproval(memory?.extensionApproval);
  if (asked) return asked;
  if (state === 'NEEDS HUMAN') return { next: `a person: ${memory?.incident?.toldReason ?? 'see explain'}` };
  if (state === 'STOPPED') {
    const { by, reason } = memory?.stopped ?? {};
    return { next: `somebody starts it${by === undefined ? '' : ` (stopped by ${by}: "${reason}")`}` };
  }
  if (last && last.guard.kind !== 'done') {
    const { kind, why, window, untilMs } = last.guard;
    const named = window === undefined ? why : `${why} ${window}`;
    return { next: `${kind}: ${named}`, ...(untilMs === undefined ? {} : { nextAtMs: untilMs }) };
  }
  if ((record?.claimLocks?.length ?? 0) > 0) return { next: 'a claimed command is settled' };
  if (memory?.wish) return { next: `restart (${memory.wish.reason})`, nextAtMs: memory.wish.notBeforeMs };
  if (state === 'RECOVERING') return { next: 'healthy when it has run long enough' };
  return { next: '–' };
}

function byUrgency(policy: ResolvedPolicy): (a: JobStatus, b: JobStatus) => number {
  const tier = (status: JobStatus) => policy.jobs[status.job]?.tier ?? 3;
  return (a, b) =>
    jobStates.indexOf(a.state) - jobStates.indexOf(b.state) || tier(a) - tier(b) || (a.job < b.job ? -1 : 1);
}
