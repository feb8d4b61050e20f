import { cloudwatchClient } from '../aws/clients.ts';
import { CloudWatchAlarmTags } from '../aws/cloudwatch-alarm-tags.ts';
import type { Answer, Log, WakeQueue } from '../control/ports.ts';
import type { Runtime } from './runtime.ts';
import { logPort } from './telemetry.ts';
import { wireDoor } from './wire-door.ts';

// The tag is the better hint, not the only one: it may not hold up the wake for longer than a start takes.
const timeouts = { connectMs: 1_000, requestMs: 2_000 };

/** What the door for alarms needs: the wake queue, and the tags of an alarm. */
export function wireAlarm(runtime: Runtime): {
  readonly wakes: WakeQueue;
  readonly log: Log;
  jobTagOf(arn: string): Promise<Answer<string | undefined>>;
} {
  const { clock, aws, settings } = runtime;
  const client = cloudwatchClient({ region: settings.region, clock, ...aws, retries: 'none', timeouts });
  const tags = new CloudWatchAlarmTags(client);
  return {
    wakes: wireDoor(runtime).wakes,
    log: logPort(runtime.logger),
    // Also a slip of ours in reading the tag must not cost the wake.
    jobTagOf: (arn) =>
      tags
        .jobOf(arn)
        .catch((error: unknown) => ({ ok: false, code: 'malformed', message: String(error) }) as const),
  };
}
