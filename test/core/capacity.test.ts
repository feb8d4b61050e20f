import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  heldBy,
  neededBy,
  neverFits,
  plus,
  type Resources,
  type Room,
  shortages,
  shortageText,
} from '../../src/core/capacity.ts';
import { neededFor } from '../../src/core/rules/capacity.ts';
import {
  aGrant,
  aJob,
  anInput,
  aRequest,
  aWish,
  beside,
  ended,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  texts,
} from '../support/build.ts';

const one: Resources = { vcpu: 8, memoryGb: 32, diskGb: 40 };
const roomOf = (changes: Partial<Room> = {}): Room => ({
  limits: { maximum: { vcpu: 24, memoryGb: 96, diskGb: 120 }, runsMax: 15 },
  runs: 2,
  held: plus(one, one),
  dateMs: nowMs,
  ...changes,
});
const full = roomOf({ runs: 3, held: plus(one, plus(one, one)) });

describe('what a run needs and holds', () => {
  it.each([
    ['the defaults of the service', '', one, { vcpu: 4, memoryGb: 16, diskGb: 20 }],
    [
      'executors that it keeps',
      '--conf spark.dynamicAllocation.minExecutors=3',
      { vcpu: 16, memoryGb: 64, diskGb: 80 },
    ],
    [
      'all of its executors without dynamic allocation',
      '--conf spark.dynamicAllocation.enabled=false --num-executors 2',
      { vcpu: 12, memoryGb: 48, diskGb: 60 },
    ],
    [
      'other sizes, rounded up to a valid worker',
      '--driver-memory 3g --driver-cores 1 --conf spark.executor.cores=8 --conf spark.executor.memory=40g --conf spark.emr-serverless.executor.disk=100g',
      { vcpu: 9, memoryGb: 48, diskGb: 120 },
      { vcpu: 1, memoryGb: 4, diskGb: 20 },
    ],
    [
      'an overhead of its own',
      '--conf spark.executor.memory=14g --conf spark.executor.memoryOverhead=8g',
      { vcpu: 8, memoryGb: 38, diskGb: 40 },
      { vcpu: 4, memoryGb: 16, diskGb: 20 },
    ],
  ])('%s', (_what, parameters, needed, held = needed) => {
    expect(neededBy(aRequest(parameters))).toEqual(needed);
    expect(heldBy(aRequest(parameters))).toEqual(held);
  });

  it('reads the settings of the request where its parameters say nothing', () => {
    const configurationOverrides = {
      applicationConfiguration: [
        {
          classification: 'spark-defaults',
          properties: { 'spark.executor.cores': '1', 'spark.executor.memory': '4g' },
        },
      ],
    };
    expect(neededBy({ ...aRequest('--executor-cores 2'), configurationOverrides })).toEqual({
      vcpu: 6,
      memoryGb: 21,
      diskGb: 40,
    });
  });

  it.each([
    '--driver-memory 16x',
    '--conf spark.emr-serverless.executor.disk=20',
    '--conf spark.executor.cores=many',
    '--executor-memory 900g',
  ])('is not known where a size cannot be read or does not exist: %s', (parameters) =>
    expect(neededBy(aRequest(parameters))).toBeUndefined(),
  );

  it('is that of the larger workers that the plan starts with', () => {
    const workers = { executor: { cores: 4, memory: '27g', disk: '20g' } };
    const input = anInput({ observation: { run: ended(texts.noCapacity) } });
    expect(neededFor(input, { base: { generation: 1 }, spendsBudget: true, workers })).toEqual({
      vcpu: 8,
      memoryGb: 46,
      diskGb: 40,
    });
  });
});

describe('the room of an application', () => {
  it('has nothing missing while everything fits, and says what is missing otherwise', () => {
    expect(shortages(one, roomOf())).toEqual([]);
    expect(shortageText(shortages(one, full))).toBe(
      '8 vCPU (24 of 24 held), 32 GB of memory (96 of 96 held) and 40 GB of disk (120 of 120 held)',
    );
  });

  it('counts starts that were let go and that nobody sees yet', () => {
    expect(shortages(one, roomOf(), [one])).toHaveLength(3);
    expect(shortageText(shortages(one, roomOf({ limits: { runsMax: 3 } }), [one]))).toBe(
      'a run (3 of 3 are live)',
    );
  });

  it('has no limit that nobody said', () => {
    expect(shortages(one, roomOf({ limits: {}, runs: 900 }))).toEqual([]);
    expect(shortages(undefined, full)).toEqual([]);
  });

  it('never fits what is larger than all of it', () => {
    expect(neverFits(one, { maximum: { vcpu: 4 } })).toEqual([{ what: 'vcpu', needed: 8, held: 0, max: 4 }]);
    expect(neverFits(one, full.limits)).toEqual([]);
  });

  it('is never larger for more that is held', () => {
    const amount = fc.nat({ max: 100 });
    const resources = fc.record({ vcpu: amount, memoryGb: amount, diskGb: amount });
    fc.assert(
      fc.property(resources, resources, resources, fc.nat({ max: 20 }), (needed, held, more, runs) => {
        const before = shortages(needed, roomOf({ held, runs })).map(({ what }) => what);
        const after = shortages(needed, roomOf({ held: plus(held, more), runs: runs + 1 })).map(
          ({ what }) => what,
        );
        expect(after).toEqual(expect.arrayContaining(before));
      }),
    );
  });
});

