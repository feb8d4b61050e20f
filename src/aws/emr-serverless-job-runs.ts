import {
  CancelJobRunCommand,
  type EMRServerlessClient,
  GetJobRunCommand,
  ListJobRunsCommand,
  StartJobRunCommand,
  type JobRunState as WireState,
} from '@aws-sdk/client-emr-serverless';
import type {
  Answer,
  CancelAnswer,
  JobRuns,
  ListFilter,
  ListPage,
  SendTerms,
  StartAnswer,
} from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import { type Watchable, watchAttempts } from './attempts.ts';
import { signedNotAfter, TooLateError } from './deadline.ts';
import { parseJobRun, parseListing } from './emr-serverless-answers.ts';
import {
  errorFacts,
  isDenial,
  isExpiredToken,
  isThrottle,
  malformed,
  sentence,
  toFailure,
} from './failures.ts';
import type { Permissions } from './permissions.ts';

// The service's largest page (API reference of ListJobRuns).
const pageRunsMax = 50;

// Protocol step 6. The functions' own time-outs are longer, so no call is left behind un-awaited.
const abortAfterMs = 10_000;

/**
 * EMR Serverless over the SDK. Answers are parsed at this door: one with a field missing is `malformed` and says
 * which. A start or cancel is only reported as not having happened when every attempt the SDK made was refused.
 */
export class EmrServerlessJobRuns implements JobRuns {
  readonly #client: EMRServerlessClient;
  readonly #abortAfterMs: number;

  constructor(client: EMRServerlessClient, options: { readonly abortAfterMs?: number } = {}) {
    this.#client = client;
    this.#abortAfterMs = options.abortAfterMs ?? abortAfterMs;
  }

  async get(applicationId: string, jobRunId: string, attempt?: number): Promise<Answer<JobRun>> {
    const which = { applicationId, jobRunId, ...(attempt === undefined ? {} : { attempt }) };
    try {
      return parseJobRun(await this.#client.send(new GetJobRunCommand(which)));
    } catch (error) {
      return toFailure(error);
    }
  }

  async list(applicationId: string, filter: ListFilter): Promise<Answer<ListPage>> {
    const command = new ListJobRunsCommand({
      applicationId,
      maxResults: pageRunsMax,
      ...(filter.states ? { states: filter.states as WireState[] } : {}),
      ...(filter.createdAtBeforeMs === undefined
        ? {}
        : { createdAtBefore: new Date(filter.createdAtBeforeMs) }),
      ...(filter.createdAtAfterMs === undefined ? {} : { createdAtAfter: new Date(filter.createdAtAfterMs) }),
      ...(filter.nextToken === undefined ? {} : { nextToken: filter.nextToken }),
    });
    const attempts = watchAttempts(command);
    try {
      const listing = parseListing(await this.#client.send(command));
      if (!listing.ok) return listing;
      if (attempts.dateMs === undefined) return malformed('ListJobRuns: the answer has no Date header');
      return { ok: true, value: { ...listing.value, dateMs: attempts.dateMs } };
    } catch (error) {
      return toFailure(error);
    }
  }

  async start(request: LaunchRequest, send: SendTerms): Promise<StartAnswer> {
    const { name, ...rest } = request;
    // A run that a person started may have no name, and the service takes none that is empty.
    const input = { ...rest, ...(name === '' ? {} : { name }), clientToken: send.clientToken };
    const command = new StartJobRunCommand(input as ConstructorParameters<typeof StartJobRunCommand>[0]);
    const outcome = await this.#send(command, send.notAfterMs, startRefusal, (signal) =>
      this.#client.send(command, { abortSignal: signal }),
    );
    if (outcome.kind !== 'accepted') return outcome;
    const { jobRunId } = outcome.value;
    if (!jobRunId) return { kind: 'ambiguous', message: 'StartJobRun: the answer has no jobRunId' };
    return { kind: 'accepted', jobRunId };
  }

  async cancel(
    applicationId: string,
    jobRunId: string,
    terms: { graceSeconds: number; notAfterMs: number },
  ): Promise<CancelAnswer> {
    const command = new CancelJobRunCommand({
      applicationId,
      jobRunId,
      shutdownGracePeriodInSeconds: terms.graceSeconds,
    });
    const outcome = await this.#send(command, terms.notAfterMs, cancelRefusal, (signal) =>
      this.#client.send(command, { abortSignal: signal }),
    );
    return outcome.kind === 'accepted' ? { kind: 'accepted' } : outcome;
  }

  async #send<Output>(
    command: Watchable,
    notAfterMs: number,
    refusalOf: (error: unknown) => Refusal | undefined,
    call: (signal: AbortSignal) => Promise<Output>,
  ): Promise<{ readonly kind: 'accepted'; readonly value: Output } | NotAccepted> {
    const attempts = watchAttempts(command, {
      beforeSend: signedNotAfter(notAfterMs),
      isRefusal: (error) => refusalOf(error) !== undefined,
    });
    try {
      return { kind: 'accepted', value: await call(AbortSignal.timeout(this.#abortAfterMs)) };
    } catch (error) {
      const message = sentence(errorFacts(error));
      // An earlier attempt may have been accepted, whatever the last one was told.
      if (attempts.unclear > 0) return { kind: 'ambiguous', message };
      if (error instanceof TooLateError) return { kind: 'too-late' };
      // No attempt left this machine (no credentials, say), or all that left were refused.
      return refusalOf(error) ?? { kind: 'not-now', message };
    }
  }
}

type NotAccepted = Exclude<StartAnswer, { kind: 'accepted' }>;
type Refusal = Exclude<NotAccepted, { kind: 'ambiguous' }>;

/** What an error proves: the service did nothing. Anything that is not surely so is `undefined`. */
function startRefusal(error: unknown): Refusal | undefined {
  if (errorFacts(error).name === 'ConflictException')
    return { kind: 'not-now', message: sentence(errorFacts(error)) };
  return refusal(error);
}

/** A cancel of a run that has ended answers Validation or Conflict: sending it again would not help. */
function cancelRefusal(error: unknown): Refusal | undefined {
  const facts = errorFacts(error);
  if (facts.name === 'ConflictException')
    return { kind: 'refused', code: facts.name, message: facts.message };
  return refusal(error);
}

function refusal(error: unknown): Refusal | undefined {
  const facts = errorFacts(error);
  if (facts.status === undefined) return undefined;
  const message = sentence(facts);
  if (/signature expired/i.test(facts.message)) return { kind: 'too-late' };
  // Our clock is ahead; the SDK corrects it from this very answer.
  if (/signature not yet current/i.test(facts.message)) return { kind: 'not-now', message };
  if (isThrottle(facts) || isExpiredToken(facts)) return { kind: 'not-now', message };
  if (facts.name === 'ServiceQuotaExceededException') return { kind: 'not-now', message };
  if (facts.name === 'ValidationException' || facts.name === 'ResourceNotFoundException' || isDenial(facts)) {
    return { kind: 'refused', code: facts.name, message: facts.message };
  }
  return undefined;
}

export const jobRunPermissions: Permissions = {
  title: 'read job runs; start, tag and cancel them with the job roles of the parameter LaunchRoleArns',
  actions: ['emr-serverless:GetJobRun', 'emr-serverless:ListJobRuns'],
  acts: [
    'emr-serverless:StartJobRun',
    'emr-serverless:CancelJobRun',
    // A start carries tags and a role, and each of the two is a right of its own.
    'emr-serverless:TagResource',
    'iam:PassRole',
  ],
};
