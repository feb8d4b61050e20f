import { type CloudWatchClient, ListTagsForResourceCommand } from '@aws-sdk/client-cloudwatch';
import type { Answer } from '../control/ports.ts';
import { jobTag } from '../core/alarm.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** What a policy allows as the name of a job; another value of the tag names none. */
const jobName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/;

/** The tags of CloudWatch alarms. Apart from what makes alarms, so that the door bundles one command. */
export class CloudWatchAlarmTags {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  /** The job that the tag `checkpilot:job` names; undefined without the tag. `not-found` when the alarm is gone. */
  async jobOf(arn: string): Promise<Answer<string | undefined>> {
    const tags = await this.of(arn);
    if (!tags.ok) return tags;
    const job = tags.value.get(jobTag);
    return { ok: true, value: job !== undefined && jobName.test(job) ? job : undefined };
  }

  /** All tags of an alarm by key. */
  async of(arn: string): Promise<Answer<ReadonlyMap<string, string>>> {
    try {
      const { Tags = [] } = await this.#client.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
      return { ok: true, value: new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value])) };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const alarmTagPermissions: Permissions = {
  title: 'read the tags of alarms',
  actions: ['cloudwatch:ListTagsForResource'],
};
