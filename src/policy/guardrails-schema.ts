import * as z from 'zod';
import { approvalsSchema } from './approvals-schema.ts';
import { duration } from './scalars.ts';
import { windowsSchema } from './window-schema.ts';

/** Of the service's 1 start a second, burst 25: what is left over is for people. */
const paceSchema = z.strictObject({
  perSecond: z.number().gt(0).max(1).default(0.9).describe('Starts a second; the service takes 1.'),
  burst: z.int().min(1).max(25).default(20).describe('Starts at once; the service takes 25.'),
});

const correlatedSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether failures of one class at once are taken as one outage.'),
  percent: z.number().gt(0).max(100).default(10).describe('Of the jobs of an application, or of the fleet.'),
  atLeast: z.int().min(2).max(1000).default(3).describe('Fewer jobs than this are no outage.'),
  atMost: z
    .int()
    .min(2)
    .max(1000)
    .default(20)
    .describe('So many jobs are one, whatever the percentage says.'),
  within: duration('1m', '1h').prefault('5m').describe('Time in which they fail.'),
});

const voluntarySchema = z.strictObject({
  maxConcurrent: z.int().min(1).max(100).default(2).describe('Under way at once in the fleet.'),
  perApplication: z.int().min(1).max(100).default(1).describe('Under way at once in one application.'),
  max: z
    .strictObject({
      count: z.int().min(1).max(1000).default(6).describe('So many may begin'),
      within: duration('1m', '24h').prefault('10m').describe('… in any span of this length.'),
    })
    .prefault({})
    .describe('How many may begin in a while.'),
});

const pauseSchema = z.strictObject({
  maxDuration: duration('1m', '30d').prefault('24h').describe('Longest pause: each one ends by itself.'),
  requireReason: z.boolean().default(true).describe('Whether a pause needs a reason.'),
});

const noneAtAll = 'to hold all restarts back, write a window of effect deny, or pause';

const scopeBudgetSchema = z.strictObject({
  perHour: z
    .int()
    .min(1)
    .max(10_000)
    .meta({ hint: noneAtAll })
    .optional()
    .describe('Restarts in any 60 minutes.'),
  perDay: z
    .int()
    .min(1)
    .max(100_000)
    .meta({ hint: noneAtAll })
    .optional()
    .describe('Restarts in any 24 hours.'),
});

const budgetsSchema = z.strictObject({
  application: scopeBudgetSchema.optional().describe('Of all jobs of one application.'),
  owner: scopeBudgetSchema.optional().describe('Of all jobs of one owner.'),
  fleet: scopeBudgetSchema.optional().describe('Of all jobs of this policy.'),
});

export const guardrailsSchema = z.strictObject({
  budgets: budgetsSchema
    .optional()
    .describe('Restarts that jobs may take together, besides `restart.budget` of each of them.'),
  fleet: z
    .strictObject({
      pace: paceSchema.prefault({}).describe('How fast runs are started.'),
      correlated: correlatedSchema
        .prefault({})
        .describe(
          'When failures are one outage: then two jobs are tried first, and the others follow in waves.',
        ),
      voluntary: voluntarySchema
        .prefault({})
        .describe(
          'How many changes that nobody needs at once – refits and upgrades – are made together. Recovery is never held back by it.',
        ),
    })
    .prefault({})
    .describe('What holds for all jobs together.'),
  pause: pauseSchema.prefault({}).describe('How people may pause a job or the fleet.'),
  approvals: approvalsSchema.optional().describe('How people are asked in mode `suggest`.'),
  windows: windowsSchema
    .default([])
    .describe('Times in which actions are held back, or outside of which they are; see docs/guardrails.md.'),
});
