import { z } from 'zod';
import { type RunningServer, type ServerHooks, startServer } from './http-server.ts';
import { jsonProtocol, readInput, WireError } from './json-protocol.ts';

const account = '111122223333';
const region = 'us-east-1';
// The API references of PutMetricAlarm, DescribeAlarms, DeleteAlarms and TagResource.
const nameCharactersMax = 255;
const pageMax = 100;
const deletesMax = 100;
const tagsMax = 50;

const name = z
  .string()
  .min(1)
  .max(nameCharactersMax)
  .regex(/^\P{Cc}+$/u);
const tags = z.array(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) }));
const dimensions = z.array(z.strictObject({ Name: z.string().min(1), Value: z.string().min(1) })).max(30);
const actions = z.array(z.string()).max(5);

const alarmFields = {
  AlarmName: name,
  AlarmDescription: z.string().max(1024).optional(),
  ActionsEnabled: z.boolean().optional(),
  OKActions: actions.optional(),
  AlarmActions: actions.optional(),
  InsufficientDataActions: actions.optional(),
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanOrEqualToThreshold',
    'LessThanThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.int().min(1),
  DatapointsToAlarm: z.int().min(1).optional(),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).optional(),
  Namespace: z.string().min(1).optional(),
  MetricName: z.string().min(1).optional(),
  Dimensions: dimensions.optional(),
  Statistic: z.enum(['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']).optional(),
  Period: z.int().min(10).optional(),
  Metrics: z
    .array(
      z.strictObject({
        Id: z.string().regex(/^[a-z]\w*$/),
        Expression: z.string().min(1).max(2048),
        Label: z.string().optional(),
        Period: z.int().min(60),
        ReturnData: z.boolean(),
      }),
    )
    .min(1)
    .max(20)
    .optional(),
};

const putMetricAlarm = z
  .strictObject({ ...alarmFields, Tags: tags.max(tagsMax).optional() })
  .refine(({ MetricName, Metrics }) => (MetricName === undefined) !== (Metrics === undefined), {
    message: 'exactly one of MetricName and Metrics',
  });
const describeAlarms = z.strictObject({
  AlarmNamePrefix: z.string().min(1).optional(),
  AlarmTypes: z.array(z.literal('MetricAlarm')).optional(),
  MaxRecords: z.int().min(1).max(pageMax).optional(),
  NextToken: z.string().optional(),
});
const deleteAlarms = z.strictObject({ AlarmNames: z.array(name).min(1).max(deletesMax) });
const listTags = z.strictObject({ ResourceARN: z.string() });
const getMetricData = z.strictObject({
  StartTime: z.number(),
  EndTime: z.number(),
  MetricDataQueries: z
    .array(
      z.strictObject({
        Id: z.string().regex(/^[a-z]\w*$/),
        MetricStat: z.strictObject({
          Metric: z.strictObject({
            Namespace: z.string().min(1),
            MetricName: z.string().min(1),
            Dimensions: dimensions,
          }),
          Period: z.int().min(60).multipleOf(60),
          Stat: z.enum(['Sum', 'Maximum']),
        }),
      }),
    )
    .min(1)
    .max(500),
});
const tagResource = z.strictObject({ ResourceARN: z.string(), Tags: tags.min(1) });

/** A metric between two times, summed up or its greatest value; undefined where nobody reported any. */
export type Metrics = (
  metric: {
    readonly namespace: string;
    readonly name: string;
    readonly stat: 'Sum' | 'Maximum';
    readonly dimensions: Readonly<Record<string, string>>;
  },
  window: { readonly fromMs: number; readonly toMs: number },
) => number | undefined;

/** docs/facts.md: one-minute metrics arrive two to three minutes late. */
const metricsLateMs = 150_000;

type AlarmInput = Omit<z.output<typeof putMetricAlarm>, 'Tags'>;

