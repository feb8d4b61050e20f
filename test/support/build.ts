import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { ResolvedJob, RestartPolicy } from '../../src/core/job.ts';
import type { JobRun, JobRunState } from '../../src/core/job-run.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { type Grant, type JobMemory, newMemory, type Wish } from '../../src/core/memory.ts';
import type {
  BudgetSensor,
  CheckpointSensor,
  Gates,
  Observation,
  OthersSensor,
  RunSensor,
} from '../../src/core/observation.ts';
import type { DecideInput } from '../../src/core/rule.ts';
import { type WorkerChanges, withWorkers } from '../../src/core/workers.ts';

/** What a test says of one pass; everything left out is a healthy, quiet world with a free budget. */
export interface Situation {
  readonly job?: ResolvedJob;
  readonly observation?: ObservationChanges;
  readonly memory?: Partial<JobMemory>;
  /** Sizes that the run was started with; the service's own where nothing is said. */
  readonly workers?: WorkerChanges;
  readonly random?: number;
}

export type ObservationChanges = Partial<Omit<Observation, 'budget' | 'gates'>> & {
  readonly budget?: Partial<BudgetSensor>;
  readonly gates?: Partial<Gates>;
};

export type JobChanges = Partial<Omit<ResolvedJob, 'restart'>> & {
  readonly restart?: Partial<RestartPolicy>;
};

export const nowMs = Date.parse('2026-11-22T20:00:00Z');
export const checkpoint = 's3://acme-checkpoints/orders';
export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** Asks the core, through its only door. */
export function judge(situation: Situation = {}): Decision {
  return decide(anInput(situation));
}

export function anInput({ job, observation, memory, workers, random }: Situation = {}): DecideInput {
  const whole = anObservation(observation);
  return {
    job: job ?? aJob(),
    observation: workers ? { ...whole, run: sizedRun(whole.run, workers) } : whole,
    memory: aMemory(memory),
    random: random ?? 0.5,
    ids: { decision: 'dec_1', incident: 'inc_1' },
  };
}

/** The run as if its request had named these sizes. */
export function sizedRun(sensor: RunSensor, workers: WorkerChanges): RunSensor {
  if (sensor.kind !== 'seen') return sensor;
  const { run } = sensor;
  return { kind: 'seen', run: { ...run, request: withWorkers(run.request, workers) } };
}

export function aJob({ restart, ...changes }: JobChanges = {}): ResolvedJob {
  return {
    name: 'orders',
    match: { applicationId: 'app-1', jobName: 'orders', tags: {} },
    checkpoints: [checkpoint],
    mode: 'act',
    actions: {},
    tier: 2,
    stall: { afterMs: 15 * minuteMs, action: 'restart' },
    launch: aRequest(),
    ...changes,
    restart: {
      launchFrom: 'lastRun',
      nativeRetries: 3,
      budget: { perHour: 3, perDay: 12 },
      streakMax: 3,
      backoff: { initialMs: 30 * secondMs, factor: 2, maxMs: 10 * minuteMs },
      stableAfterMs: 20 * minuteMs,
      gracePeriodSeconds: 120,
      onBudgetExhausted: 'page',
      classes: {},
      ...restart,
    },
  };
}

export function aRequest(sparkSubmitParameters = ''): LaunchRequest {
  return {
    applicationId: 'app-1',
    executionRoleArn: 'arn:aws:iam::111122223333:role/orders',
    name: 'orders',
    mode: 'STREAMING',
    jobDriver: {
      sparkSubmit: { entryPoint: 's3://acme-artifacts/orders/1.4.2/job.py', sparkSubmitParameters },
    },
  };
}

/** A run that RUNs since two hours, unless `changes` say otherwise. */
export function aRun(changes: Partial<JobRun> = {}): JobRun {
  return {
    jobRunId: 'run-1',
    applicationId: 'app-1',
    name: 'orders',
    state: 'RUNNING',
    stateDetails: '',
    createdAtMs: nowMs - 2 * hourMs,
    updatedAtMs: nowMs - 10 * secondMs,
    startedAtMs: nowMs - 2 * hourMs + minuteMs,
    mode: 'STREAMING',
    createdBy: 'arn:aws:iam::111122223333:role/checkpilot-reconcile',
    tags: {},
    request: aRequest(),
    ...changes,
  };
}

