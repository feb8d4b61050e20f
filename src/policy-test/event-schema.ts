import * as z from 'zod';
import { duration, nameSchema } from '../policy/scalars.ts';
import { failingClasses } from './vocabulary.ts';

/** What the run or an attempt of it says of its end. At least one of class, message and log. */
const failureShape = {
  class: z
    .enum(failingClasses)
    .optional()
    .describe(
      'Class of the failure. Without `message` and `log` a text of it is made up; with them, the text is judged, and has to be of this class.',
    ),
  message: z.string().max(10_000).optional().describe('What the service says in `stateDetails`.'),
  log: z.string().max(100_000).optional().describe("The end of the driver's log."),
};

const runFailed = z.strictObject({
  ...failureShape,
  attempt: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe("Number of the service's own attempt that was the last one."),
});

const nothingMore = z.strictObject({});

/** The kinds of events, each a key of its own: exactly one stands in an event. */
export const eventKinds = {
  'run.failed': runFailed.optional().describe('The live run ends as FAILED.'),
  'run.succeeded': nothingMore.optional().describe('The live run ends as SUCCESS.'),
  'run.cancelled': nothingMore.optional().describe('A person cancels the live run in the console.'),
  'run.started': nothingMore.optional().describe('A person starts a run of the job by hand.'),
  'attempt.failed': z
    .strictObject(failureShape)
    .optional()
    .describe('An attempt fails, and the service tries the run again.'),
  'checkpoint.damaged': z
    .strictObject({
      message: z.string().max(1_000).default('the newest offset file is cut off').describe('What is wrong.'),
      path: z.string().max(1_000).default('offsets/latest').describe('Where.'),
    })
    .optional()
    .describe('From now on Spark would refuse the checkpoint.'),
  'positions.changed': z
    .strictObject({
      kind: z
        .enum(['skipped', 'went-back'])
        .describe('`skipped`: records are left out; `went-back`: they are read twice.'),
    })
    .optional()
    .describe('The first batch of the next run does not begin where the last one ended.'),
  'start.refused': z
    .strictObject({
      message: z.string().max(1_000).default('ValidationException').describe('What the service says.'),
    })
    .optional()
    .describe('The next StartJobRun is refused for good.'),
  'service.down': z
    .strictObject({ for: duration('1s', '7d').describe('How long.') })
    .optional()
    .describe('EMR Serverless answers nothing that can be used.'),
  'person.start': z
    .strictObject({ override: z.boolean().default(false).describe('As `--override`.') })
    .optional()
    .describe('`checkpilot start`.'),
  'person.stop': nothingMore.optional().describe('`checkpilot stop`.'),
  'person.pause': z
    .strictObject({ for: duration('1m', '30d').describe('How long.') })
    .optional()
    .describe('`checkpilot pause`.'),
  'person.resume': nothingMore.optional().describe('`checkpilot resume`.'),
} as const;

export const eventSchema = z.strictObject({
  at: duration('0s', '30d').describe('When, from the start.'),
  job: nameSchema.optional().describe('Which job of a `fleet`; otherwise there is only one.'),
  ...eventKinds,
});

export type TestEvent = z.output<typeof eventSchema>;
export type EventKind = keyof typeof eventKinds;
export type FailureEvent = z.output<typeof runFailed>;
