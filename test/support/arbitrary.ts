import fc from 'fast-check';
import type { Approval } from '../../src/core/approval.ts';
import { decide } from '../../src/core/decide.ts';
import { failureClasses } from '../../src/core/failure/taxonomy.ts';
import type { Mode } from '../../src/core/job.ts';
import { type JobRun, type JobRunState, liveStates, terminalStates } from '../../src/core/job-run.ts';
import type { Grant, JobMemory, Wish } from '../../src/core/memory.ts';
import type { CheckpointSensor, Observation, OthersSensor, RunSensor } from '../../src/core/observation.ts';
import { questionOn } from '../../src/core/questions.ts';
import { reasons } from '../../src/core/reason.ts';
import type { DecideInput } from '../../src/core/rule.ts';
import type { SourceSensor } from '../../src/core/source.ts';
import { aGrant, aJob, anInput, aRun, aWish, checkpoint, nowMs, sizedRun, texts } from './build.ts';

/** Values that go far outside of what a service sends, inside what the types promise. */
const states = fc.oneof(
  fc.constantFrom<JobRunState>(...terminalStates),
  fc.constantFrom<JobRunState>(...liveStates, 'UNRECOGNISED'),
);
const moments = fc.integer({ min: nowMs - 3 * 86_400_000, max: nowMs + 60_000 });
const details = fc.oneof(fc.constantFrom('', ...Object.values(texts)), fc.string({ maxLength: 40 }));
const runIds = fc.constantFrom('run-0', 'run-1', 'run-1');
const unknown = fc.constantFrom({ kind: 'unknown' as const, why: 'throttled' });
const locations = [checkpoint, 's3://acme-checkpoints/orders-late'] as const;

const runs: fc.Arbitrary<JobRun> = fc
  .record(
    {
      jobRunId: runIds,
      state: states,
      stateDetails: details,
      createdAtMs: moments,
      startedAtMs: moments,
      endedAtMs: moments,
      attempt: fc.integer({ min: 1, max: 9 }),
      mode: fc.constantFrom('STREAMING', 'BATCH'),
      durationMs: fc.integer({ min: 0, max: 90_000_000 }),
    },
    { requiredKeys: ['jobRunId', 'state', 'stateDetails', 'createdAtMs'] },
  )
  .map((changes) => aRun(changes));

const runSensor: fc.Arbitrary<RunSensor> = fc.oneof(
  { weight: 8, arbitrary: runs.map((run) => ({ kind: 'seen' as const, run })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'none' as const }) },
  { weight: 1, arbitrary: unknown },
);

const othersSensor: fc.Arbitrary<OthersSensor> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'seen' as const, dateMs: nowMs, live: [] }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        kind: fc.constant('seen' as const),
        dateMs: moments,
        live: fc.array(
          runs.map((run) =>
            terminalStates.some((end) => end === run.state) ? { ...run, state: 'RUNNING' as const } : run,
          ),
          { maxLength: 3 },
        ),
        ended: runs,
      },
      { requiredKeys: ['kind', 'dateMs', 'live'] },
    ),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'not-looked' as const }) },
  { weight: 1, arbitrary: unknown },
);

const checkpointSensor: fc.Arbitrary<CheckpointSensor> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ committedBatch: fc.integer({ min: -1, max: 130 }), isLate: fc.boolean() })
      .map(({ committedBatch, isLate }) => ({
        kind: 'seen' as const,
        committedBatch,
        plannedBatch: committedBatch + 1,
        ...(isLate ? { times: { plannedAtMs: nowMs - 3_600_000 } } : {}),
      })),
  },
  { weight: 1, arbitrary: unknown },
);

const readings = fc.record({ readAtMs: moments, askedAtMs: moments, batch: fc.constantFrom(120, 119) });

