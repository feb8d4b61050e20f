import * as z from 'zod';
import type { Wake } from '../control/ports.ts';
import { type Parsed, parseWith } from './parsed.ts';

/** Ids of EMR Serverless. The bound keeps what goes into keys and logs small. */
const id = z.string().regex(/^[0-9a-z]{1,64}$/);

/**
 * The two events of a job run that say "look": state changes and retries of the service (since emr-7.1). They carry
 * neither the job nor tags nor stateDetails, come at best once, and in any order, so only the ids are believed.
 * States are kept as text: one that we do not know still wakes the job.
 */
const jobRunEvent = z.object({
  source: z.literal('aws.emr-serverless'),
  'detail-type': z.enum(['EMR Serverless Job Run State Change', 'EMR Serverless Job Run Retry']),
  account: z.string().optional(),
  region: z.string().optional(),
  detail: z.object({
    jobRunId: id,
    applicationId: id,
    state: z.string().optional(),
    newAttempt: z.number().optional(),
  }),
});

export interface JobRunSignal {
  readonly wake: Extract<Wake, { kind: 'run' }>;
  /** Where the event says it comes from; functions refuse any other account or Region than the policy's. */
  readonly account: string | undefined;
  readonly region: string | undefined;
}

/** Raw EventBridge event → a hint to look at one run, or what is wrong with it and where. */
export function parseJobRunEvent(raw: unknown): Parsed<JobRunSignal> {
  const parsed = parseWith(jobRunEvent, raw, 'EMR Serverless event');
  if (!parsed.ok) return parsed;
  const { detail, account, region } = parsed.value;
  const what = detail.state ?? (detail.newAttempt === undefined ? 'retry' : `attempt ${detail.newAttempt}`);
  const { applicationId, jobRunId } = detail;
  return {
    ok: true,
    value: { wake: { kind: 'run', applicationId, jobRunId, cause: `event ${what}` }, account, region },
  };
}
