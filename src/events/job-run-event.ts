import * as z from 'zod';
import type { Wake } from '../control/ports.ts';
import { type Parsed, parseWith } from './parsed.ts';

/** Ids of EMR Serverless. The bound keeps what goes into keys and logs small. */
const id = z.string().regex(/^[0-9a-z]{1,64}$/);

/**
 * The events that say "look": state changes of a run, retries of the service (since emr-7.1), and the account of
 * resources about every 30 minutes and at the end. They carry neither the job nor tags nor stateDetails, come at best
 * once, and in any order, so only the ids are believed. States are kept as text: one that we do not know still wakes.
 * The event of an application names no run; it wakes nobody, because its runs have events of their own.
 */
const envelope = {
  source: z.literal('aws.emr-serverless'),
  account: z.string().optional(),
  region: z.string().optional(),
};
const jobRunEvent = z.discriminatedUnion('detail-type', [
  z.object({
    ...envelope,
    'detail-type': z.enum([
      'EMR Serverless Job Run State Change',
      'EMR Serverless Job Run Retry',
      'EMR Serverless Job Resource Utilization Update',
    ]),
    detail: z.object({
      jobRunId: id,
      applicationId: id,
      state: z.string().optional(),
      newAttempt: z.number().optional(),
      resourceUtilizationFinal: z.boolean().optional(),
    }),
  }),
  z.object({
    ...envelope,
    'detail-type': z.literal('EMR Serverless Application State Change'),
    detail: z.object({ applicationId: id, state: z.string() }),
  }),
]);

export interface JobRunSignal {
  /** Absent for the event of an application. */
  readonly wake?: Extract<Wake, { kind: 'run' }>;
  readonly applicationId: string;
  /** What happened, in a word or two. */
  readonly what: string;
  /** Where the event says it comes from; functions refuse any other account or Region than the policy's. */
  readonly account: string | undefined;
  readonly region: string | undefined;
}

/** Raw EventBridge event → a hint to look at one run, or what is wrong with it and where. */
export function parseJobRunEvent(raw: unknown): Parsed<JobRunSignal> {
  const parsed = parseWith(jobRunEvent, raw, 'EMR Serverless event');
  if (!parsed.ok) return parsed;
  const { account, region } = parsed.value;
  const { applicationId } = parsed.value.detail;
  if (parsed.value['detail-type'] === 'EMR Serverless Application State Change')
    return { ok: true, value: { applicationId, what: parsed.value.detail.state, account, region } };
  const { jobRunId, state, newAttempt } = parsed.value.detail;
  const isAccount = parsed.value['detail-type'] === 'EMR Serverless Job Resource Utilization Update';
  const what = isAccount
    ? 'utilization'
    : (state ?? (newAttempt === undefined ? 'retry' : `attempt ${newAttempt}`));
  const wake = { kind: 'run' as const, applicationId, jobRunId, cause: `event ${what}` };
  return { ok: true, value: { wake, applicationId, what, account, region } };
}
