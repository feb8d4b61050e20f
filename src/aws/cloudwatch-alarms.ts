import {
  type CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Answer } from '../control/ports.ts';
import { jobTag, type ManagedAlarm, managedPrefix } from '../core/alarm.ts';
import { CloudWatchAlarmTags } from './cloudwatch-alarm-tags.ts';
import { toFailure } from './failures.ts';

/** An alarm that is there under a name that begins like ours. */
export interface FoundAlarm {
  readonly name: string;
  readonly arn: string;
  /** Whether it is set as the wanted alarm is to be; a person's actions and other additions do not count. */
  isLike(wanted: ManagedAlarm): boolean;
  readonly settings: MetricAlarm;
}

/** Says that `apply` made an alarm; nothing without it is changed or deleted. */
const managedTag = 'checkpilot:managed';
/** Which deployment made it: two of them may share an account and a Region. */
const tableTag = 'checkpilot:table';

// API references of DescribeAlarms and DeleteAlarms: 100 alarms a call. The pages bound an endless listing at 50,000
// alarms, ten times the quota of an account.
const pageMax = 100;
const pagesMax = 500;
const deletesMax = 100;

const minuteSeconds = 60;
/** The alarms look at single minutes, five in a row: a start takes up to two or three, and one late metric is nothing. */
const periodsInARow = 5;
/** Fifteen minutes: a restart from the checkpoint, with its catching up, mostly stays below. */
const iteratorAgeMaxMs = 15 * 60_000;

/** The metric alarms that `apply` makes and keeps. Expected failures are values; a write that failed may be repeated. */
export class CloudWatchAlarms {
  readonly #client: CloudWatchClient;
  readonly #tags: CloudWatchAlarmTags;
  readonly #table: string;

  constructor(options: { readonly client: CloudWatchClient; readonly table: string }) {
    this.#client = options.client;
    this.#tags = new CloudWatchAlarmTags(options.client);
    this.#table = options.table;
  }

  /** Every metric alarm whose name begins like ours. */
  async list(): Promise<Answer<readonly FoundAlarm[]>> {
    const found: FoundAlarm[] = [];
    let NextToken: string | undefined;
    try {
      for (let page = 0; page < pagesMax; page += 1) {
        const answer = await this.#client.send(
          new DescribeAlarmsCommand({
            AlarmNamePrefix: managedPrefix,
            AlarmTypes: ['MetricAlarm'],
            MaxRecords: pageMax,
            NextToken,
          }),
        );
        found.push(...(answer.MetricAlarms ?? []).flatMap(toFound));
        NextToken = answer.NextToken;
        if (NextToken === undefined) return { ok: true, value: found };
      }
    } catch (error) {
      return toFailure(error);
    }
    return { ok: false, code: 'malformed', message: `the list of alarms has more than ${pagesMax} pages` };
  }

  /** Whether this deployment made the alarm. One that is gone meanwhile is nobody's. */
  async isOurs({ arn }: FoundAlarm): Promise<Answer<boolean>> {
    const tags = await this.#tags.of(arn);
    if (!tags.ok) return tags.code === 'not-found' ? { ok: true, value: false } : tags;
    const isOurs = tags.value.get(managedTag) === 'true' && tags.value.get(tableTag) === this.#table;
    return { ok: true, value: isOurs };
  }

  /** Makes the alarm, or sets it right where it is `there`: then what people hung on it stays. */
  async put(wanted: ManagedAlarm, there?: FoundAlarm): Promise<Answer<void>> {
    const { ActionsEnabled, AlarmActions, OKActions, InsufficientDataActions } = there?.settings ?? {};
    const kept = { ActionsEnabled, AlarmActions, OKActions, InsufficientDataActions };
    const Tags = Object.entries({
      [jobTag]: wanted.job,
      [managedTag]: 'true',
      [tableTag]: this.#table,
    }).map(([Key, Value]) => ({ Key, Value }));
    // Tags of an alarm that is there are not touched by a put, so they are left out.
    const input = { ...settingsOf(wanted), ...(there ? kept : { Tags }) };
    try {
      await this.#client.send(new PutMetricAlarmCommand(input));
      return { ok: true, value: undefined };
    } catch (error) {
      return toFailure(error);
    }
  }

  /** Deletes alarms of ours. A call that names one that is gone deletes none of its hundred. */
  async delete(names: readonly string[]): Promise<Answer<void>> {
    try {
      for (let from = 0; from < names.length; from += deletesMax) {
        const AlarmNames = names.slice(from, from + deletesMax);
        await this.#client.send(new DeleteAlarmsCommand({ AlarmNames }));
      }
      return { ok: true, value: undefined };
    } catch (error) {
      return toFailure(error);
    }
  }
}

function toFound(settings: MetricAlarm): readonly FoundAlarm[] {
  const { AlarmName: name, AlarmArn: arn } = settings;
  if (name === undefined || arn === undefined) return [];
  return [{ name, arn, settings, isLike: (wanted) => contains(settings, settingsOf(wanted)) }];
}

type Settings = PutMetricAlarmCommandInput;

/** No actions: CloudWatch tells EventBridge of every change of state anyway. */
function settingsOf(alarm: ManagedAlarm): Settings {
  const common = {
    AlarmName: alarm.name,
    EvaluationPeriods: periodsInARow,
    DatapointsToAlarm: periodsInARow,
  };
  switch (alarm.kind) {
    case 'no-worker':
      return {
        ...common,
        AlarmDescription: `Checkpilot looks at job ${alarm.job}: none of its workers reports memory.`,
        Metrics: [
          {
            Id: 'workers',
            Label: 'Workers of the job that report memory',
            // Without SCHEMA(): the guide and AWS's own templates do not agree on the whole list of dimensions.
            Expression: `SELECT COUNT(WorkerMemoryUsed) FROM "AWS/EMRServerless" WHERE JobName = '${alarm.runName}' AND ApplicationId = '${alarm.applicationId}'`,
            Period: minuteSeconds,
            ReturnData: true,
          },
        ],
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        // Dead workers report nothing at all.
        TreatMissingData: 'breaching',
      };
    case 'iterator-age':
      return {
        ...common,
        AlarmDescription: `Checkpilot looks at job ${alarm.job}: what is read from stream ${alarm.stream} is old.`,
        Namespace: 'AWS/Kinesis',
        MetricName: 'GetRecords.IteratorAgeMilliseconds',
        Dimensions: [{ Name: 'StreamName', Value: alarm.stream }],
        Statistic: 'Maximum',
        Period: minuteSeconds,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: iteratorAgeMaxMs,
        // Without readers there is no age; that nobody reads is what the other alarm is for.
        TreatMissingData: 'notBreaching',
      };
  }
}

/** Whether everything wanted is there; what CloudWatch adds of its own does not count. */
function contains(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  if (typeof actual !== 'object' || actual === null) return false;
  if (Array.isArray(wanted) && (!Array.isArray(actual) || actual.length !== wanted.length)) return false;
  const has = actual as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => contains(has[key], value));
}
