import { ClientTokens } from './client-tokens.ts';
import { EmrEngine, type EmrEngineOptions } from './emr-engine.ts';
import { ACCOUNT, type EventFate, type EventListener, REGION, type ServiceEvent } from './emr-events.ts';
import { type ListJobRunsQuery, listJobRuns } from './emr-list.ts';
import { attemptSummaryOf, attemptsOf, jobRunOf, newRun, type Run } from './emr-run.ts';
import { checkStartRequest } from './emr-start-check.ts';
import {
  type Application,
  type Caller,
  type Configuration,
  isTerminal,
  type JobRun,
  type JobRunAttemptSummary,
  type JobRunSummary,
  ServiceError,
  type StartJobRunRequest,
  validationError,
} from './emr-types.ts';
import { Quotas } from './quotas.ts';
import { sparkJobOf } from './spark-request.ts';

export interface NewApplication {
  /** Drawn when left out. */
  applicationId?: string;
  name: string;
  releaseLabel: string;
  maximumCapacity?: Application['maximumCapacity'];
  /** Pre-initialised workers: executors are warm. */
  initialCapacity?: Record<string, unknown>;
  maxConcurrentRuns?: number;
  runtimeConfiguration?: Application['runtimeConfiguration'];
}

const ARN = `arn:aws:emr-serverless:${REGION}:${ACCOUNT}:/applications`;

/**
 * EMR Serverless: the operations that Checkpilot calls. Every one may throw a ServiceError: ThrottlingException,
 * InvalidSignatureException when the request was signed too long ago, and its own modelled errors.
 */
export class EmrServerless {
  readonly #given: EmrEngineOptions;
  readonly #engine: EmrEngine;
  readonly #quotas: Quotas;
  readonly #tokens: ClientTokens;
  readonly #applications = new Map<string, Application>();
  readonly #runs = new Map<string, Run>();

  constructor(options: EmrEngineOptions) {
    const { parameters, random, time } = options;
    this.#given = options;
    this.#engine = new EmrEngine(options);
    this.#quotas = new Quotas(time, parameters);
    const memorySeconds = random.between(parameters.tokenMemorySecondsMin, parameters.tokenMemorySecondsMax);
    this.#tokens = new ClientTokens(time, memorySeconds * 1000);
  }

  /** Set-up of a world, not an operation of the API: neither throttled nor journalled. */
  createApplication({ maxConcurrentRuns, ...given }: NewApplication): Application {
    const { parameters, random, time } = this.#given;
    const applicationId = given.applicationId ?? `00${random.letters(14)}`;
    const application: Application = {
      applicationId,
      name: given.name,
      arn: `${ARN}/${applicationId}`,
      releaseLabel: given.releaseLabel,
      type: 'Spark',
      state: 'STARTED',
      createdAt: time.now(),
      updatedAt: time.now(),
      schedulerConfiguration: {
        maxConcurrentRuns: maxConcurrentRuns ?? parameters.maxConcurrentRuns,
        queueTimeoutMinutes: parameters.queueTimeoutSeconds / 60,
      },
      ...(given.maximumCapacity === undefined ? {} : { maximumCapacity: given.maximumCapacity }),
      ...(given.initialCapacity === undefined ? {} : { initialCapacity: given.initialCapacity }),
      ...(given.runtimeConfiguration === undefined
        ? {}
        : { runtimeConfiguration: given.runtimeConfiguration }),
    };
    this.#applications.set(applicationId, application);
    return application;
  }

  /** A person changes what the application may hold; running work is left as it is. Not throttled, not journalled. */
  limitApplication(
    applicationId: string,
    limits: {
      readonly maximumCapacity?: Application['maximumCapacity'];
      readonly maxConcurrentRuns?: number;
    },
  ): void {
    const application = this.#application(applicationId);
    const { maximumCapacity, maxConcurrentRuns } = limits;
    if (maximumCapacity !== undefined) application.maximumCapacity = maximumCapacity;
    if (maxConcurrentRuns !== undefined)
      application.schedulerConfiguration.maxConcurrentRuns = maxConcurrentRuns;
    application.updatedAt = this.#given.time.now();
    this.#engine.admitWaiting(application);
  }

  /** A person changes what its next runs get where their request says nothing. Not throttled, not journalled. */
  configureApplication(applicationId: string, configuration: Configuration[]): void {
    const application = this.#application(applicationId);
    application.runtimeConfiguration = configuration;
    application.updatedAt = this.#given.time.now();
  }

