import * as z from 'zod';
import { type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';
import { guardrailsSchema } from './guardrails-schema.ts';
import { launchSchema } from './launch-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { backoffSchema, budgetSchema, classBudgetSchema, restartSchema } from './restart-schema.ts';
import { duration, id, looseText, nameSchema, regionName, s3Location, workerCores } from './scalars.ts';
import { retentionSchema, sourceSchema } from './source-schema.ts';

const modeSchema = z.enum(['observe', 'suggest', 'act']);

const matchSchema = z.strictObject({
  application: z
    .strictObject({
      // Only the id for now: looking a name up needs a call to the service.
      id: id(/^[0-9a-z]{1,64}$/, 'the id of an EMR Serverless application')
        .meta({ hint: 'application ids look like "00f1cbsc6anuij25": aws emr-serverless list-applications' })
        .describe('Id of the EMR Serverless application. Write it in quotes.'),
    })
    .describe('The application that the runs belong to.'),
  jobName: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Glob over the name of the run: `*` is any text. Default: the name of the job.'),
  tags: z.record(z.string(), looseText).default({}).describe('Tags that a run must have, all of them.'),
});

const checkpointSchema = z.strictObject({
  location: s3Location.optional().describe('Checkpoint location of a job with one query.'),
  // One lock each, all taken in one transaction with the start; eight keep that transaction small.
  locations: z
    .array(s3Location)
    .min(1)
    .max(8)
    .optional()
    .describe('Checkpoint locations of a job with several queries, one each.'),
  verify: z
    .enum(['beforeRestart'])
    .default('beforeRestart')
    .describe('The checkpoint is looked at before each restart.'),
});

const actionsSchema = z.strictObject({
  restart: modeSchema.optional().describe('Starting runs, and cancelling our own.'),
  scaleUp: modeSchema.optional().describe('More executors; no effect yet.'),
  scaleDown: modeSchema.optional().describe('Fewer executors; no effect yet.'),
  reshard: modeSchema.optional().describe('Changing the number of shards; no effect yet.'),
  extendRetention: modeSchema.optional().describe('Making the retention of a stream longer.'),
  upgrade: modeSchema.optional().describe('Moving to a new version of the job; no effect yet.'),
});

const alarmsSchema = z.strictObject({
  names: z
    .array(z.string().min(1).max(255))
    .max(50)
    .default([])
    .describe('Globs over the names of CloudWatch alarms: a change of such an alarm wakes the job.'),
  managed: z
    .boolean()
    .default(false)
    .describe(
      'Whether `apply` makes alarms for the job and keeps them; they cost money, see docs/alarms.md.',
    ),
});

const stallSchema = z.strictObject({
  after: duration('1m', '7d')
    .prefault('15m')
    .describe(
      'A batch that is planned and not committed for this long, and for three times what batches of this job take, is a stall.',
    ),
  action: z
    .enum(['restart', 'page'])
    .default('restart')
    .describe('`restart` cancels and starts again once, then a person is called; `page` calls one at once.'),
});

/** A cancel and a time-out are told by the state of the run, not by its text. */
const byText = (Object.keys(failureClasses) as FailureClass[]).filter(
  (name) => name !== 'cancelled' && name !== 'execution-timeout',
);

const classifierSchema = z.strictObject({
  class: z.enum(byText).describe('The class that such a failure has.'),
  match: z
    .strictObject({
      log: z
        .string()
        .transform((text) => text.replace(/\s+/g, ' ').trim())
        .pipe(z.string().min(4).max(300))
        .describe(
          'Text in a record of the log or in the state details; blanks count as one, letters exactly.',
        ),
    })
    .describe('How such a failure is known.'),
});

const executorsSchema = z.strictObject({
  min: z
    .int()
    .min(0)
    .max(10_000)
    .default(1)
    .describe('Fewest executors; 0 leaves the driver alone when idle.'),
  max: z.int().min(1).max(10_000).default(64).describe('Most executors.'),
  cores: workerCores
    .default(4)
    .describe('Cores of an executor, unless `launch.spec.executor.cores` says otherwise.'),
});

/** One job. Required values may come from `defaults`: what is missing is only known after merging. */
export const jobSchema = z.strictObject({
  description: z.string().optional().describe('A sentence for people.'),
  owner: nameSchema
    .optional()
    .describe('Who answers for the job, for `guardrails.budgets.owner`. Default: the owner of the policy.'),
  renamedFrom: nameSchema
    .optional()
    .describe('The name that this job had in the policy in force, so that its history stays its own.'),
  match: matchSchema
    .meta({ hint: 'say which runs are this job\'s: match: { application: { id: "…" } }' })
    .describe('Which job runs are runs of this job.'),
  source: sourceSchema
    .optional()
    .describe('What the job reads: exactly one of `kinesis`, `msk` and `kafka`.'),
  checkpoint: checkpointSchema
    .meta({ hint: 'say where it keeps its state: checkpoint: { location: s3://… }' })
    .describe('Where the job keeps its state. Two jobs on one checkpoint are an error.'),
  mode: modeSchema
    .default('observe')
    .describe('How far Checkpilot may go: `observe` records, `suggest` asks a person, `act` acts.'),
  actions: actionsSchema.default({}).describe('The mode of single actions, where it differs from `mode`.'),
  tier: z.literal([1, 2, 3]).default(2).describe('Order of recovery: 1 comes first.'),
  restart: restartSchema.prefault({}).describe('When and how often a failed job is started again.'),
  scaling: z
    .strictObject({
      executors: executorsSchema.prefault({}).describe('Bounds of dynamic allocation, fixed at each start.'),
    })
    .prefault({})
    .describe('How large the job may be.'),
  classifiers: z
    .array(classifierSchema)
    .max(50)
    .default([])
    .describe(
      "Failure texts of the job's own code, in order; the first that fits wins over the built-in rules, except where those see data in danger.",
    ),
  stall: stallSchema.prefault({}).describe('When a run that is RUNNING stands still, and what then.'),
  retention: retentionSchema
    .prefault({})
    .describe('The data-loss clock: when unread records are in danger, and what is done to gain time.'),
  alarms: alarmsSchema
    .prefault({})
    .describe('Which alarms wake the job, besides those that name it by tag or dimension.'),
  launch: launchSchema.optional().describe('What to start where there is no earlier run to copy.'),
});

const metadataSchema = z.strictObject({
  name: nameSchema.describe('Name of the policy. It stands in every message.'),
  accountId: id(/^\d{12}$/, 'an account id of 12 digits')
    .meta({ hint: 'in quotes and without dashes: "111122223333"' })
    .describe('The account of the jobs; any other is refused. Write it in quotes.'),
  region: regionName.describe('The Region of the jobs; any other is refused.'),
  owner: z.string().min(1).describe('Who answers for these jobs.'),
  runbooks: z
    .url({ protocol: /^https?$/ })
    .meta({ expects: 'a URL', hint: 'for example https://wiki.example.com/runbooks/' })
    .optional()
    .describe('Where people find out what to do.'),
});

/** One file; several files share metadata, defaults and guardrails, so each of these is optional here. */
export const policyFileSchema = z.strictObject({
  apiVersion: z
    .literal('checkpilot/v1')
    .meta({ hint: 'the first line of a policy: apiVersion: checkpilot/v1' })
    .describe('Version of this format.'),
  kind: z
    .literal('Policy')
    .meta({ hint: 'kind: Policy; a file of kind PolicyTest is run by: checkpilot test FILE' })
    .describe('What the file is.'),
  metadata: metadataSchema.optional().describe('Whose policy it is. In exactly one file.'),
  defaults: jobSchema.optional().describe('Laid under every job: maps merge, lists replace, `null` unsets.'),
  // Names are checked in checks.ts: a record does not look at the value of a key that it refuses.
  jobs: z.record(z.string(), jobSchema).optional().describe('The jobs, keyed by name.'),
  guardrails: guardrailsSchema.optional().describe('What no job may exceed. In at most one file.'),
  notifications: notificationsSchema
    .optional()
    .describe(
      'Who is told what happens. In at most one file; without it, notices are in the log of `notify`.',
    ),
});

/** The parts that checks.ts reads alone, so that a fault elsewhere in the job hides nothing. */
export const parts = {
  name: nameSchema,
  match: matchSchema,
  budget: budgetSchema,
  backoff: backoffSchema,
  classBudget: classBudgetSchema,
  executors: executorsSchema,
  metadata: metadataSchema,
  guardrails: guardrailsSchema,
  notifications: notificationsSchema.optional(),
  launchFrom: restartSchema.shape.launchFrom,
  nativeRetries: restartSchema.shape.nativeRetries,
};

/** A merged job: every default filled in, every duration in milliseconds. */
export type PolicyJob = z.output<typeof jobSchema>;
export type PolicyMetadata = z.output<typeof metadataSchema>;
export type PolicyGuardrails = z.output<typeof guardrailsSchema>;
