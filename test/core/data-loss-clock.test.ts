import { describe, expect, it } from 'vitest';
import { clockLine } from '../../src/core/clock-words.ts';
import { deadlineOf } from '../../src/core/data-loss-clock.ts';
import { explain } from '../../src/core/explain.ts';
import type { JobMemory } from '../../src/core/memory.ts';
import { costText } from '../../src/core/retention-cost.ts';
import type { SourceSensor } from '../../src/core/source.ts';
import { unreadOf } from '../../src/core/unread.ts';
import { utcText } from '../../src/core/utc.ts';
import {
  aJob,
  aRun,
  checkpoint,
  ended,
  hourMs,
  inState,
  type JobChanges,
  judge,
  minuteMs,
  nowMs,
  secondMs,
  texts,
} from '../support/build.ts';

type Read = Extract<SourceSensor['read'], { kind: 'seen' }>;
type SourceChanges = Omit<Partial<SourceSensor>, 'read'> & { readonly read?: Partial<Read> };

/** Batch 120 was planned so long ago, the job was five seconds behind, and its stream of four shards keeps 24 hours. */
function aSource(agoMs: number, { read, ...others }: SourceChanges = {}): SourceSensor {
  return {
    retention: {
      kind: 'seen',
      retentionMs: 24 * hourMs,
      readAtMs: nowMs - minuteMs,
      from: 'service',
      openShards: 4,
      isOnDemand: false,
    },
    read: {
      kind: 'seen',
      location: checkpoint,
      batch: 120,
      plannedAtMs: nowMs - agoMs,
      isExact: true,
      ...read,
    },
    marks: {},
    lag: lagOf(5 * secondMs),
    input: { batch: 120, readAtMs: nowMs, firstMs: nowMs - agoMs + minuteMs },
    ...others,
  };
}

const lagOf = (lagMs: number, batch = 120) => ({ lagMs, batch, readAtMs: nowMs, askedAtMs: nowMs });

const stopped = ended(texts.badCode);
const running = inState('RUNNING');

describe('the oldest unread record', () => {
  it.each<[string, Partial<SourceSensor>, object]>([
    [
      'was left by what the job was behind',
      {},
      { sinceMs: nowMs - 2 * hourMs - 5 * secondMs, bound: 'at-most' },
    ],
    ['is about so old where another batch was measured', { lag: lagOf(minuteMs, 90) }, { bound: 'about' }],
    [
      'is at least as old as the batch where nobody knows the lag',
      { lag: { batch: 120, readAtMs: nowMs, askedAtMs: nowMs } },
      { sinceMs: nowMs - 2 * hourMs, bound: 'at-least' },
    ],
    [
      'came when the stream woke up again',
      { input: { batch: 120, readAtMs: nowMs, firstMs: nowMs - hourMs } },
      { sinceMs: nowMs - hourMs, bound: 'at-most' },
    ],
    [
      'may be from before a pause of the stream, if the job was behind',
      { lag: lagOf(hourMs), input: { batch: 120, readAtMs: nowMs } },
      { sinceMs: nowMs - 3 * hourMs },
    ],
    [
      'is none where nothing came in and the job had kept up',
      { input: { batch: 120, readAtMs: nowMs } },
      { kind: 'none' },
    ],
    [
      'is not judged by what came in before another batch',
      { input: { batch: 119, readAtMs: nowMs } },
      { sinceMs: nowMs - 2 * hourMs - 5 * secondMs },
    ],
    [
      'is as old as a first batch that was never committed',
      { read: firstBatch(hourMs) },
      { bound: 'at-least' },
    ],
    [
      'is not known where the checkpoint is not',
      { read: { kind: 'unknown', why: 'throttled' } },
      { why: 'throttled' },
    ],
  ])('%s', (_case, changes, expected) => {
    expect(unreadOf({ ...aSource(2 * hourMs), ...changes }, stopped, nowMs)).toMatchObject(expected);
  });

  it('of a run that looks for input is none while it finds none, and not known where nobody can tell', () => {
    const quiet = { input: { batch: 120, readAtMs: nowMs } };
    expect(unreadOf(aSource(70 * hourMs, quiet), running, nowMs)).toMatchObject({ kind: 'none' });
    const { input: _unknown, ...kafka } = aSource(70 * hourMs);
    expect(unreadOf(kafka, running, nowMs)).toMatchObject({ kind: 'unknown' });
    expect(unreadOf(kafka, stopped, nowMs)).toMatchObject({ kind: 'since' });
  });

  it('of a run that found nothing for hours is that of the batch it then planned', () => {
    const run = { kind: 'seen' as const, run: aRun({ startedAtMs: nowMs - 80 * hourMs }) };
    const nextPlannedAtMs = nowMs - minuteMs;
    const committedAtMs = nowMs - 70 * hourMs + minuteMs;
    const source = aSource(70 * hourMs, { read: { committedAtMs, nextPlannedAtMs } });
    expect(unreadOf(source, run, nowMs)).toMatchObject({ sinceMs: nextPlannedAtMs });
    // One that was started in between may have found what waited for it.
    const later = { kind: 'seen' as const, run: aRun({ startedAtMs: nowMs - hourMs }) };
    expect(unreadOf(source, later, nowMs)).toMatchObject({ sinceMs: nowMs - 70 * hourMs - 5 * secondMs });
  });
});