  startJobRun(
    request: StartJobRunRequest,
    caller: Caller,
  ): { applicationId: string; jobRunId: string; arn: string } {
    this.#quotas.check('StartJobRun', caller);
    const application = this.#application(request.applicationId);
    checkStartRequest(request, application);
    const replayed = this.#runs.get(this.#tokens.replay(request) ?? '');
    if (replayed !== undefined) {
      this.#given.journal.write('start-replayed', replayed.subject, { clientToken: request.clientToken });
      return answerOf(replayed);
    }
    if (application.state !== 'STARTED') {
      throw new ServiceError(
        'ConflictException',
        409,
        `Application ${application.applicationId} is not started`,
      );
    }
    // A copy: what the caller does with its object afterwards is no business of the service.
    return answerOf(this.#accept(structuredClone(request), application, caller));
  }

  /** Absent grace: 120 s for a streaming run from emr-7.9.0 on, none otherwise. Ended runs stay as they are. */
  cancelJobRun(applicationId: string, jobRunId: string, caller: Caller, graceSeconds?: number): void {
    this.#quotas.check('CancelJobRun', caller);
    const run = this.#run(applicationId, jobRunId);
    if (graceSeconds !== undefined && graceSeconds !== 0 && (graceSeconds < 15 || graceSeconds > 1800)) {
      throw validationError('shutdownGracePeriodInSeconds must be 0 or between 15 and 1800');
    }
    if (!isTerminal(run.state) && run.state !== 'CANCELLING') {
      this.#given.journal.write('cancel-accepted', run.subject, { state: run.state, by: caller.arn });
    }
    this.#engine.cancel(run, this.#graceSeconds(run, graceSeconds));
  }

  getJobRun(applicationId: string, jobRunId: string, caller: Caller, attempt?: number): JobRun {
    this.#quotas.check('GetJobRun', caller);
    const run = this.#run(applicationId, jobRunId);
    const wanted =
      attempt === undefined ? run.attempt : attemptsOf(run).find(({ number }) => number === attempt);
    if (wanted === undefined) throw notFound(`Attempt ${attempt} of job run ${jobRunId} does not exist`);
    return jobRunOf(run, wanted, this.#given.time.now());
  }

  /** Newest first. A run is missing for its first seconds; one that is shown is shown as it is now. */
  listJobRuns(
    applicationId: string,
    query: ListJobRunsQuery,
    caller: Caller,
  ): { jobRuns: JobRunSummary[]; nextToken?: string } {
    this.#quotas.check('ListJobRuns', caller);
    this.#application(applicationId);
    const runs = [...this.#runs.values()].filter(
      ({ application }) => application.applicationId === applicationId,
    );
    return listJobRuns(runs, query, this.#given.time.now());
  }

  listJobRunAttempts(
    applicationId: string,
    jobRunId: string,
    caller: Caller,
  ): { jobRunAttempts: JobRunAttemptSummary[] } {
    this.#quotas.check('ListJobRunAttempts', caller);
    const run = this.#run(applicationId, jobRunId);
    const summaries = attemptsOf(run).map((attempt) => attemptSummaryOf(run, attempt));
    return { jobRunAttempts: summaries.reverse() };
  }

  getApplication(applicationId: string, caller: Caller): Application {
    this.#quotas.check('GetApplication', caller);
    return structuredClone(this.#application(applicationId));
  }

  listApplications(caller: Caller): Application[] {
    this.#quotas.check('ListApplications', caller);
    return structuredClone([...this.#applications.values()]);
  }

  onEvent(listener: EventListener): void {
    this.#given.events.onEvent(listener);
  }

  set eventFate(fate: ((event: ServiceEvent) => EventFate) | undefined) {
    this.#given.events.fate = fate;
  }

  #accept(request: StartJobRunRequest, application: Application, caller: Caller): Run {
    const { journal, parameters, random, time } = this.#given;
    const lag = random.logNormal({
      median: parameters.listLagSeconds.p50,
      p95: parameters.listLagSeconds.p95,
    });
    const run = newRun({
      application,
      request,
      jobRunId: `00${random.letters(14)}`,
      createdBy: caller.arn,
      nowMs: time.now(),
      listLagMs: Math.round(1000 * Math.min(lag, parameters.listLagSecondsMax)),
      job: sparkJobOf(request, parameters, application),
    });
    const cause = request.tags?.['checkpilot:cause'];
    journal.write('start-accepted', run.subject, {
      clientToken: request.clientToken,
      ...(cause === undefined ? {} : { cause }),
      by: caller.arn,
    });
    this.#watchForDoubleWriters(run);
    this.#runs.set(run.jobRunId, run);
    this.#tokens.remember(request, run.jobRunId);
    this.#engine.accept(run);
    return run;
  }

  /** Runs overlap from the acceptance of the later one, so that is where every overlap is seen, and once. */
  #watchForDoubleWriters(run: Run): void {
    for (const other of this.#runs.values()) {
      if (isTerminal(other.state)) continue;
      for (const checkpoint of run.job.checkpoints.filter((uri) => other.job.checkpoints.includes(uri))) {
        const subject = { ...run.subject, checkpoint };
        this.#given.journal.write('double-writer', subject, {
          otherJobRunId: other.jobRunId,
          otherJob: other.subject.job,
        });
      }
    }
  }

  #graceSeconds(run: Run, wanted: number | undefined): number {
    const [, major, minor] = run.application.releaseLabel.match(/^emr-(\d+)\.(\d+)/) ?? [];
    const knowsGrace = Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 9);
    if (!knowsGrace) return 0;
    return wanted ?? (run.mode === 'STREAMING' ? this.#given.parameters.cancelGraceSecondsDefault : 0);
  }

  #application(applicationId: string): Application {
    const application = this.#applications.get(applicationId);
    if (application === undefined) throw notFound(`Application ${applicationId} does not exist`);
    return application;
  }

  #run(applicationId: string, jobRunId: string): Run {
    const run = this.#runs.get(jobRunId);
    if (run === undefined || run.application.applicationId !== applicationId) {
      throw notFound(`Job run ${jobRunId} does not exist in application ${applicationId}`);
    }
    return run;
  }
}

function answerOf({ application, jobRunId, arn }: Run): {
  applicationId: string;
  jobRunId: string;
  arn: string;
} {
  return { applicationId: application.applicationId, jobRunId, arn };
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, message);
}
