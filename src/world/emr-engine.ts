import { gzipSync } from 'node:zlib';
import type { ObjectSink } from './checkpoint-writer.ts';
import type { EmrEvents } from './emr-events.ts';
import { type Attempt, attemptsOf, newAttempt, type Run } from './emr-run.ts';
import { type Application, isTerminal, type JobRunState } from './emr-types.ts';
import { driverStderrOf, failureClassOf, isRefusal, stateDetailsOf } from './failure-texts.ts';
import type { Journal } from './journal.ts';
import type { WorldParameters } from './parameters.ts';
import type { Random } from './random.ts';
import type { AttemptExit, SparkAttempt } from './spark-job.ts';
import type { VirtualTime } from './virtual-time.ts';
import { WorkerRoom } from './worker-room.ts';

export interface AttemptHooks {
  onExit: (exit: AttemptExit) => void;
  /** How many of the wanted executors there is room for. */
  takeExecutors: (wanted: number) => number;
}

/** What runs inside a run. */
export interface SparkLauncher {
  /** An exit that a script wants before the driver is up. */
  refuse(run: Run): AttemptExit | undefined;
  launch(run: Run, hooks: AttemptHooks): SparkAttempt;
}

export interface EmrEngineOptions {
  time: VirtualTime;
  random: Random;
  parameters: WorldParameters;
  journal: Journal;
  events: EmrEvents;
  objects: ObjectSink;
  launcher: SparkLauncher;
}

/** How the time from acceptance to RUNNING is spent. */
const SHARE_SUBMITTED = 0.1;
const SHARE_PENDING = 0.2;

/** Drives accepted runs through their states: queue, start, the service's own retries, cancel. */
export class EmrEngine {
  readonly #given: EmrEngineOptions;
  /** Oldest first, per application. */
  readonly #queues = new Map<string, Run[]>();
  readonly #admitted = new Map<string, Set<Run>>();
  readonly #workers: WorkerRoom;

  constructor(options: EmrEngineOptions) {
    this.#given = options;
    this.#workers = new WorkerRoom(options.parameters);
  }

