import * as z from 'zod';
import { actionNames } from '../core/job.ts';
import { reasons, withholdings } from '../core/reason.ts';

const id = z.string().min(1).max(64);
const reason = z.enum(Object.keys(reasons) as [string, ...string[]]);
const withheldBecause = z.enum(Object.keys(withholdings) as [string, ...string[]]);
const eventId = id.describe('Id of the event: the same each time it is delivered. Tell doubles by it.');
const job = z.string().describe('Name of the job in the policy.');
const failureClass = z.string().optional().describe('Class of the failure that it is about.');

/** `detail` of `Checkpilot Decision Made`. Best effort: the record of a decision is the table. */
const decisionMade = z.strictObject({
  eventId,
  decisionId: id.describe('Id of the decision; `checkpilot explain` shows all of it.'),
  job,
  kind: z.enum(['nothing', 'wait', 'start', 'cancel', 'park']).describe('What was decided.'),
  reason: reason.describe('Why, as a stable code of docs/reference/reasons.md.'),
  outcome: z
    .enum(['done', 'suggested', 'withheld'])
    .describe('Whether the guard let it through; `suggested` waits for a person.'),
  withheldBecause: withheldBecause.optional().describe('What held it back.'),
  failureClass,
  until: z.iso.datetime().optional().describe('When the job is looked at again, if it waits for a time.'),
  jobRunId: id.optional().describe('The run that was seen.'),
  jobRunState: z.string().optional().describe('State of that run when it was seen.'),
});

/** `detail` of a notice, at least once. The fields that only an incident has come with the id of it. */
const notice = z.strictObject({
  eventId,
  notice: z.string().describe('What kind of notice it is, e.g. `incident.needs-human`.'),
  severity: z.enum(['info', 'warning', 'critical']).describe('As for people.'),
  text: z.string().describe('The sentence that people read. Wording is not stable.'),
  job: job.optional(),
  decisionId: id.optional().describe('The decision that it tells of.'),
  reason: reason.optional().describe('State of the incident, as a stable code.'),
  failureClass,
  plan: z
    .strictObject({
      hash: id.describe('Hash of the plan: what `checkpilot approve` takes.'),
      action: z.enum(actionNames).describe('Policy name of the action.'),
      state: z
        .enum(['open', 'approved', 'declined', 'used', 'void', 'expired', 'not-needed'])
        .describe('Where the question stands.'),
      expires: z.iso.datetime().describe('Until when it may be answered, or carried out once approved.'),
    })
    .optional()
    .describe('The plan that a person is asked about.'),
});

const ofIncident = notice.extend({
  incidentId: id.describe('The same from the first failure until the job is healthy again.'),
  needsHuman: z.boolean().describe('Whether a person is called.'),
});

/** Every event that Checkpilot puts on its bus: `detail-type` → `detail`. The source is `checkpilot`. */
export const ownEventDetails = {
  'Checkpilot Decision Made': decisionMade,
  'Checkpilot Incident Opened': ofIncident,
  'Checkpilot Incident Updated': ofIncident,
  'Checkpilot Incident Closed': ofIncident,
  'Checkpilot Notice': notice,
} as const;

/** JSON Schema (draft-07) of each detail, for code generators and rules. */
export function ownEventSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(ownEventDetails).map(([type, schema]) => [
      type,
      // Later versions may add fields, so a reader must not refuse what it does not know.
      { ...z.toJSONSchema(schema, { target: 'draft-07' }), additionalProperties: true },
    ]),
  );
}