function firstBatch(agoMs: number): SourceSensor['read'] {
  return { kind: 'first-batch', plannedAtMs: nowMs - agoMs };
}

type Given = { readonly [K in keyof JobMemory]?: JobMemory[K] | undefined };

interface Case {
  readonly source?: SourceSensor;
  readonly job?: JobChanges;
  readonly memory?: Given;
  readonly run?: typeof stopped;
  readonly gates?: { readonly killSwitch?: boolean; readonly act?: 'none' | 'restart' | 'all' };
}

const parked = { reason: 'deterministic-failure', atMs: nowMs, jobRunId: 'run-1' } as const;

/** Fields that a case sets to nothing. */
function without(memory: Given): Partial<JobMemory> {
  return Object.fromEntries(
    Object.entries(memory).filter(([, value]) => value !== undefined),
  ) as Partial<JobMemory>;
}

/** What is decided about a parked job of the stream `clicks`. */
function decided(agoMs: number, { source, job, memory, run = stopped, gates }: Case = {}) {
  return judge({
    job: clocked(job),
    observation: { run, source: source ?? aSource(agoMs), gates: { act: 'all', ...gates } },
    memory: without({ parked, ...memory }),
  });
}

describe('the level of the clock', () => {
  it.each([
    [11.9, 'calm'],
    [12.1, 'warning'],
    [15.8, 'warning'],
    [15.9, 'critical'],
    [23.9, 'critical'],
    [24.1, 'lost'],
  ])('after %d of 24 hours without a way out is %s', (hours, level) => {
    expect(decided(hours * hourMs).clock).toMatchObject({ kind: 'running', level });
  });

  it('of a job that is restarted is critical only when the restart may come too late', () => {
    const level = (hours: number) =>
      decided(hours * hourMs, { run: ended(texts.workerLost), memory: { parked: undefined } }).clock;
    expect(level(23)).toMatchObject({ level: 'warning' });
    expect(level(23.9)).toMatchObject({ level: 'critical' });
  });

  it('of a job that runs depends on whether it catches up or falls behind', () => {
    const level = (beforeHours: number) =>
      decided(0, {
        run: running,
        source: aSource(0, { lag: lagOf(20 * hourMs), lagBefore: lagOf(beforeHours * hourMs, 100) }),
      }).clock;
    expect(level(21)).toMatchObject({ level: 'warning' });
    expect(level(19)).toMatchObject({ level: 'critical' });
  });

  it('takes the shortest retention of Kinesis where none could be read, and none for topics', () => {
    const why = 'denied: not authorized';
    const kinesis = aSource(16 * hourMs, { retention: { kind: 'unknown', why, atLeastMs: 24 * hourMs } });
    expect(decided(0, { source: kinesis }).clock).toMatchObject({ level: 'critical', assumed: why });
    const kafka = aSource(16 * hourMs, { retention: { kind: 'unknown', why } });
    expect(decided(0, { source: kafka }).clock).toMatchObject({ kind: 'unknown', level: 'warning', why });
    expect(decided(0, { source: kafka }).concerns).toMatchObject([{ reason: 'retention-unknown' }]);
  });

  it('is asked for again when it may change, however long the run lane waits', () => {
    const waits = { budget: { room: false, freesAtMs: nowMs + 20 * hourMs } };
    const decision = judge({
      job: clocked(),
      observation: { run: ended(texts.workerLost), source: aSource(6 * hourMs), ...waits },
    });
    expect(decision).toMatchObject({ kind: 'wait', reason: 'retry-budget-exhausted' });
    expect(decision.aside?.lookAtMs).toBe(nowMs + 6 * hourMs - 5 * secondMs);
  });
});

