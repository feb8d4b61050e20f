import * as z from 'zod';
import type { Wake } from '../control/ports.ts';
import { type AlarmDimensions, alarmDimensions } from '../core/alarm.ts';
import { type Parsed, parseWith } from './parsed.ts';

/** A change of state of an alarm, from EventBridge or from an alarm's own Lambda action. */
export interface AlarmSignal {
  readonly wake: Extract<Wake, { kind: 'alarm' }>;
  /** Where its tags can be read; undefined when the payload has no ARN that can be one. */
  readonly arn: string | undefined;
  /** Why nobody is woken; undefined when somebody is. */
  readonly ignored: 'muted' | 'actions-suppressed' | 'ok' | undefined;
  /** When the state changed, epoch milliseconds. */
  readonly changedAtMs: number | undefined;
}

// Names go up to 255 characters and may hold anything but control characters (API reference of PutMetricAlarm).
const nameCharactersMax = 255;
// An alarm watches up to ten metrics (API reference of MetricDataQuery).
const metricsMax = 10;
const arnPattern = /^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]{1,30}:\d{12}:alarm:[^\p{Cc}]{1,255}$/u;

/** Ids of EMR Serverless go into keys and calls; names are only compared. */
const dimensionPatterns: Readonly<Record<(typeof alarmDimensions)[number], RegExp>> = {
  ApplicationId: /^[0-9a-z]{1,64}$/,
  JobId: /^[0-9a-z]{1,64}$/,
  JobName: /^[^\p{Cc}]{1,256}$/u,
  StreamName: /^[A-Za-z0-9_.-]{1,128}$/,
};

// What the door does not need may have any shape: a part that AWS changes must not cost the wake.
const anything = z.unknown().optional();
const state = z.object({
  value: z.string().regex(/^[A-Z_]{1,32}$/),
  timestamp: anything,
  actionsSuppressedBy: anything,
});
const body = z.object({
  alarmName: z.string().min(1),
  state,
  configuration: anything,
  muteDetail: anything,
});
const source = z.literal('aws.cloudwatch');
const fromEventBridge = z.object({
  source,
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  resources: anything,
  detail: body,
});
const fromAction = z.object({ source, alarmArn: anything, alarmData: body });

/**
 * Raw payload → a hint to look at the jobs of one alarm, or what is wrong with it and where. States are kept as text:
 * one that we do not know wakes. Reasons and `reasonData` are not read, because a pass sees for itself.
 */
export function parseAlarm(raw: unknown): Parsed<AlarmSignal> {
  const isAction = typeof raw === 'object' && raw !== null && Object.hasOwn(raw, 'alarmData');
  if (isAction) {
    const parsed = parseWith(fromAction, raw, 'CloudWatch alarm action');
    if (!parsed.ok) return parsed;
    return { ok: true, value: signalOf(parsed.value.alarmData, parsed.value.alarmArn) };
  }
  const parsed = parseWith(fromEventBridge, raw, 'CloudWatch alarm event');
  if (!parsed.ok) return parsed;
  const { detail, resources } = parsed.value;
  return { ok: true, value: signalOf(detail, Array.isArray(resources) ? resources[0] : undefined) };
}

function signalOf(alarm: z.output<typeof body>, arn: unknown): AlarmSignal {
  return {
    wake: {
      kind: 'alarm',
      alarm: printable(alarm.alarmName),
      state: alarm.state.value,
      dimensions: dimensionsOf(alarm.configuration),
    },
    arn: typeof arn === 'string' && arnPattern.test(arn) ? arn : undefined,
    ignored: reasonToIgnore(alarm),
    changedAtMs: timeMs(alarm.state.timestamp),
  };
}

/** CloudWatch sends the event of a muted or suppressed alarm all the same: whoever listens has to check. */
function reasonToIgnore({ muteDetail, state: { value, ...now } }: z.output<typeof body>) {
  if (muteDetail !== undefined && muteDetail !== null) return 'muted';
  if (now.actionsSuppressedBy !== undefined && now.actionsSuppressedBy !== null) return 'actions-suppressed';
  // Nothing to look for, and not free: a look is three calls and five items read.
  return value === 'OK' ? 'ok' : undefined;
}

/** Composite alarms have no metrics, and metric math has some without dimensions. */
function dimensionsOf(configuration: unknown): readonly AlarmDimensions[] {
  const metrics = field(configuration, 'metrics');
  const sets = (Array.isArray(metrics) ? metrics : [])
    .slice(0, metricsMax)
    .map((metric) => known(field(field(field(metric, 'metricStat'), 'metric'), 'dimensions')))
    .filter((dimensions) => Object.keys(dimensions).length > 0);
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

function known(dimensions: unknown): AlarmDimensions {
  const entries = alarmDimensions.flatMap((name) => {
    const value = field(dimensions, name);
    return typeof value === 'string' && dimensionPatterns[name].test(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

function field(value: unknown, name: string): unknown {
  const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return has ? (value as Record<string, unknown>)[name] : undefined;
}

/** `2019-10-02T17:04:40.989+0000`: without the colon that ISO 8601 has in an offset. */
function timeMs(timestamp: unknown): number | undefined {
  if (typeof timestamp !== 'string') return undefined;
  const ms = Date.parse(timestamp.slice(0, 40).replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : ms;
}

function printable(name: string): string {
  return name
    .slice(0, nameCharactersMax)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
}
