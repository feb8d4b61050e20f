import type {
  Answer,
  CancelAnswer,
  Failure,
  JobRuns,
  ListFilter,
  ListPage,
  SendTerms,
  StartAnswer,
} from '../control/ports.ts';
import type { CapacityLimits } from '../core/capacity.ts';
import { isLive, type JobRun, type JobRunState } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import type { WriteName } from './vocabulary.ts';

/** From StartJobRun to RUNNING; the middle of what the world draws (docs/world.md). */
export const startupMs = 30_000;
/** From CancelJobRun to CANCELLED: no batch has to be waited for. */
export const shutdownMs = 10_000;

/** A run as a test makes it, and what it has said of each attempt that failed. */
export interface ScriptedRun extends JobRun {
  readonly failedAttempts: readonly {
    readonly stateDetails: string;
    readonly log?: string;
    readonly endedAtMs: number;
  }[];
  /** The end of the driver's log of the attempt that ended the run. */
  readonly log?: string;
}

export interface CallMade {
  readonly atMs: number;
  readonly name: WriteName | 'IncreaseStreamRetentionPeriod';
}

export interface ScriptedRunsOptions {
  readonly time: VirtualTime;
  readonly applicationIds: readonly string[];
  /** Hears every change of a run's state, as EventBridge would. */
  readonly onChange: (run: ScriptedRun) => void;
}

const ours = 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile';

/**
 * EMR Serverless as far as one test says: its runs, and those that Checkpilot starts. What the test has not brought about
 * is asked for in vain, loudly: an answer that was made up would prove something that nobody wrote.
 */
export class ScriptedRuns implements JobRuns {
  readonly calls: CallMade[] = [];
  readonly #given: ScriptedRunsOptions;
  readonly #runs = new Map<string, ScriptedRun>();
  readonly #tokens = new Map<string, string>();
  #downUntilMs = 0;
  #refusal: string | undefined;

  constructor(options: ScriptedRunsOptions) {
    this.#given = options;
  }

  /** A run that somebody else has started. */
  add(run: ScriptedRun): void {
    this.#runs.set(run.jobRunId, run);
  }

