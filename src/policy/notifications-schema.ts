import * as z from 'zod';
import { nameSchema } from './scalars.ts';

/** More receivers than this are asked one after the other by nobody. */
const receiversMax = 5;

const slackSchema = z.strictObject({
  channel: z
    .string()
    .regex(/^[CG][A-Z0-9]{6,20}$/)
    .meta({
      expects: 'the id of a Slack channel',
      hint: 'ids look like C0123ABCD: in Slack, open the channel\'s details and copy it from the end; a name such as "#alerts" may change',
    })
    .describe('Id of the channel. Invite the app to it.'),
  tokenFrom: z
    .strictObject({
      secretsManager: z
        .string()
        .regex(/^[\w/+=.@:-]{1,512}$/)
        .meta({ expects: 'the name or ARN of a secret', hint: 'for example checkpilot/slack' })
        .describe('Name or ARN of the secret: the bot token itself, or JSON with the key `token`.'),
    })
    .meta({ hint: 'name a secret of AWS Secrets Manager: tokenFrom: { secretsManager: checkpilot/slack }' })
    .describe('Where the bot token lies. It is never written here.'),
});

const receiverSchema = z.strictObject({
  slack: slackSchema.describe('A channel of a Slack workspace.'),
});

/** Who is told, and in which order they are asked. */
export const notificationsSchema = z.strictObject({
  receivers: z
    .record(nameSchema, receiverSchema)
    .describe('Places where people read, keyed by a name of your own.'),
  root: z
    .strictObject({
      receivers: z
        .array(z.string())
        .min(1)
        .max(receiversMax)
        .describe(
          'Names of receivers. The first one is told; the next one when those before it could not be reached for five minutes, or refused.',
        ),
    })
    .describe('What holds for every notice.'),
});

export type PolicyNotifications = z.output<typeof notificationsSchema>;