describe('what people are told of the clock', () => {
  const told = (level: 'warning' | 'critical' | 'lost', retentionMs = 24 * hourMs) => ({
    clock: { told: { level, retentionMs } },
  });

  it('opens an incident where there is none, and goes into the one of the failure', () => {
    expect(decided(13 * hourMs).aside).toMatchObject({
      notices: [
        { event: 'incident.opened', severity: 'warning', reason: 'retention-running-out', opens: true },
      ],
      learned: { incident: { id: 'inc_1', needsHuman: false }, clock: { told: { level: 'warning' } } },
    });
    const open = {
      id: 'inc_0',
      openedAtMs: nowMs,
      needsHuman: true,
      toldReason: 'parked',
      restarts: 0,
    } as const;
    const { aside } = decided(13 * hourMs, { memory: { incident: { ...open, class: 'worker-lost' } } });
    expect(aside?.notices).toMatchObject([
      { event: 'incident.updated', class: 'worker-lost', stillNeedsHuman: true },
    ]);
    expect(aside?.learned).not.toHaveProperty('incident');
  });

  it('is told once for each level, and never for a lower one', () => {
    expect(decided(13 * hourMs, { memory: told('warning') }).aside).not.toHaveProperty('notices');
    expect(decided(16 * hourMs, { memory: told('warning') }).aside?.notices).toMatchObject([
      { event: 'incident.needs-human', severity: 'critical', reason: 'data-loss-near' },
    ]);
    expect(decided(16 * hourMs, { memory: told('lost') }).aside).not.toHaveProperty('notices');
  });

  it.each([
    ['has caught up', 9, told('warning'), true],
    ['has not yet caught up by much', 10, told('warning'), false],
    ['has a longer retention now', 11, told('critical', 12 * hourMs), true],
  ])('is forgotten, to be told anew, once the job %s', (_case, hours, memory, isForgotten) => {
    const learned = decided(hours * hourMs, { memory }).aside?.learned;
    expect(learned?.clock !== undefined && !('told' in learned.clock)).toBe(isForgotten);
  });

  it.each<[string, Case, readonly RegExp[]]>([
    [
      'when, why and how to gain time',
      {},
      [
        /^orders: unread records are lost from 2026-11-23 03:59:55 UTC on, in 8 h and not before, and the job is parked\./,
        /Its oldest unread record is at most 16 h 1 min old, and clicks keeps records for 24 h\. Nothing will mend that/,
        /aws kinesis increase-stream-retention-period --stream-name clicks --retention-period-hours 168 \(about \$1\.92 a day for 4 shards\)\.$/,
      ],
    ],
    [
      'that the age is a lower bound',
      { source: aSource(16 * hourMs, { lag: { batch: 120, readAtMs: nowMs, askedAtMs: nowMs } }) },
      [/UTC on at the latest, in 8 h or less/, /at least 16 h old/],
    ],
    [
      'what holds an extension back',
      { job: { retention: { warnAt: 0.5, extendToMs: 168 * hourMs } }, gates: { killSwitch: true } },
      [
        /Clicks would be kept for 168 h instead of 24 h \(about \$1\.92 a day for 4 shards\), and is not: the kill switch is on\.$/,
      ],
    ],
    [
      'what to do about topics',
      {
        job: { source: { kafka: { topics: ['ledger.v2'], retentionMs: 24 * hourMs } } },
      },
      [/ledger\.v2 keeps records for 24 h/, /raise retention\.ms of its topics\.$/],
    ],
  ])('says %s', (_what, given, expected) => {
    const text = decided(16 * hourMs, given).aside?.notices?.[0]?.text ?? expect.fail('nothing is told');
    for (const pattern of expected) expect(text).toMatch(pattern);
  });

  it('stands in the explanation, with what the reading rests on', () => {
    const lines = explain(decided(13 * hourMs)).join('\n');
    expect(lines).toContain(
      'clock      oldest unread record at most 13 h 1 min old (batch 120 was planned then, and the job had kept up), 54 % of retention: records are kept for 24 h; lost from',
    );
    expect(lines).toContain('(retention-running-out)');
    expect(lines).not.toContain('  also ');
  });

  it('keeps an incident open while the job runs well and unread records are still old', () => {
    const incident = {
      id: 'inc_0',
      openedAtMs: nowMs,
      needsHuman: false,
      toldReason: 'stalled',
      restarts: 1,
    } as const;
    const source = aSource(0, { lag: lagOf(13 * hourMs) });
    const still = decided(0, {
      run: running,
      source,
      memory: { incident, ...told('warning'), parked: undefined },
    });
    expect(still.verdict.notice).toBeUndefined();
    const over = decided(0, { run: running, memory: { incident, parked: undefined } });
    expect(over.verdict.notice).toMatchObject({ event: 'incident.recovered' });
  });
});

