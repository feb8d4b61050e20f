import * as z from 'zod';
import { duration, looseText, nameSchema, sparkSize, workerCores } from '../policy/scalars.ts';
import { eventSchema } from './event-schema.ts';
import { expectationSchema } from './expect-schema.ts';
import { isoTime, pastOffset, seriesText } from './scalars.ts';
import { failingClasses, type SeriesName, seriesNames } from './vocabulary.ts';

const runSchema = z.strictObject({
  id: looseText.optional().describe('Id of the run, for messages.'),
  state: z
    .enum(['RUNNING', 'NONE'])
    .default('RUNNING')
    .describe('`RUNNING`, or `NONE` for a job that never ran. What becomes of it are events.'),
  startedAt: pastOffset.prefault('-1h').describe('When the run began to run, seen from the start.'),
  executors: z.int().min(0).max(10_000).optional().describe('Executors that it has; no effect yet.'),
  executorCores: workerCores.optional().describe('Cores of an executor.'),
  executorMemory: sparkSize.optional().describe('Spark memory of an executor.'),
  executorDisk: sparkSize.optional().describe('Disk of an executor.'),
  driverCores: workerCores.optional().describe('Cores of the driver.'),
  driverMemory: sparkSize.optional().describe('Spark memory of the driver.'),
  driverDisk: sparkSize.optional().describe('Disk of the driver.'),
});

const sourceSchema = z.strictObject({
  inputRate: z
    .number()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe('Records a second; without it, and without a series, nobody knows the input.'),
  shards: z.int().min(1).max(100_000).optional().describe('Open shards of the stream.'),
  retentionHours: z.int().min(1).max(8_760).optional().describe('Retention of the stream in hours.'),
  streamMode: z.enum(['PROVISIONED', 'ON_DEMAND']).optional().describe('Capacity mode of the stream.'),
});

const checkpointSchema = z.strictObject({
  lastCommittedBatch: z
    .int()
    .min(-1)
    .max(1_000_000_000)
    .default(1_000)
    .describe('Number of the last committed batch at the start; -1 where there is none.'),
  ageSeconds: z.number().min(0).max(31_536_000).default(20).describe('How old that batch is at the start.'),
  commitEvery: duration('1s', '24h')
    .optional()
    .describe(
      'While a run is RUNNING it commits a batch this often. Without it and without a series no batch is committed.',
    ),
});

const fixtureSchema = z.strictObject({
  job: nameSchema.describe('A job of the policies.'),
  run: runSchema
    .prefault({})
    .describe('Its run at the start. Sizes that are left out are those of the policy.'),
  source: sourceSchema.prefault({}).describe('What it reads.'),
  checkpoint: checkpointSchema.prefault({}).describe('How far it has come.'),
});

const seriesShape = Object.fromEntries(
  Object.entries(seriesNames).map(([name, { reads, text }]) => [
    name,
    seriesText.optional().describe(reads ? text : `${text} No effect yet.`),
  ]),
) as Record<SeriesName, z.ZodOptional<typeof seriesText>>;

const controlSchema = z.strictObject({
  killSwitch: z
    .literal([true, false, 'on', 'off'])
    .default(false)
    .describe('The kill switch, from the start.'),
  pause: z
    .strictObject({
      for: duration('1m', '30d').describe('How long, from the start.'),
      scope: z.enum(['job', 'fleet']).default('job').describe('What is paused.'),
    })
    .optional()
    .describe('A pause by a person.'),
});

const fleetSchema = z.strictObject({
  jobs: z
    .int()
    .min(2)
    .max(500)
    .describe('Copies of the job of the fixture, each with a checkpoint of its own.'),
  failing: z.int().min(1).max(500).describe('How many of them fail.'),
  within: duration('0s', '24h').prefault('5m').describe('The failures are spread evenly over this time.'),
  class: z.enum(failingClasses).describe('Class of all these failures.'),
});

const testSchema = z.strictObject({
  name: z.string().min(1).max(300).describe('A sentence: what should happen.'),
  fixture: nameSchema.optional().describe('The world at the start.'),
  series: z
    .strictObject(seriesShape)
    .prefault({})
    .describe('What sensors would measure, one sample a step. What has no series stays as in the fixture.'),
  events: z.array(eventSchema).max(1_000).default([]).describe('What happens, and when.'),
  control: controlSchema.prefault({}).describe('What people have set before the start.'),
  fleet: fleetSchema.optional().describe('Many jobs at once.'),
  expect: z.array(expectationSchema).max(1_000).default([]).describe('What has to be true; at least one.'),
});

/** A file of policy tests, as it is written. */
export const policyTestSchema = z.strictObject({
  apiVersion: z
    .literal('checkpilot/v1')
    .meta({ hint: 'the first line of the file: apiVersion: checkpilot/v1' })
    .describe('Version of this format.'),
  kind: z.literal('PolicyTest').meta({ hint: 'kind: PolicyTest' }).describe('What the file is.'),
  policies: z
    .array(z.string().min(1).max(1_000))
    .min(1)
    .max(100)
    .describe('Policy files under test, relative to this file; `*` is any text inside of one name.'),
  start: isoTime.describe('Time on the clock when a test begins.'),
  step: duration('1s', '1h')
    .prefault('1m')
    .describe('How often each job is looked at, besides all that the product itself arranges.'),
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(1)
    .describe('Seed of the jitter: the same seed draws the same waits.'),
  fixtures: z.record(z.string(), fixtureSchema).default({}).describe('Worlds to begin with, by name.'),
  tests: z.array(testSchema).min(1).max(1_000).describe('The tests, each in a world of its own.'),
});

export type PolicyTestDocument = z.output<typeof policyTestSchema>;
export type PolicyTestCase = z.output<typeof testSchema>;
export type Fixture = z.output<typeof fixtureSchema>;
export type FleetPlan = z.output<typeof fleetSchema>;