describe('a job that waits for capacity', () => {
  const seen = (room: Room, changes = {}) => ({ kind: 'seen' as const, room, ahead: [], ...changes });
  const waits = (room: Room, { observation, memory, ...rest }: Situation = {}) =>
    judge({
      observation: { run: ended(texts.noCapacity), capacity: seen(room), ...observation },
      memory: { wish: aWish({ class: 'capacity-unavailable', awaitsCapacity: true }), ...memory },
      ...rest,
    });
  const aboutToStart = (room: Room, changes: Situation['memory'] = {}) =>
    judge({
      observation: { run: ended(texts.workerLost), others: beside(), capacity: seen(room) },
      memory: { wish: aWish(), grant: aGrant(), ...changes },
    });

  it('joins the line when the service refused its run: no backoff, no end of its budget', () => {
    const budget = { room: false, window: 'hour', freesAtMs: nowMs + 23 * minuteMs } as const;
    const { verdict } = judge({
      observation: { run: ended(texts.noCapacity), capacity: seen(full), budget },
    });
    expect(verdict).toMatchObject({
      kind: 'start',
      reason: 'waits-for-capacity',
      learned: { waitsSinceMs: nowMs },
      wish: { awaitsCapacity: true, needed: one, notBeforeMs: nowMs + 23 * minuteMs },
    });
    expect(verdict.notice?.text).toContain('has no room for 8 vCPU (24 of 24 held)');
    expect(verdict.notice?.text).toContain('the next one is possible in 23 min');
  });

  it('looks again soon, then more seldom, and calls a person once after half an hour', () => {
    const early = waits(full, { memory: { waitsSinceMs: nowMs - 10_000 } }).verdict;
    expect(early).toMatchObject({ kind: 'wait', untilMs: nowMs + 20_000 });
    const later = waits(full, { memory: { waitsSinceMs: nowMs - 10 * minuteMs } }).verdict;
    expect(later).toMatchObject({ kind: 'wait', untilMs: nowMs + 2 * minuteMs });
    const starved = waits(full, { memory: { waitsSinceMs: nowMs - 30 * minuteMs } }).verdict;
    expect(starved.notice).toMatchObject({ event: 'incident.needs-human', severity: 'critical' });
    const { incident } = starved.learned ?? {};
    expect(incident).toBeDefined();
    const memory = { waitsSinceMs: nowMs - 40 * minuteMs, ...(incident ? { incident } : {}) };
    expect(waits(full, { memory }).verdict.notice).toBeUndefined();
  });

  it('keeps to the times of the policy', () => {
    const job = aJob({
      restart: { classes: { 'capacity-unavailable': { everyMs: 5 * minuteMs, pageMs: 7 * minuteMs } } },
    });
    const memory = { waitsSinceMs: nowMs - 6 * minuteMs };
    expect(waits(full, { job, memory }).verdict).toMatchObject({ untilMs: nowMs + minuteMs });
    const { verdict } = waits(full, { job, memory: { waitsSinceMs: nowMs - 8 * minuteMs } });
    expect(verdict).toMatchObject({ untilMs: nowMs + 5 * minuteMs, notice: { severity: 'critical' } });
  });

  it('is parked once its application can never hold it', () => {
    const small = roomOf({ limits: { maximum: { vcpu: 4, memoryGb: 96 } } });
    for (const { verdict } of [
      waits(small),
      aboutToStart(small),
      judge({ observation: { run: ended(texts.noCapacity), capacity: seen(small) } }),
    ])
      expect(verdict).toMatchObject({
        kind: 'park',
        reason: 'capacity-too-small',
        learned: { parked: { reason: 'capacity-too-small', jobRunId: 'run-1' } },
        forget: ['wish', 'grant', 'waitsSinceMs'],
      });
  });

  it('is told that a size step made it too large, and that a start in the sizes that it had is left', () => {
    const small = roomOf({ limits: { maximum: { vcpu: 96, memoryGb: 36 } } });
    const wish = aWish({
      plan: {
        base: { generation: 1 },
        spendsBudget: true,
        leastWorkers: { executor: { memory: '22341m' } },
        change: 'with executor memory 14g → 21.8g',
      },
    });
    const { notice } = judge({
      observation: { run: ended(texts.outOfMemory), others: beside(), capacity: seen(small) },
      memory: { wish, grant: aGrant() },
    }).verdict;
    expect(notice?.text).toContain(
      'need 8 vCPU, 40 GB of memory and 40 GB of disk with executor memory 14g → 21.8g, and application app-1 may hold only 36 GB of memory in all. Raise its maximumCapacity, or start it in the sizes that it had: checkpilot start orders --override',
    );
  });

  it('is not claimed while there is no room, gives back its turn, and keeps its place', () => {
    const { verdict } = aboutToStart(full);
    expect(verdict).toMatchObject({
      kind: 'wait',
      reason: 'waits-for-capacity',
      forget: ['grant'],
      learned: { waitsSinceMs: nowMs, wish: { id: 'wsh_1', awaitsCapacity: true, needed: one } },
    });
  });

  it('is claimed when there is room, or when nobody knows', () => {
    expect(aboutToStart(roomOf()).verdict.kind).toBe('claim');
    const unknown = judge({
      observation: {
        run: ended(texts.workerLost),
        others: beside(),
        capacity: { kind: 'unknown', why: 'denied' },
      },
      memory: { wish: aWish(), grant: aGrant() },
    });
    expect(unknown.verdict.kind).toBe('claim');
  });

  it('is claimed all the same when a person ordered it', () => {
    const wish = aWish({ cause: 'operator', reason: 'ordered-by-person' });
    expect(aboutToStart(full, { wish }).verdict.kind).toBe('claim');
  });

  it('says that the room seems to be there when the service refused all the same', () => {
    const { verdict } = judge({ observation: { run: ended(texts.noCapacity), capacity: seen(roomOf()) } });
    expect(verdict.notice?.text).toMatch(/seems to have room, and the service refused the run all the same/);
  });
});