describe('a stream that may be kept for longer', () => {
  const extending = (agoHours: number, given: Case = {}) =>
    decided(agoHours * hourMs, { job: { retention: { warnAt: 0.5, extendToMs: 168 * hourMs } }, ...given });

  it.each([
    [24, 14.9, false],
    [24, 15.1, true],
    [48, 38.3, false],
    [48, 38.5, true],
    [120, 95.9, false],
    [120, 96.1, true],
  ])(
    'of %d h is extended before a person runs out of time, at 80 %% at the latest: %d h',
    (kept, hours, isDue) => {
      const source = aSource(hours * hourMs, {
        retention: { kind: 'seen', retentionMs: kept * hourMs, readAtMs: nowMs, from: 'service' },
      });
      expect(extending(hours, { source }).kind === 'extend-retention').toBe(isDue);
    },
  );

  it('is extended before the run lane goes on, and nothing else is told in that pass', () => {
    const decision = extending(16);
    expect(decision).toMatchObject({
      kind: 'extend-retention',
      reason: 'retention-short',
      guard: { kind: 'done' },
      verdict: {
        extension: { stream: 'clicks', fromHours: 24, toHours: 168, cost: 'about $1.92 a day for 4 shards' },
      },
    });
    expect(decision.aside?.notices).toBeUndefined();
    expect(explain(decision).join('\n')).toContain(
      'Kinesis is told to keep the records of clicks for 168 h instead of 24 h',
    );
  });

  it.each<[string, Case]>([
    ['it is kept as long already', { job: { retention: { warnAt: 0.5, extendToMs: 24 * hourMs } } }],
    ['a command is under way', { memory: { command: aCommand() } }],
    [
      'it was refused a moment ago',
      { memory: { clock: { refused: { atMs: nowMs - hourMs / 2, message: 'no' } } } },
    ],
    [
      'the last try came to nothing',
      { memory: { clock: { tried: { atMs: nowMs - minuteMs, extension: aCommand().extension } } } },
    ],
    ['only the policy says how long it is kept', { job: kafkaJob() }],
    ['the stack may not', { gates: { act: 'restart' } }],
  ])('is not where %s', (_case, given) => {
    expect(extending(16, given).kind).not.toBe('extend-retention');
  });

  it('is taken for extended where it shows to be, although no answer came', () => {
    const tried = { atMs: nowMs - 2 * minuteMs, extension: aCommand().extension };
    const retention = { kind: 'seen', retentionMs: 168 * hourMs, readAtMs: nowMs, from: 'service' } as const;
    const source = aSource(16 * hourMs, { retention });
    const { aside } = extending(16, { source, memory: { clock: { tried } } });
    expect(aside).toMatchObject({
      notices: [{ reason: 'retention-extended' }],
      learned: { clock: { extended: { stream: 'clicks', fromHours: 24, toHours: 168 } } },
    });
    expect(aside?.learned?.clock).not.toHaveProperty('tried');
  });

  it('is proposed to be shortened once the job has caught up, and never twice', () => {
    const retention = { kind: 'seen', retentionMs: 168 * hourMs, readAtMs: nowMs, from: 'service' } as const;
    const extended = { stream: 'clicks', fromHours: 24, toHours: 168, atMs: nowMs - 48 * hourMs };
    const proposal = (agoMs: number, memory: Partial<JobMemory>) =>
      extending(0, {
        run: running,
        source: aSource(agoMs, { retention }),
        memory: { parked: undefined, ...memory },
      }).aside;
    expect(proposal(minuteMs, { clock: { extended } })).toMatchObject({
      notices: [{ event: 'retention.undo-proposed', severity: 'info' }],
      learned: { clock: { extended: { proposedAtMs: nowMs } } },
    });
    expect(
      proposal(minuteMs, { clock: { extended: { ...extended, proposedAtMs: nowMs } } }),
    ).not.toHaveProperty('notices');
    expect(proposal(5 * hourMs, { clock: { extended } })).not.toHaveProperty('notices');
  });
});

