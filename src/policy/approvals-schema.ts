import * as z from 'zod';
import { duration } from './scalars.ts';

const slackUser = z
  .string()
  .regex(/^[UW][A-Z0-9]{4,20}$/)
  .meta({ expects: 'the id of a Slack user', hint: 'copy the member id in Slack: U0ONCALL' });

const slackUserGroup = z
  .string()
  .regex(/^S[A-Z0-9]{4,20}$/)
  .meta({ expects: 'the id of a Slack user group', hint: 'group ids begin with S: S0PLATFORM' });

const idsMax = 20;

export const approvalsSchema = z.strictObject({
  approvers: z
    .strictObject({
      slackUsers: z.array(slackUser).max(idsMax).default([]).describe('Users that the question names.'),
      slackUserGroups: z
        .array(slackUserGroup)
        .max(idsMax)
        .default([])
        .describe('User groups that the question names.'),
    })
    .prefault({})
    .describe(
      'Who is asked. The command line cannot tell who sits before it: its users are those who may write to the table.',
    ),
  expireAfter: duration('1m', '24h')
    .prefault('30m')
    .describe('How long a question may be answered, and after that how long the answer may be carried out.'),
  revalidate: z
    .literal(true)
    .default(true)
    .describe('Fixed: an approved plan is worked out again, and one that has changed is void.'),
});
