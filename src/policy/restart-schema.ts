import * as z from 'zod';
import { type ClassAction, type FailureClass, failureClasses } from '../core/failure/taxonomy.ts';
import { duration, sparkSize } from './scalars.ts';

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

const growSchema = z
  .strictObject({
    driver: z
      .strictObject({
        max: sparkSize.describe('Most Spark memory that a step gives the driver; 54g when left out.'),
      })
      .optional(),
    executor: z
      .strictObject({
        max: sparkSize.describe('Most Spark memory that a step gives an executor; 54g when left out.'),
      })
      .optional(),
  })
  .describe(
    'Spark memory that a size step must not exceed; what an earlier one gave above it is taken back.',
  );

const classBackoffSchema = z.strictObject({
  initial: duration('1s', '1h').optional().describe('Longest wait before the first restart.'),
  factor: z.number().min(1).max(10).optional().describe('Each wait may be this many times the one before.'),
  max: duration('1s', '24h').optional().describe('Longest wait of all.'),
});

const noneOfClass = 'a class that is never to be restarted: action: stop-and-page';

export const classBudgetSchema = z.strictObject({
  perHour: z
    .int()
    .min(1)
    .max(100)
    .meta({ hint: noneOfClass })
    .optional()
    .describe('New runs for this class in any 60 minutes.'),
  perDay: z
    .int()
    .min(1)
    .max(1000)
    .meta({ hint: noneOfClass })
    .optional()
    .describe('New runs for this class in any 24 hours.'),
});

const classShape = {
  action: z.enum(classActions).optional().describe("What to do. Default: the class's own action."),
  streak: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('Restarts without progress before a person is called; 0 calls one at once.'),
  grow: growSchema.optional(),
  severity: z
    .enum(['info', 'warning', 'critical'])
    .optional()
    .describe('How loud people are told of it. Default: `warning` for a restart, `critical` for a stop.'),
  backoff: classBackoffSchema
    .optional()
    .describe('The wait before a restart, where it differs from `restart.backoff`.'),
  budget: classBudgetSchema
    .optional()
    .describe('Hard cap on the runs that answer this class, besides `restart.budget` of the job.'),
};
const classSchema = z.strictObject(classShape).optional();

const waitingClassSchema = z
  .strictObject({
    ...classShape,
    every: duration('30s', '1h')
      .optional()
      .describe(
        'Only of capacity-unavailable: how often a job that waits looks for room, and the wait after a first refusal. Default: 2m.',
      ),
    page: duration('1m', '24h')
      .optional()
      .describe('Only of capacity-unavailable: from when on a person is called. Default: 30m.'),
  })
  .optional();

const classNames = Object.keys(failureClasses) as FailureClass[];
const classesShape = Object.fromEntries(
  classNames.map((name) => {
    const schema = name === 'capacity-unavailable' ? waitingClassSchema : classSchema;
    return [name, schema.describe(failureClasses[name].summary)];
  }),
) as Record<Exclude<FailureClass, 'capacity-unavailable'>, typeof classSchema> &
  Record<'capacity-unavailable', typeof waitingClassSchema>;

const noneOfJob = 'a job that is never to be started: actions: { restart: observe }';

export const budgetSchema = z.strictObject({
  perHour: z
    .int()
    .min(1)
    .max(100)
    .meta({ hint: noneOfJob })
    .default(3)
    .describe('New runs in any 60 minutes.'),
  perDay: z
    .int()
    .min(1)
    .max(1000)
    .meta({ hint: noneOfJob })
    .default(12)
    .describe('New runs in any 24 hours.'),
});

export const backoffSchema = z.strictObject({
  initial: duration('1s', '1h').prefault('30s').describe('Longest wait before the first restart.'),
  factor: z.number().min(1).max(10).default(2).describe('Each wait may be this many times the one before.'),
  max: duration('1s', '24h').prefault('10m').describe('Longest wait of all.'),
  jitter: z
    .literal('full')
    .default('full')
    .describe('The wait is drawn between nothing and the longest one, so that jobs do not start together.'),
});

const streakSchema = z.strictObject({
  withoutProgress: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Restarts in a row without a newly committed batch before the job is parked.'),
});

export const restartSchema = z.strictObject({
  launchFrom: z
    .enum(['lastRun', 'spec'])
    .default('lastRun')
    .describe('`lastRun` copies the last run that committed a batch; `spec` starts `launch.spec`.'),
  nativeRetries: z
    .int()
    .min(1)
    .max(10)
    .meta({
      hint: 'the service takes 1 to 10 failed attempts an hour (retryPolicy.maxFailedAttemptsPerHour)',
    })
    .default(3)
    .describe("The service's own failed attempts an hour inside one run; 1 is no retry of its own."),
  budget: budgetSchema
    .prefault({})
    .describe('Hard cap on the runs that Checkpilot starts to repair the job, in rolling windows.'),
  streak: streakSchema.prefault({}).describe('What stops a loop although budget is left.'),
  backoff: backoffSchema.prefault({}).describe('The wait before each restart; a committed batch resets it.'),
  stableAfter: duration('1m', '24h')
    .prefault('20m')
    .describe('Committing this long after a restart closes the incident.'),
  // CancelJobRun takes 0 or 15 to 1800 seconds.
  gracePeriod: duration('15s', '1800s', true)
    .prefault('120s')
    .describe('Time that a run gets to end when Checkpilot cancels it; at least its longest usual batch.'),
  onBudgetExhausted: z
    .enum(['page', 'wait'])
    .default('page')
    .describe('`page` calls a person; `wait` says nothing until the window frees.'),
  classes: z
    .strictObject(classesShape)
    .default({})
    .describe('What differs for single failure classes. A class that is not listed has its own default.'),
});