  /** Begins a run whose state is SUBMITTED. */
  accept(run: Run): void {
    const startMs = this.#startMs();
    this.#step(run, startMs * SHARE_SUBMITTED, () => {
      if (this.#hasRoom(run)) this.#admit(run, startMs);
      else this.#enqueue(run);
    });
  }

  /**
   * Cancels a live run. Grace seconds apply to a RUNNING one: its batch may finish until then. A run that is
   * being cancelled, or has ended, stays as it is.
   */
  cancel(run: Run, graceSeconds: number): void {
    if (isTerminal(run.state) || run.state === 'CANCELLING') return;
    run.cancelStep?.();
    if (run.state === 'QUEUED') this.#leaveQueue(run);
    this.#move(run, 'CANCELLING');
    const { parameters, random } = this.#given;
    const stopMs = 1000 * random.between(parameters.stopSecondsMin, parameters.stopSecondsMax);
    const { spark } = run;
    if (spark === undefined) {
      this.#step(run, 1000 * parameters.stopSecondsMin, () => this.#finish(run, 'CANCELLED', ''));
      return;
    }
    const stopped = (): void => this.#step(run, stopMs, () => this.#finish(run, 'CANCELLED', ''));
    this.#step(run, graceSeconds * 1000, () => {
      spark.kill();
      stopped();
    });
    if (graceSeconds > 0) {
      spark.stopGracefully(() => {
        run.cancelStep?.();
        stopped();
      });
    }
  }

  #admit(run: Run, startMs: number): void {
    this.#admittedTo(run.application).add(run);
    if (run.queuedAtMs !== undefined) run.queuedMs = this.#given.time.now() - run.queuedAtMs;
    this.#move(run, 'PENDING');
    this.#step(run, startMs * SHARE_PENDING, () => {
      this.#move(run, 'SCHEDULED');
      this.#step(run, startMs * (1 - SHARE_SUBMITTED - SHARE_PENDING), () => this.#startDriver(run));
    });
  }

  #enqueue(run: Run): void {
    const { application } = run;
    this.#queues.set(application.applicationId, [
      ...(this.#queues.get(application.applicationId) ?? []),
      run,
    ]);
    run.queuedAtMs = this.#given.time.now();
    this.#move(run, 'QUEUED');
    this.#step(run, application.schedulerConfiguration.queueTimeoutMinutes * 60_000, () => {
      this.#leaveQueue(run);
      // The terminal state after a queue time-out is not documented; FAILED is the careful reading.
      this.#finish(run, 'FAILED', 'Job failed as it exceeded the queue timeout of the application.');
    });
  }

  #leaveQueue(run: Run): void {
    const { applicationId } = run.application;
    const others = (this.#queues.get(applicationId) ?? []).filter((queued) => queued !== run);
    this.#queues.set(applicationId, others);
  }

  #hasRoom({ application }: Run): boolean {
    return this.#admittedTo(application).size < application.schedulerConfiguration.maxConcurrentRuns;
  }

  #admittedTo({ applicationId }: Application): Set<Run> {
    const admitted = this.#admitted.get(applicationId) ?? new Set<Run>();
    this.#admitted.set(applicationId, admitted);
    return admitted;
  }

  #startDriver(run: Run): void {
    const refusal = this.#given.launcher.refuse(run) ?? this.#withoutRoom(run);
    if (refusal !== undefined) {
      this.#attemptEnded(run, refusal);
      return;
    }
    const nowMs = this.#given.time.now();
    run.startedAtMs ??= nowMs;
    run.attempt.startedAtMs = nowMs;
    this.#moveAttempt(run.attempt, 'RUNNING');
    if (run.state !== 'RUNNING') this.#move(run, 'RUNNING');
    run.spark = this.#given.launcher.launch(run, {
      onExit: (exit) => this.#attemptEnded(run, exit),
      takeExecutors: (wanted) => this.#workers.takeExecutors(run, wanted),
    });
    if (run.mode === 'BATCH') this.#limitBatch(run);
  }

  #withoutRoom(run: Run): AttemptExit | undefined {
    const cause = this.#workers.takeDriver(run);
    if (cause === undefined) return undefined;
    const scene = { batchId: 0, queryId: '', runId: '', timeMs: this.#given.time.now() };
    return { kind: 'failed', cause, scene };
  }

  /** A batch run over its execution time-out is cancelled by the service. */
  #limitBatch(run: Run): void {
    const { executionTimeoutMinutes = 720 } = run.request;
    this.#step(run, executionTimeoutMinutes * 60_000, () => this.cancel(run, 0));
  }

  #attemptEnded(run: Run, exit: AttemptExit): void {
    run.cancelStep?.();
    delete run.spark;
    this.#workers.free(run);
    if (exit.kind === 'success') {
      this.#finish(run, 'SUCCESS', '');
      return;
    }
    const { journal, time } = this.#given;
    run.attempt.endedAtMs = time.now();
    run.attempt.stateDetails = stateDetailsOf(exit.cause, exit.scene);
    this.#moveAttempt(run.attempt, 'FAILED');
    journal.write('attempt-failed', run.subject, {
      attempt: run.attempt.number,
      class: failureClassOf(exit.cause),
      batch: exit.scene.batchId,
    });
    if (!isRefusal(exit.cause)) this.#writeLog(run, driverStderrOf(exit.cause, exit.scene));
    if (this.#mayRetry(run)) this.#retry(run);
    else this.#finish(run, 'FAILED', run.attempt.stateDetails);
  }

  /** Counts failed attempts in the rolling window; with a limit of N the N-th failure in it is the last. */
  #mayRetry(run: Run): boolean {
    const { parameters, time } = this.#given;
    const { maxAttempts = 1, maxFailedAttemptsPerHour } = run.request.retryPolicy ?? {};
    if (run.mode === 'BATCH') return run.attempt.number < maxAttempts;
    const since = time.now() - parameters.failedAttemptsWindowSeconds * 1000;
    const failed = attemptsOf(run).filter(({ endedAtMs = 0 }) => endedAtMs > since);
    return failed.length < (maxFailedAttemptsPerHour ?? parameters.failedAttemptsPerHourDefault);
  }

  #retry(run: Run): void {
    const previous = run.attempt;
    const nowMs = this.#given.time.now();
    run.earlierAttempts.push(previous);
    run.attempt = newAttempt(previous.number + 1, nowMs);
    run.updatedAtMs = nowMs;
    this.#given.events.retried(run, previous, run.attempt);
    if (this.#given.parameters.isRetryStateShown) this.#move(run, 'SCHEDULED');
    else this.#moveAttempt(run.attempt, 'SCHEDULED');
    this.#step(run, this.#startMs(), () => this.#startDriver(run));
  }

  #finish(run: Run, state: 'SUCCESS' | 'FAILED' | 'CANCELLED', details: string): void {
    run.cancelStep?.();
    delete run.spark;
    this.#workers.free(run);
    run.endedAtMs = this.#given.time.now();
    run.attempt.endedAtMs ??= run.endedAtMs;
    run.stateDetails = details;
    this.#move(run, state);
    if (this.#admittedTo(run.application).delete(run)) this.#admitNext(run.application);
  }

  #admitNext(application: Application): void {
    const next = this.#queues.get(application.applicationId)?.shift();
    if (next === undefined) return;
    next.cancelStep?.();
    this.#admit(next, this.#startMs());
  }

  /** A person raised the limit of concurrent runs: those that wait go on. */
  admitWaiting(application: Application): void {
    const queue = this.#queues.get(application.applicationId) ?? [];
    for (let next = queue[0]; next !== undefined && this.#hasRoom(next); next = queue[0])
      this.#admitNext(application);
  }

  #move(run: Run, state: JobRunState): void {
    const { events, journal, time } = this.#given;
    const previous = run.state;
    run.state = state;
    run.updatedAtMs = time.now();
    this.#moveAttempt(run.attempt, state);
    journal.write('run-state', run.subject, { state, previousState: previous, attempt: run.attempt.number });
    events.stateChanged(run, previous);
  }

  #moveAttempt(attempt: Attempt, state: JobRunState): void {
    attempt.state = state;
    attempt.updatedAtMs = this.#given.time.now();
  }

  #writeLog(run: Run, stderr: string): void {
    const { logUri } =
      run.request.configurationOverrides?.monitoringConfiguration?.s3MonitoringConfiguration ?? {};
    if (logUri === undefined) return;
    const root = logUri.replace(/^s3:\/\//, '').replace(/\/+$/, '');
    const folder = `applications/${run.application.applicationId}/jobs/${run.jobRunId}/attempts/${run.attempt.number}`;
    this.#given.objects.put(`${root}/${folder}/SPARK_DRIVER/stderr.gz`, gzipSync(stderr), 'world');
  }

  #startMs(): number {
    const { p50, p95 } = this.#given.parameters.submittedToRunningSeconds;
    return 1000 * this.#given.random.logNormal({ median: p50, p95 });
  }

  #step(run: Run, ms: number, fn: () => void): void {
    run.cancelStep = this.#given.time.after(Math.round(ms), fn);
  }
}