  /** Every run that has been there, oldest first. */
  get all(): readonly ScriptedRun[] {
    return [...this.#runs.values()];
  }

  change(jobRunId: string, fields: Partial<ScriptedRun>): void {
    const before = this.#known(jobRunId);
    const run = { ...before, ...fields, updatedAtMs: this.#given.time.now() };
    this.#runs.set(jobRunId, run);
    this.#given.onChange(run);
  }

  goDown(forMs: number): void {
    this.#downUntilMs = this.#given.time.now() + forMs;
  }

  refuseNextStart(message: string): void {
    this.#refusal = message;
  }

  async get(applicationId: string, jobRunId: string, attempt?: number): Promise<Answer<JobRun>> {
    this.#knownApplication(applicationId, 'GetJobRun');
    if (this.#isDown()) return down;
    const { failedAttempts, log: _log, ...run } = this.#known(jobRunId);
    const failed = attempt === undefined ? undefined : failedAttempts[attempt - 1];
    if (!failed) return { ok: true, value: run };
    const { stateDetails, endedAtMs } = failed;
    return { ok: true, value: { ...run, attempt: attempt ?? 1, state: 'FAILED', stateDetails, endedAtMs } };
  }

  async list(applicationId: string, filter: ListFilter): Promise<Answer<ListPage>> {
    this.#knownApplication(applicationId, 'ListJobRuns');
    if (this.#isDown()) return down;
    const { states, createdAtAfterMs = 0, createdAtBeforeMs = Number.POSITIVE_INFINITY } = filter;
    const runs = this.all.filter(
      (run) =>
        run.applicationId === applicationId &&
        (states === undefined || states.includes(run.state)) &&
        run.createdAtMs >= createdAtAfterMs &&
        run.createdAtMs <= createdAtBeforeMs,
    );
    return { ok: true, value: { runs, dateMs: this.#given.time.now() } };
  }

  async start(request: LaunchRequest, { clientToken, notAfterMs }: SendTerms): Promise<StartAnswer> {
    this.#knownApplication(request.applicationId, 'StartJobRun');
    const nowMs = this.#given.time.now();
    if (nowMs > notAfterMs) return { kind: 'too-late' };
    if (this.#isDown()) return { kind: 'ambiguous', message: down.message };
    const replayed = this.#tokens.get(clientToken);
    if (replayed !== undefined) return { kind: 'accepted', jobRunId: replayed };
    this.calls.push({ atMs: nowMs, name: 'StartJobRun' });
    if (this.#refusal !== undefined) {
      const message = this.#refusal;
      this.#refusal = undefined;
      return { kind: 'refused', code: 'ValidationException', message };
    }
    const jobRunId = `00started${String(this.#tokens.size + 1).padStart(4, '0')}`;
    this.#tokens.set(clientToken, jobRunId);
    this.begin(newRun({ jobRunId, request, nowMs, createdBy: ours }));
    return { kind: 'accepted', jobRunId };
  }

  /** Accepts a run and brings it to RUNNING. */
  begin(run: ScriptedRun): void {
    this.add(run);
    this.#given.onChange(run);
    this.#given.time.after(startupMs, () => {
      const { state } = this.#known(run.jobRunId);
      const nowMs = this.#given.time.now();
      if (state === 'SUBMITTED')
        this.change(run.jobRunId, { state: 'RUNNING', startedAtMs: nowMs, attemptCreatedAtMs: nowMs });
    });
  }

  async cancel(
    applicationId: string,
    jobRunId: string,
    { notAfterMs }: { graceSeconds: number; notAfterMs: number },
  ): Promise<CancelAnswer> {
    this.#knownApplication(applicationId, 'CancelJobRun');
    const nowMs = this.#given.time.now();
    if (nowMs > notAfterMs) return { kind: 'too-late' };
    if (this.#isDown()) return { kind: 'ambiguous', message: down.message };
    const run = this.#known(jobRunId);
    this.calls.push({ atMs: nowMs, name: 'CancelJobRun' });
    if (isLive(run) && run.state !== 'CANCELLING') this.#windDown(jobRunId);
    return { kind: 'accepted' };
  }

  #windDown(jobRunId: string): void {
    this.change(jobRunId, { state: 'CANCELLING' });
    this.#given.time.after(shutdownMs, () => {
      const { state } = this.#known(jobRunId);
      if (state === 'CANCELLING')
        this.change(jobRunId, { state: 'CANCELLED', endedAtMs: this.#given.time.now() });
    });
  }

  #known(jobRunId: string): ScriptedRun {
    const run = this.#runs.get(jobRunId);
    if (!run) throw new Error(`no event of the test made a run ${jobRunId}, and it was asked for`);
    return run;
  }

  /** It has no limits, and gives its workers no sizes. */
  limits(applicationId: string): Answer<CapacityLimits> {
    this.#knownApplication(applicationId, 'GetApplication');
    return this.#isDown() ? down : { ok: true, value: { sparkDefaults: {} } };
  }

  #knownApplication(applicationId: string, operation: string): void {
    if (this.#given.applicationIds.includes(applicationId)) return;
    throw new Error(`${operation} for application ${applicationId}, which no job of the test has`);
  }

  #isDown(): boolean {
    return this.#given.time.now() < this.#downUntilMs;
  }
}

const down: Failure = { ok: false, code: 'unavailable', message: 'the service is down (event service.down)' };

export function newRun(given: {
  readonly jobRunId: string;
  readonly request: LaunchRequest;
  readonly nowMs: number;
  readonly createdBy: string;
  readonly state?: JobRunState;
  readonly startedAtMs?: number;
}): ScriptedRun {
  const { jobRunId, request, nowMs, createdBy, state = 'SUBMITTED', startedAtMs } = given;
  return {
    jobRunId,
    applicationId: request.applicationId,
    name: request.name,
    state,
    stateDetails: '',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    ...(startedAtMs === undefined ? {} : { startedAtMs, attemptCreatedAtMs: startedAtMs }),
    attempt: 1,
    mode: request.mode,
    createdBy,
    tags: request.tags ?? {},
    request,
    failedAttempts: [],
  };
}