const sources: fc.Arbitrary<SourceSensor> = fc.record(
  {
    retention: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record(
          {
            kind: fc.constant('seen' as const),
            retentionMs: fc.constantFrom(24, 48, 168, 8_760).map((hours) => hours * 3_600_000),
            readAtMs: moments,
            from: fc.constant('service' as const),
            openShards: fc.integer({ min: 0, max: 500 }),
            isOnDemand: fc.boolean(),
          },
          { requiredKeys: ['kind', 'retentionMs', 'readAtMs', 'from'] },
        ),
      },
      { weight: 1, arbitrary: unknown },
      {
        weight: 1,
        arbitrary: fc.constant({ kind: 'unknown' as const, why: 'denied', atLeastMs: 86_400_000 }),
      },
    ),
    read: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record(
          {
            kind: fc.constant('seen' as const),
            location: fc.constant(checkpoint),
            batch: fc.constant(120),
            plannedAtMs: moments,
            isExact: fc.boolean(),
            committedAtMs: moments,
            nextPlannedAtMs: moments,
          },
          { requiredKeys: ['kind', 'location', 'batch', 'plannedAtMs', 'isExact'] },
        ),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('first-batch' as const), plannedAtMs: moments }),
      },
      { weight: 1, arbitrary: unknown },
    ),
    marks: fc.constant({}),
    lag: fc
      .tuple(readings, fc.option(fc.integer({ min: 0, max: 90_000_000 }), { nil: undefined }))
      .map(([reading, lagMs]) => (lagMs === undefined ? reading : { ...reading, lagMs })),
    lagBefore: readings.map((reading) => ({ ...reading, lagMs: 3_600_000 })),
    input: fc
      .tuple(readings, fc.option(moments, { nil: undefined }))
      .map(([reading, firstMs]) => (firstMs === undefined ? reading : { ...reading, firstMs })),
  },
  { requiredKeys: ['retention', 'read', 'marks'] },
);

const seamGap = {
  kind: 'skipped',
  stream: 'clicks',
  id: 'shardId-000000000000',
  from: null,
  to: null,
} as const;

const observations: fc.Arbitrary<Observation> = fc.record(
  {
    nowMs: fc.constant(nowMs),
    run: runSensor,
    others: othersSensor,
    checkpoints: fc.dictionary(fc.constantFrom(...locations), checkpointSensor),
    ownCancelOf: runIds,
    // A gap goes before whatever else there is to say of the run.
    seams: fc
      .constantFrom([], [], [], [], [], [], [], [seamGap])
      .map((gaps) => ({ [checkpoint]: { kind: 'seen' as const, batch: 120, gaps } })),
    inspections: fc.constantFrom(
      { [checkpoint]: { kind: 'seen' as const, health: 'clean' } },
      {
        [checkpoint]: {
          kind: 'seen' as const,
          health: 'corrupt',
          fault: { message: 'cut', path: 'offsets/1' },
        },
      },
    ),
    failedAttempt: fc.record({
      number: fc.integer({ min: 1, max: 3 }),
      stateDetails: fc.constantFrom(...Object.values(texts)),
      endedAtMs: moments,
      logs: fc.constant({ kind: 'none' as const, why: 'nowhere' }),
    }),
    source: sources,
    losses: fc.constantFrom(
      {
        kind: 'seen' as const,
        found: [
          { key: 'orders-1 2 3', what: 'orders-1: offsets 2 to 3', source: 'SPARK_DRIVER/stderr', line: 1 },
        ],
        jobRunId: 'run-1',
        look: { jobRunId: 'run-1', applicationId: 'app-1', attempt: 1, atMs: 1 },
      },
      {
        kind: 'later' as const,
        jobRunId: 'run-1',
        look: { jobRunId: 'run-1', applicationId: 'app-1', attempt: 1, atMs: 1, endedAtMs: 1 },
        againAtMs: 180_001,
      },
    ),
    budget: fc.record(
      {
        room: fc.boolean(),
        window: fc.constantFrom('hour' as const, 'day' as const),
        freesAtMs: moments,
        usedHour: fc.nat(9),
        usedDay: fc.nat(20),
      },
      { requiredKeys: ['room', 'usedHour', 'usedDay'] },
    ),
    gates: fc.record({
      killSwitch: rarely(),
      fleetPaused: rarely(),
      act: fc.constantFrom(
        'all' as const,
        'all' as const,
        'all' as const,
        'restart' as const,
        'none' as const,
      ),
      clockSkewMs: rarely().map((drawn) => (drawn ? 5_001 : 5_000)),
      newerState: rarely(),
    }),
  },
  { requiredKeys: ['nowMs', 'run', 'others', 'checkpoints', 'budget', 'gates'] },
);

/** Around now, where answers change. */
const edges = fc.constantFrom(nowMs - 30_000, nowMs - 1, nowMs, nowMs + 1, nowMs + 60_000);

const wishes: fc.Arbitrary<Wish> = fc
  .record({
    afterRunId: fc.option(runIds, { nil: undefined }),
    notBeforeMs: edges,
    spendsBudget: fc.boolean(),
  })
  .map(({ afterRunId, notBeforeMs, spendsBudget }) => {
    const { afterRunId: _other, ...wish } = aWish({ notBeforeMs, plan: { base: 'spec', spendsBudget } });
    return afterRunId === undefined ? wish : { ...wish, afterRunId };
  });

