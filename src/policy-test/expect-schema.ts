import * as z from 'zod';
import { duration, nameSchema, sparkSize, workerCores } from '../policy/scalars.ts';
import {
  classNames,
  decidedActions,
  decisionKinds,
  modes,
  noticeEvents,
  reasonNames,
  ruleNames,
  stateNames,
  withholdingNames,
  writeNames,
} from './vocabulary.ts';

const contains = z.array(z.string().min(1).max(1_000)).min(1).max(50);

/** Between two durations, either of which may be left out. */
const bounds = z.strictObject({
  atLeast: duration('0s', '30d').optional().describe('Not less than this.'),
  atMost: duration('0s', '30d').optional().describe('Not more than this.'),
});

const patchSchema = z.strictObject({
  driverCores: workerCores.optional().describe('Cores of the driver.'),
  driverMemory: sparkSize.optional().describe('Spark memory of the driver; `24g` is `24576m`.'),
  driverDisk: sparkSize.optional().describe('Disk of the driver.'),
  executorCores: workerCores.optional().describe('Cores of an executor.'),
  executorMemory: sparkSize.optional().describe('Spark memory of an executor.'),
  executorDisk: sparkSize.optional().describe('Disk of an executor.'),
});

const decisionShape = {
  kind: z.enum(decisionKinds).optional().describe('What was decided.'),
  action: z
    .enum(decidedActions)
    .optional()
    .describe('The action of the policy that the command belongs to: starts and cancels are `restart`.'),
  reason: z.enum(reasonNames).optional().describe('Why.'),
  class: z.enum(classNames).optional().describe('Class of the failure that it answers.'),
  rule: z.enum(ruleNames).optional().describe('The rule that decided.'),
  mode: z
    .enum(modes)
    .optional()
    .describe('How far it goes: `act` sends the command, `suggest` asks, `observe` only records it.'),
  withheld: z.enum(withholdingNames).optional().describe('What holds the command back.'),
  window: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Name of the window of the guardrails that holds it back.'),
};

const decisionSchema = z.strictObject({
  ...decisionShape,
  afterDelay: bounds.optional().describe('Backoff before the start.'),
  patch: patchSchema.optional().describe('Sizes that the start asks for anew.'),
  why: z
    .strictObject({ contains: contains.describe('Texts that have to stand there.') })
    .optional()
    .describe('What `checkpilot explain` says of the decision.'),
});

const writesSchema = z.strictObject(
  Object.fromEntries(
    writeNames.map((name) => [name, z.int().min(0).max(100_000).optional().describe(`Calls of ${name}.`)]),
  ) as Record<(typeof writeNames)[number], z.ZodOptional<z.ZodInt>>,
);

const notificationsSchema = z.strictObject({
  event: z.enum(noticeEvents).optional().describe('Kind of the notice.'),
  severity: z.enum(['info', 'warning', 'critical']).optional().describe('How loud it is.'),
  class: z.enum(classNames).optional().describe('Class of the failure that it tells of.'),
  reason: z.enum(reasonNames).optional().describe('Reason that it tells.'),
  contains: contains.optional().describe('Texts that stand in it.'),
  receivers: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(50)
    .optional()
    .describe('Each of these was told at least one of them; `log` where the policy names nobody.'),
  count: z
    .int()
    .min(0)
    .max(100_000)
    .optional()
    .describe('How many, exactly; at least one when left out. 0: nobody is told.'),
});

const nextSchema = z.strictObject({
  contains: contains.optional().describe('Texts that stand in the column NEXT of `checkpilot status`.'),
  in: bounds.optional().describe('Time until then.'),
});

const statusSchema = z.strictObject({
  state: z.enum(stateNames).optional().describe('As `checkpilot status` prints it.'),
  streak: z.int().min(0).max(1_000).optional().describe('Starts in a row without a committed batch.'),
  budgetUsed: z
    .strictObject({
      perHour: z.int().min(0).max(10_000).optional().describe('In the last hour.'),
      perDay: z.int().min(0).max(10_000).optional().describe('In the last day.'),
    })
    .optional()
    .describe('Restarts charged.'),
  parked: z
    .enum([...reasonNames, 'none'])
    .optional()
    .describe('Why the job is parked, or `none`.'),
  desired: z.enum(['running', 'stopped']).optional().describe('What people want of it.'),
  incident: z
    .enum([...classNames, 'none'])
    .optional()
    .describe('Class of the open incident, or `none`.'),
});

export const expectationSchema = z.strictObject({
  at: duration('0s', '30d').optional().describe('The step that begins then.'),
  from: duration('0s', '30d').optional().describe('From this step on; with `to`.'),
  to: duration('0s', '30d').optional().describe('Up to this step, which still counts.'),
  job: nameSchema.optional().describe('Which job of a `fleet`; one of them is enough when left out.'),
  decision: decisionSchema
    .optional()
    .describe('A decision of that step, or the last one before it; what is left out may be anything.'),
  never: z
    .strictObject(decisionShape)
    .optional()
    .describe('No decision is like this: the keys of `decision`, up to `withheld`.'),
  writes: writesSchema
    .optional()
    .describe('Calls that changed something since the start, or from `from` to `to`; or `none`.'),
  notifications: notificationsSchema
    .optional()
    .describe('What people were told since the start, or from `from` to `to`.'),
  next: nextSchema.optional().describe('What comes next, at the end of the step.'),
  status: statusSchema.optional().describe('How the job stands at the end of the step.'),
});

export type Expectation = z.output<typeof expectationSchema>;
export type DecisionExpectation = NonNullable<Expectation['decision']>;
export type NoticeExpectation = NonNullable<Expectation['notifications']>;
export type StatusExpectation = NonNullable<Expectation['status']>;
export type NextExpectation = NonNullable<Expectation['next']>;
/** Parts of an expectation that say something. */
export const expectationParts = ['decision', 'never', 'writes', 'notifications', 'next', 'status'] as const;