/** An alarm as it was put last, and its tags. It never changes its state by itself: there are no metrics here. */
export interface LocalAlarm extends AlarmInput {
  readonly AlarmArn: string;
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * The part of CloudWatch that makes, lists, tags and deletes metric alarms, on loopback. As in AWS, a put replaces the
 * whole alarm but leaves its tags, and a delete that names a missing alarm deletes none.
 */
export async function startCloudWatch(
  options: ServerHooks & { readonly alarms: Map<string, LocalAlarm>; readonly metrics?: Metrics },
): Promise<RunningServer> {
  const protocol = jsonProtocol({
    target: 'GraniteServiceVersion20100801',
    namespace: 'com.amazonaws.cloudwatch',
    operations: { ...operationsOf(options.alarms), ...metricOperations(options) },
    errors: {
      throttle: new WireError('ThrottlingException', 'Rate exceeded'),
      'internal-error': new WireError('InternalServiceFault', 'Internal service fault.', { status: 500 }),
      'request-too-large': new WireError('RequestEntityTooLarge', 'The request is too large.', {
        status: 413,
      }),
    },
  });
  const { clock, hold, fault } = options;
  return startServer({ clock, hold, fault, name: 'cloudwatch', ...protocol });
}

function operationsOf(alarms: Map<string, LocalAlarm>) {
  return {
    PutMetricAlarm: takes(putMetricAlarm, ({ Tags = [], ...alarm }) => {
      const kept = alarms.get(alarm.AlarmName)?.tags ?? new Map(Tags.map(({ Key, Value }) => [Key, Value]));
      alarms.set(alarm.AlarmName, { ...alarm, AlarmArn: arnOf(alarm.AlarmName), tags: kept });
    }),
    DescribeAlarms: takes(describeAlarms, (input) => {
      const { AlarmNamePrefix = '', MaxRecords = 50, NextToken = '' } = input;
      const found = [...alarms.values()]
        .filter(({ AlarmName }) => AlarmName.startsWith(AlarmNamePrefix) && AlarmName > NextToken)
        .sort((a, b) => (a.AlarmName < b.AlarmName ? -1 : 1));
      const page = found.slice(0, MaxRecords);
      const last = page.at(-1)?.AlarmName;
      return {
        MetricAlarms: page.map(({ tags: _, ...alarm }) => ({
          ActionsEnabled: true,
          StateValue: 'INSUFFICIENT_DATA',
          ...alarm,
        })),
        ...(found.length > page.length ? { NextToken: last } : {}),
      };
    }),
    DeleteAlarms: takes(deleteAlarms, ({ AlarmNames }) => {
      for (const one of AlarmNames) if (!alarms.has(one)) throw missing('ResourceNotFound', one);
      for (const one of AlarmNames) alarms.delete(one);
    }),
    ListTagsForResource: takes(listTags, ({ ResourceARN }) => ({
      Tags: [...alarmAt(alarms, ResourceARN).tags].map(([Key, Value]) => ({ Key, Value })),
    })),
    TagResource: takes(tagResource, ({ ResourceARN, Tags }) => {
      const alarm = alarmAt(alarms, ResourceARN);
      const all = new Map([...alarm.tags, ...Tags.map(({ Key, Value }) => [Key, Value] as const)]);
      if (all.size > tagsMax) throw refuse(`more than ${tagsMax} tags`);
      alarms.set(alarm.AlarmName, { ...alarm, tags: all });
    }),
  };
}

function metricOperations({ clock, metrics }: ServerHooks & { readonly metrics?: Metrics }) {
  return {
    GetMetricData: takes(getMetricData, ({ StartTime, EndTime, MetricDataQueries }) => ({
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric, Period, Stat } }) => {
        const metric = {
          namespace: Metric.Namespace,
          name: Metric.MetricName,
          stat: Stat,
          dimensions: Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
        };
        const points: { at: number; value: number }[] = [];
        const knownSeconds = (clock.now() - metricsLateMs) / 1000;
        for (let at = StartTime; at + Period <= Math.min(EndTime, knownSeconds); at += Period) {
          const value = metrics?.(metric, { fromMs: at * 1000, toMs: (at + Period) * 1000 });
          if (value !== undefined) points.push({ at, value });
        }
        // The newest first, as the service has it unless it is asked otherwise.
        points.reverse();
        return {
          Id,
          Label: Metric.MetricName,
          StatusCode: 'Complete',
          Timestamps: points.map(({ at }) => at),
          Values: points.map(({ value }) => value),
        };
      }),
    })),
  };
}

function takes<S extends z.ZodType>(schema: S, run: (input: z.output<S>) => unknown) {
  return (input: unknown) => run(readInput(schema, input, refuse));
}

function alarmAt(alarms: ReadonlyMap<string, LocalAlarm>, arn: string): LocalAlarm {
  const found = [...alarms.values()].find(({ AlarmArn }) => AlarmArn === arn);
  if (found) return found;
  throw missing('ResourceNotFoundException', arn);
}

function arnOf(alarm: string): string {
  return `arn:aws:cloudwatch:${region}:${account}:alarm:${alarm}`;
}

function refuse(message: string): WireError {
  return new WireError('InvalidParameterValueException', message);
}

function missing(type: string, what: string): WireError {
  return new WireError(type, `${what} does not exist`, { status: 404 });
}