const grants: fc.Arbitrary<Grant> = fc
  .record({
    wishId: fc.constantFrom('wsh_1', 'wsh_1', 'wsh_0'),
    expiresAtMs: edges,
    state: fc.constantFrom('unused' as const, 'unused' as const, 'used' as const),
  })
  .map((changes) => aGrant(changes));

const memories: fc.Arbitrary<JobMemory> = fc.record(
  {
    generation: fc.nat(20),
    desired: fc.constantFrom('running' as const, 'running' as const, 'stopped' as const),
    progress: fc.dictionary(
      fc.constantFrom(...locations),
      fc.record({ committedAtStart: fc.integer({ min: -1, max: 130 }), streak: fc.nat(6) }),
    ),
    backoffStep: fc.nat(100),
    parked: fc.record(
      { reason: reasonCodes(), atMs: moments, jobRunId: runIds },
      { requiredKeys: ['reason', 'atMs'] },
    ),
    pause: fc.record({ untilMs: moments, by: fc.constant('ana'), reason: fc.constant('db move') }),
    wish: wishes,
    grant: grants,
    incident: fc.record({
      id: fc.constant('inc_0'),
      openedAtMs: moments,
      class: fc.constantFrom(...classNames()),
      needsHuman: fc.boolean(),
      toldReason: reasonCodes(),
      restarts: fc.nat(9),
    }),
    lastStartAtMs: moments,
    unknownSinceMs: moments,
    clock: fc.record(
      {
        told: fc.record({
          level: fc.constantFrom('warning' as const, 'critical' as const, 'lost' as const),
          retentionMs: fc.constantFrom(86_400_000, 7 * 86_400_000),
        }),
        extended: fc.constant({ stream: 'clicks', fromHours: 24, toHours: 168, atMs: nowMs - 86_400_000 }),
        refused: fc.record({ atMs: moments, message: fc.constant('denied') }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['generation', 'desired', 'progress', 'backoffStep'] },
);

/** Whatever one pass may be asked to judge. */
export const inputs: fc.Arbitrary<DecideInput> = fc
  .record({
    mode: fc.constantFrom<Mode>('act', 'act', 'act', 'suggest', 'observe'),
    onBudgetExhausted: fc.constantFrom('page' as const, 'wait' as const),
    observation: observations,
    memory: memories,
    /** Drawn apart, a wish and its grant would hardly ever fit each other and the run. */
    isGranted: fc.nat(2).map((drawn) => drawn === 0),
    workerMemory: fc.constantFrom('14g', '54g', '2048m', '16384', '221g'),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    approval: fc.constantFrom(undefined, undefined, 'right', 'late', 'of-another', 'open', 'declined'),
  })
  .map(({ mode, onBudgetExhausted, observation, memory, isGranted, workerMemory, random, approval }) => {
    const granted = isGranted ? { wish: aWish(), grant: aGrant() } : {};
    const worker = { cores: 4, memory: workerMemory, disk: '20g' };
    const job = aJob({
      mode,
      checkpoints: locations,
      restart: { onBudgetExhausted },
      source: { kinesis: { stream: 'clicks' } },
      retention: { warnAt: 0.5, extendToMs: 168 * 3_600_000 },
    });
    const input = anInput({ job, random });
    const run = sizedRun(observation.run, { driver: worker, executor: worker });
    const whole = { ...input, observation: { ...observation, run }, memory: { ...memory, ...granted } };
    return approval === undefined ? whole : asking(whole, approval);
  });

/** A person was asked about what is wanted now, or about something else, and has answered or not. */
function asking(input: DecideInput, how: 'right' | 'late' | 'of-another' | 'open' | 'declined'): DecideInput {
  const { plan } = decide(input);
  const approval: Approval = {
    hash: how === 'of-another' ? 'another0000' : (plan?.hash ?? 'none0000000'),
    action: plan?.action ?? 'restart',
    text: 'start orders',
    state: how === 'open' || how === 'declined' ? how : 'approved',
    decisionId: 'dec_0',
    askedAtMs: nowMs - 60_000,
    expiresAtMs: how === 'late' ? nowMs : nowMs + 1,
    by: 'ana',
    reason: 'go on',
  };
  return { ...input, memory: { ...input.memory, [questionOn(approval.action)]: approval } };
}

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(24).map((drawn) => drawn === 0);
}

function reasonCodes() {
  return fc.constantFrom(...(Object.keys(reasons) as (keyof typeof reasons)[]));
}

function classNames() {
  return Object.keys(failureClasses) as (keyof typeof failureClasses)[];
}