describe('the deadline of a start', () => {
  const wishOf = (hours: number) => {
    const decision = decided(hours * hourMs, { run: ended(texts.workerLost), memory: { parked: undefined } });
    return decision.verdict.kind === 'start' ? decision.verdict.wish.deadlineMs : undefined;
  };

  it('is when its records are lost, exact while that is near and to the hour while it is far', () => {
    expect(wishOf(14)).toBe(nowMs - 14 * hourMs - 5 * secondMs + 24 * hourMs);
    const farMs = wishOf(2) ?? 0;
    expect(farMs % hourMs).toBe(0);
    expect(nowMs + 22 * hourMs - farMs).toBeLessThanOrEqual(hourMs + 5 * secondMs);
  });

  it('is left out where nobody knows it', () => {
    expect(deadlineOf({ kind: 'unknown', level: 'calm', why: 'denied' }, nowMs)).toBeUndefined();
    expect(deadlineOf({ kind: 'idle', how: 'quiet' }, nowMs)).toBeUndefined();
  });
});

describe('the words of the clock', () => {
  it.each([
    [0, '1970-01-01 00:00:00 UTC'],
    [Date.parse('2024-02-29T23:59:59Z'), '2024-02-29 23:59:59 UTC'],
    [Date.parse('2100-03-01T00:00:00Z'), '2100-03-01 00:00:00 UTC'],
    [Date.parse('2026-12-31T12:34:56.789Z'), '2026-12-31 12:34:56 UTC'],
  ])('count days as the calendar does: %d', (atMs, expected) => {
    expect(utcText(atMs)).toBe(expected);
  });

  it('agree with the calendar on every day of four centuries', () => {
    for (let day = 0; day < 400 * 366; day += 1) {
      const iso = new Date(day * 24 * hourMs).toISOString();
      expect(utcText(day * 24 * hourMs)).toBe(`${iso.slice(0, 10)} 00:00:00 UTC`);
    }
  });

  it.each([
    [{ retentionMs: 24 * hourMs, openShards: 4 }, 168, 'about $1.92 a day for 4 shards'],
    [{ retentionMs: 24 * hourMs }, 48, 'about $0.020 for each shard and hour'],
    [{ retentionMs: 48 * hourMs, openShards: 4 }, 168, 'no more than now'],
    [
      { retentionMs: 24 * hourMs, openShards: 1 },
      720,
      'about $0.48 a day for 1 shard, and $0.023 a month for each GB that is older than 7 d',
    ],
    [{ retentionMs: 24 * hourMs, isOnDemand: true }, 168, 'billed by the data that is kept, on-demand'],
  ])('say what a longer retention costs: %o to %d h', (retention, toHours, expected) => {
    expect(costText(retention, toHours)).toBe(expected);
  });

  it.each([
    ['idle', { kind: 'idle', how: 'nothing came in since batch 7' }, /^nothing is unread: nothing came in/],
    [
      'unknown',
      { kind: 'unknown', level: 'warning', why: 'denied', sinceMs: nowMs - 13 * hourMs },
      /^unknown: denied; unread for 13 h or more$/,
    ],
  ] as const)('of a clock that is %s say so', (_kind, clock, expected) => {
    expect(clockLine(clock, nowMs)).toMatch(expected);
  });
});

function clocked(changes: JobChanges = {}) {
  return aJob({ source: { kinesis: { stream: 'clicks' } }, retention: { warnAt: 0.5 }, ...changes });
}

function kafkaJob(): JobChanges {
  return {
    source: { kafka: { topics: ['clicks'], retentionMs: 24 * hourMs } },
    retention: { warnAt: 0.5, extendToMs: 168 * hourMs },
  };
}

function aCommand(): NonNullable<JobMemory['command']> {
  return {
    id: 'cmd_1',
    decisionId: 'dec_0',
    extension: { stream: 'clicks', fromHours: 24, toHours: 168, cost: 'about $1.92 a day for 4 shards' },
    decidedAtMs: nowMs - minuteMs,
    notAfterMs: nowMs + minuteMs,
  };
}
