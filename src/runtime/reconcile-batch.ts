import type { SQSRecord } from 'aws-lambda';
import { wakeJobsOfAlarm } from '../control/alarms.ts';
import { withOutgoing } from '../control/outgoing.ts';
import type { Ports } from '../control/ports.ts';
import { type PassListener, reconcile } from '../control/reconcile.ts';
import { jobOfRun } from '../control/resolve.ts';
import { parseWake } from '../events/wake.ts';
import type { Call } from './lambda.ts';
import { passTelemetry } from './pass-telemetry.ts';

interface Pending {
  readonly records: SQSRecord[];
  look: boolean;
}

/** Wakes of one batch → passes: several wakes of one job are one pass, since a wake only says "look now". */
export async function reconcileBatch(
  given: Ports,
  records: readonly SQSRecord[],
  { fail, call }: { fail: (record: SQSRecord) => void; call: Call },
): Promise<void> {
  const { ports, flush } = withOutgoing(given);
  const listener = passTelemetry(ports.log, call, () => ports.clock.now());
  const pending = new Map<string, Pending>();
  for (const record of records) {
    const target = await targetOf(ports, record);
    if (target === 'failed') fail(record);
    if (typeof target === 'string') continue;
    const known = pending.get(target.job) ?? { records: [], look: false };
    known.records.push(record);
    known.look ||= target.look;
    pending.set(target.job, known);
  }
  for (const [job, { records: messages, look }] of pending) {
    if (!(await pass(ports, { job, look }, listener))) for (const record of messages) fail(record);
  }
  await flush();
}

/** False when the message has to come again. */
async function pass(
  ports: Ports,
  wake: { job: string; look: boolean },
  listener: PassListener,
): Promise<boolean> {
  try {
    const report = await reconcile(ports, wake);
    listener.passed(report);
    return !report.again;
  } catch (error) {
    listener.failed(wake.job, error);
    return false;
  }
}

/** Which job a message is about; `done` when there is nothing to do, `failed` when it has to come again. */
async function targetOf(
  ports: Ports,
  record: SQSRecord,
): Promise<{ job: string; look: boolean } | 'done' | 'failed'> {
  const parsed = parseWake(record.body);
  if (!parsed.ok) {
    ports.log.error('wake message refused; it stays in the queue and then in its dead-letter queue', {
      why: parsed.message,
    });
    return 'failed';
  }
  const wake = parsed.value;
  switch (wake.kind) {
    case 'job':
      return { job: wake.job, look: wake.look ?? false };
    case 'release': {
      const sent = await ports.wakes.release();
      return sent.ok ? 'done' : 'failed';
    }
    case 'alarm':
      return (await wakeJobsOfAlarm(ports, wake)) === 'done' ? 'done' : 'failed';
    case 'run': {
      const found = await jobOfRun(ports, wake.applicationId, wake.jobRunId, wake.cause);
      if (!found.ok) {
        ports.log.warn('run not resolved', { run: wake.jobRunId, code: found.code, why: found.message });
        return found.code === 'not-found' ? 'done' : 'failed';
      }
      // Runs that no policy matches are never touched, and of some steps there is nothing to decide.
      return found.value ? { job: found.value.job, look: !found.value.known } : 'done';
    }
  }
}
