import * as z from 'zod';
import type { Answer, ListPage } from '../control/ports.ts';
import { redact } from '../core/failure/redact.ts';
import { type JobRun, toJobRunState } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import { malformed } from './failures.ts';

/** The answer of GetJobRun. Its `request` is what would start the run again. */
export function parseJobRun(raw: unknown): Answer<JobRun> {
  const parsed = getAnswer.safeParse(raw);
  if (!parsed.success) return faults('GetJobRun', parsed.error);
  const run = parsed.data.jobRun;
  return {
    ok: true,
    value: {
      jobRunId: run.jobRunId,
      applicationId: run.applicationId,
      name: run.name,
      state: toJobRunState(run.state),
      // Exceptions quote settings and addresses: secrets in them go no further than here.
      stateDetails: redact(run.stateDetails),
      createdAtMs: run.createdAt.getTime(),
      updatedAtMs: run.updatedAt.getTime(),
      createdBy: run.createdBy,
      tags: run.tags,
      request: requestOf(run),
      ...present('startedAtMs', run.startedAt?.getTime()),
      ...present('endedAtMs', run.endedAt?.getTime()),
      ...present('attempt', run.attempt),
      ...present('attemptCreatedAtMs', run.attemptCreatedAt?.getTime()),
      ...present('mode', run.mode),
      // 0 is how old releases spell "none".
      ...present(
        'executionTimeoutMs',
        run.executionTimeoutMinutes ? run.executionTimeoutMinutes * 60_000 : undefined,
      ),
      ...present('durationMs', scaled(run.totalExecutionDurationSeconds, 1000)),
    },
  };
}

/** One page of ListJobRuns, without its date. */
export function parseListing(raw: unknown): Answer<Omit<ListPage, 'dateMs'>> {
  const parsed = listAnswer.safeParse(raw);
  if (!parsed.success) return faults('ListJobRuns', parsed.error);
  const { jobRuns, nextToken } = parsed.data;
  const runs = jobRuns.map(({ id, name, state, createdAt, createdBy }) => ({
    jobRunId: id,
    name,
    state: toJobRunState(state),
    createdAtMs: createdAt.getTime(),
    createdBy,
  }));
  return { ok: true, value: { runs, ...(nextToken ? { nextToken } : {}) } };
}

const id = z.string().min(1);

// Loose where the content is a person's: a restart must not lose what Checkpilot does not know.
const getAnswer = z.object({
  jobRun: z.object({
    jobRunId: id,
    applicationId: id,
    name: z.string().default(''),
    state: id,
    stateDetails: z.string().default(''),
    createdAt: z.date(),
    updatedAt: z.date(),
    startedAt: z.date().optional(),
    endedAt: z.date().optional(),
    createdBy: z.string(),
    executionRole: id,
    executionIamPolicy: z.unknown().optional(),
    jobDriver: z.looseObject({
      sparkSubmit: z.looseObject({
        entryPoint: id,
        entryPointArguments: z.array(z.string()).optional(),
        sparkSubmitParameters: z.string().optional(),
      }),
    }),
    configurationOverrides: z.unknown().optional(),
    retryPolicy: z
      .looseObject({ maxAttempts: z.number().optional(), maxFailedAttemptsPerHour: z.number().optional() })
      .optional(),
    tags: z.record(z.string(), z.string()).default({}),
    mode: z.string().optional(),
    attempt: z.number().optional(),
    attemptCreatedAt: z.date().optional(),
    executionTimeoutMinutes: z.number().optional(),
    totalExecutionDurationSeconds: z.number().optional(),
  }),
});

const listAnswer = z.object({
  jobRuns: z.array(
    z.object({ id, name: z.string().default(''), state: id, createdAt: z.date(), createdBy: z.string() }),
  ),
  nextToken: z.string().optional(),
});

type WireRun = z.infer<typeof getAnswer>['jobRun'];

function requestOf(run: WireRun): LaunchRequest {
  const isStreaming = run.mode === 'STREAMING';
  const { maxAttempts, ...streamingRetries } = run.retryPolicy ?? {};
  // Starting a streaming run refuses two fields that reading one shows: the time-out and maxAttempts.
  const retryPolicy = isStreaming ? streamingRetries : run.retryPolicy;
  const request = {
    applicationId: run.applicationId,
    executionRoleArn: run.executionRole,
    name: run.name,
    mode: isStreaming ? ('STREAMING' as const) : ('BATCH' as const),
    jobDriver: run.jobDriver,
    ...present('configurationOverrides', run.configurationOverrides),
    ...present('executionIamPolicy', run.executionIamPolicy),
    ...present('retryPolicy', retryPolicy && Object.keys(retryPolicy).length > 0 ? retryPolicy : undefined),
    ...present('executionTimeoutMinutes', isStreaming ? undefined : run.executionTimeoutMinutes),
    tags: run.tags,
  };
  // zod types an optional field as possibly `undefined`; the parsed value has the key or has it not.
  return request as LaunchRequest;
}

function present<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function faults(operation: string, error: z.ZodError) {
  const said = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return malformed(`${operation}: ${said.join('; ')}`);
}