/** The lock's run has ended ten seconds ago, with this text in its state details. */
export function ended(stateDetails: string, changes: Partial<JobRun> = {}): RunSensor {
  return seen(aRun({ state: 'FAILED', stateDetails, endedAtMs: nowMs - 10 * secondMs, ...changes }));
}

/** A run that a person started, five minutes ago unless `changes` say otherwise. */
export function aForeignRun(changes: Partial<JobRun> = {}): JobRun {
  const createdBy = 'arn:aws:iam::111122223333:user/ana';
  return aRun({ jobRunId: 'run-of-ana', createdAtMs: nowMs - 5 * minuteMs, createdBy, ...changes });
}

export function inState(state: JobRunState, changes: Partial<JobRun> = {}): RunSensor {
  return seen(aRun({ state, ...changes }));
}

export function seen(run: JobRun): RunSensor {
  return { kind: 'seen', run };
}

/** A fresh listing that shows these live runs beside the lock's. */
export function beside(...live: readonly JobRun[]): OthersSensor {
  return { kind: 'seen', dateMs: nowMs, live };
}

/** A readable checkpoint that stands at this committed batch, with the next one planned. */
export function atBatch(committedBatch: number): CheckpointSensor {
  return { kind: 'seen', committedBatch, plannedBatch: committedBatch + 1 };
}

export function anObservation({ budget, gates, ...changes }: ObservationChanges = {}): Observation {
  return {
    nowMs,
    run: seen(aRun()),
    others: { kind: 'not-looked' },
    checkpoints: { [checkpoint]: atBatch(120) },
    application: { kind: 'seen', sparkDefaults: {} },
    ...changes,
    budget: { room: true, usedHour: 0, usedDay: 0, ...budget },
    gates: {
      killSwitch: false,
      fleetPaused: false,
      act: 'restart',
      clockSkewMs: 0,
      newerState: false,
      ...gates,
    },
  };
}

/** A job in its first generation whose run was started at batch 100. */
export function aMemory(changes: Partial<JobMemory> = {}): JobMemory {
  return {
    ...newMemory,
    generation: 1,
    progress: { [checkpoint]: { committedAtStart: 100, streak: 0 } },
    ...changes,
  };
}

/** The wish that answers the end of run-1, due since a second. */
export function aWish(changes: Partial<Wish> = {}): Wish {
  return {
    id: 'wsh_1',
    cause: 'restart',
    reason: 'job-run-failed',
    class: 'transient-io',
    afterRunId: 'run-1',
    createdAtMs: nowMs - 30 * secondMs,
    notBeforeMs: nowMs - secondMs,
    tier: 2,
    plan: { base: { generation: 1 }, spendsBudget: true },
    ...changes,
  };
}

/** An unused grant for `aWish()`, good for another minute. */
export function aGrant(changes: Partial<Grant> = {}): Grant {
  const grantedAtMs = nowMs - minuteMs;
  return {
    id: 'grt_1',
    wishId: 'wsh_1',
    grantedAtMs,
    expiresAtMs: nowMs + minuteMs,
    state: 'unused',
    ...changes,
  };
}

/** State details that the classifier knows, one for each thing that a rule can do about a failure. */
export const texts = {
  transient: 'java.net.SocketTimeoutException: Read timed out',
  workerLost:
    'ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: worker lost',
  throttled: 'AmazonS3Exception: Please reduce your request rate.',
  outOfMemory: 'ExecutorLostFailure (executor 3 exited) Container killed on request. Exit code is 137',
  outOfDisk: 'java.io.IOException: No space left on device',
  noCapacity: 'Job failed: ApplicationMaxCapacityExceededException: Worker could not be allocated',
  badCode: "NameError: name 'foo' is not defined",
  noPermission: 'AccessDeniedException: User is not authorized to perform: kinesis:GetRecords',
  dataLost: 'OffsetOutOfRangeException: Offsets out of range; set failOnDataLoss to false',
} as const;
