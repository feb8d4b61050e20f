import * as z from 'zod';
import { type ClassAction, type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';
import { launchSchema } from './launch-schema.ts';
import { duration, id, looseText, nameSchema, s3Location, sparkSize, workerCores } from './scalars.ts';

const modeSchema = z.enum(['observe', 'suggest', 'act']);

const matchSchema = z.strictObject({
  application: z.strictObject({
    // Only the id for now: looking a name up needs a call to the service.
    id: id(/^[0-9a-z]{1,64}$/, 'the id of an EMR Serverless application'),
  }),
  jobName: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Glob: `*` is any text. Default: the name of the job.'),
  tags: z.record(z.string(), looseText).default({}),
});

/** Flat, with exactly one key: checks.ts sees to that, because a union would report one mistake twice. */
const sourceSchema = z.strictObject({
  kinesis: z.strictObject({ stream: z.string().min(1), consumer: z.string().min(1).optional() }).optional(),
  msk: z
    .strictObject({
      clusterArn: z
        .string()
        .regex(/^arn:aws[a-z-]*:kafka:/)
        .meta({ expects: 'the ARN of an MSK cluster' }),
      topics: z.array(z.string().min(1)).min(1),
      groupId: z.string().min(1).optional(),
    })
    .optional(),
  kafka: z
    .strictObject({ bootstrapServers: z.string().min(1), topics: z.array(z.string().min(1)).min(1) })
    .optional(),
});

const checkpointSchema = z.strictObject({
  location: s3Location.optional(),
  // One lock each, all taken in one transaction with the start; eight keep that transaction small.
  locations: z.array(s3Location).min(1).max(8).optional(),
  verify: z.enum(['beforeRestart']).default('beforeRestart'),
});

const actionsSchema = z.strictObject({
  restart: modeSchema.optional(),
  scaleUp: modeSchema.optional(),
  scaleDown: modeSchema.optional(),
  reshard: modeSchema.optional(),
  extendRetention: modeSchema.optional(),
  upgrade: modeSchema.optional(),
});

const classActions = [
  'restart',
  'restart-with-backoff',
  'restart-with-more-memory',
  'restart-with-more-disk',
  'wait-for-capacity',
  'stop-and-page',
  'stop-and-page-data-risk',
  'ignore',
] as const satisfies readonly ClassAction[];

const growSchema = z.strictObject({
  driver: z.strictObject({ max: sparkSize }).optional(),
  executor: z.strictObject({ max: sparkSize }).optional(),
});

const classSchema = z
  .strictObject({
    action: z.enum(classActions).optional(),
    streak: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Restarts without progress; 0 calls a person at once.'),
    grow: growSchema.optional(),
    severity: z.enum(['info', 'warning', 'critical']).optional(),
  })
  .optional();

const classNames = Object.keys(failureClasses) as FailureClass[];
const classesShape = Object.fromEntries(classNames.map((name) => [name, classSchema])) as Record<
  FailureClass,
  typeof classSchema
>;

const budgetSchema = z.strictObject({
  perHour: z.int().min(1).max(100).default(3),
  perDay: z.int().min(1).max(1000).default(12),
});

const backoffSchema = z.strictObject({
  initial: duration('1s', '1h').prefault('30s'),
  factor: z.number().min(1).max(10).default(2),
  max: duration('1s', '24h').prefault('10m'),
  jitter: z.literal('full').default('full'),
});

const restartSchema = z.strictObject({
  launchFrom: z.enum(['lastRun', 'spec']).default('lastRun'),
  nativeRetries: z
    .int()
    .min(1)
    .max(10)
    .meta({
      hint: 'the service takes 1 to 10 failed attempts an hour (retryPolicy.maxFailedAttemptsPerHour)',
    })
    .default(3),
  budget: budgetSchema.prefault({}),
  streak: z.strictObject({ withoutProgress: z.int().min(1).max(100).default(3) }).prefault({}),
  backoff: backoffSchema.prefault({}),
  stableAfter: duration('1m', '24h').prefault('20m'),
  // CancelJobRun takes 0 or 15 to 1800 seconds.
  gracePeriod: duration('15s', '1800s', true).prefault('120s'),
  onBudgetExhausted: z.enum(['page', 'wait']).default('page'),
  classes: z.strictObject(classesShape).default({}),
});

const executorsSchema = z.strictObject({
  min: z.int().min(0).max(10_000).default(1),
  max: z.int().min(1).max(10_000).default(64),
  cores: workerCores
    .default(4)
    .describe('Cores of an executor, unless launch.spec.executor.cores says otherwise.'),
});

/** One job. Required values may come from `defaults`: what is missing is only known after merging. */
export const jobSchema = z.strictObject({
  description: z.string().optional(),
  match: matchSchema.meta({ hint: 'say which runs are this job\'s: match: { application: { id: "…" } }' }),
  source: sourceSchema.optional(),
  checkpoint: checkpointSchema.meta({
    hint: 'say where it keeps its state: checkpoint: { location: s3://… }',
  }),
  mode: modeSchema.default('observe'),
  actions: actionsSchema.default({}).describe('The mode of single actions, where it differs from `mode`.'),
  tier: z.literal([1, 2, 3]).default(2).describe('Order of recovery.'),
  restart: restartSchema.prefault({}),
  scaling: z.strictObject({ executors: executorsSchema.prefault({}) }).prefault({}),
  launch: launchSchema.optional(),
});

const metadataSchema = z.strictObject({
  name: nameSchema,
  accountId: id(/^\d{12}$/, 'an account id of 12 digits'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .meta({ expects: 'an AWS Region', hint: 'for example us-east-1' }),
  owner: z.string().min(1),
  runbooks: z.url({ protocol: /^https?$/ }).optional(),
});

/** Of the service's 1 start a second, burst 25: what is left over is for people. */
const paceSchema = z.strictObject({
  perSecond: z.number().gt(0).max(1).default(0.9),
  burst: z.int().min(1).max(25).default(20),
});

const guardrailsSchema = z.strictObject({
  fleet: z.strictObject({ pace: paceSchema.prefault({}) }).prefault({}),
});

/** One file; several files share metadata, defaults and guardrails, so each of these is optional here. */
export const policyFileSchema = z.strictObject({
  apiVersion: z
    .literal('checkpilot/v1')
    .meta({ hint: 'the first line of a policy: apiVersion: checkpilot/v1' }),
  kind: z.literal('Policy').meta({ hint: 'kind: Policy' }),
  metadata: metadataSchema.optional(),
  defaults: jobSchema.optional(),
  // Names are checked in checks.ts: a record does not look at the value of a key that it refuses.
  jobs: z.record(z.string(), jobSchema).optional(),
  guardrails: guardrailsSchema.optional(),
});

/** The parts that checks.ts reads alone, so that a fault elsewhere in the job hides nothing. */
export const parts = {
  name: nameSchema,
  match: matchSchema,
  budget: budgetSchema,
  backoff: backoffSchema,
  executors: executorsSchema,
  metadata: metadataSchema,
  guardrails: guardrailsSchema,
  launchFrom: restartSchema.shape.launchFrom,
};

/** A merged job: every default filled in, every duration in milliseconds. */
export type PolicyJob = z.output<typeof jobSchema>;
export type PolicyMetadata = z.output<typeof metadataSchema>;
export type PolicyGuardrails = z.output<typeof guardrailsSchema>;
