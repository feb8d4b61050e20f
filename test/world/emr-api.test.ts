import { describe, expect, it } from 'vitest';
import type { StartJobRunRequest } from '../../src/world/emr-types.ts';
import { createWorld, us } from './support.ts';

const named = (name: string) => expect.objectContaining({ name });

describe('StartJobRun', () => {
  it('answers a known token with its run, even when that run has ended', async () => {
    const { world, request, cancel, runFor } = createWorld();
    const asked = request({ clientToken: 'same' });
    const first = world.emr.startJobRun(asked, us);
    cancel(first.jobRunId);
    await runFor(5);
    expect(world.emr.startJobRun(structuredClone(asked), us)).toEqual(first);
    expect(world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(world.journal.ofKind('start-replayed')).toMatchObject([
      { jobRunId: first.jobRunId, clientToken: 'same' },
    ]);
  });

  it('refuses a known token with other parameters', () => {
    const { world, request } = createWorld();
    world.emr.startJobRun(request({ clientToken: 'same' }), us);
    expect(() => world.emr.startJobRun(request({ clientToken: 'same', name: 'other' }), us)).toThrow(
      named('ConflictException'),
    );
  });

  it('forgets a token after the time that was drawn for the world', async () => {
    const { world, request, runFor } = createWorld({
      parameters: { tokenMemorySecondsMin: 1_200, tokenMemorySecondsMax: 1_200 },
    });
    const asked = request({ clientToken: 'same' });
    const first = world.emr.startJobRun(asked, us);
    await runFor(19);
    expect(world.emr.startJobRun(asked, us)).toEqual(first);
    await runFor(2);
    expect(world.emr.startJobRun(asked, us).jobRunId).not.toBe(first.jobRunId);
  });

  it('refuses a request that was signed too long ago, whatever it asks', async () => {
    const { world, time, request, runFor } = createWorld();
    const signedAtMs = time.now();
    await runFor(15);
    world.emr.startJobRun(request(), { ...us, signedAtMs });
    await runFor(0.1);
    expect(() => world.emr.startJobRun(request(), { ...us, signedAtMs })).toThrow(
      expect.objectContaining({
        name: 'InvalidSignatureException',
        status: 403,
        message: expect.stringContaining(
          'Signature expired: 20261122T200000Z is now earlier than 20261122T200006Z',
        ),
      }),
    );
  });
});

describe('the check of a start request', () => {
  const spark = (sparkSubmitParameters: string): Partial<StartJobRunRequest> => ({
    jobDriver: { sparkSubmit: { entryPoint: 's3://artifacts/orders.py', sparkSubmitParameters } },
  });

  it.each<[string, Partial<StartJobRunRequest>]>([
    ['a mode that does not exist', { mode: 'FAST' as never }],
    ['a time-out in streaming mode', { executionTimeoutMinutes: 0 }],
    ['11 failed attempts an hour', { retryPolicy: { maxFailedAttemptsPerHour: 11 } }],
    ['no failed attempt an hour', { retryPolicy: { maxFailedAttemptsPerHour: 0 } }],
    ['maxAttempts in streaming mode', { retryPolicy: { maxAttempts: 2 } }],
    ['streaming retries in batch mode', { mode: 'BATCH' }],
    ['an empty name', { name: '' }],
    ['a name of 257 characters', { name: 'x'.repeat(257) }],
    ['a token of 65 characters', { clientToken: 'x'.repeat(65) }],
    ['a token with a slash', { clientToken: 'a/b' }],
    ['a role that is no ARN', { executionRoleArn: 'orders' }],
    ['201 tags', { tags: Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`t${index}`, ''])) }],
    ['no job driver', { jobDriver: {} }],
    ['three cores', spark('--conf spark.executor.cores=3')],
    [
      '60 GB for 32 cores, between two sizes',
      spark('--conf spark.executor.cores=32 --conf spark.executor.memory=60G'),
    ],
    ['28 GB for 4 cores, which is too much with its overhead', spark('--conf spark.executor.memory=28G')],
    ['a driver memory that is no size', spark('--conf spark.driver.memory=much')],
  ])('refuses %s', (_, changes) => {
    const { start } = createWorld();
    expect(() => start(changes)).toThrow(named('ValidationException'));
  });

  it('accepts the largest executor that fits, and a release without streaming only for batch', () => {
    const { start } = createWorld();
    expect(start(spark('--conf spark.executor.memory=27G --conf spark.executor.cores=4'))).toMatch(
      /^[0-9a-z]{16}$/,
    );
    const old = createWorld({ application: { releaseLabel: 'emr-6.15.0' } });
    expect(() => old.start()).toThrow(named('ValidationException'));
    expect(old.start({ mode: 'BATCH', retryPolicy: { maxAttempts: 2 } })).toBeTruthy();
  });

  it('knows only its own applications', () => {
    const { start } = createWorld();
    expect(() => start({ applicationId: '00unknown' })).toThrow(named('ResourceNotFoundException'));
  });
});

describe('the lists', () => {
  it('show a new run only after a while, and every run with its present state', async () => {
    const { world, time, applicationId, start, cancel } = createWorld({
      parameters: { listLagSeconds: { p50: 10, p95: 10.001 } },
    });
    const list = () => world.emr.listJobRuns(applicationId, {}, us).jobRuns;
    const id = start();
    await time.run({ untilMs: time.now() + 9_000 });
    expect(list()).toEqual([]);
    await time.run({ untilMs: time.now() + 2_000 });
    expect(list()).toMatchObject([{ id, name: 'orders' }]);
    expect(list()[0]).not.toHaveProperty('tags');
    cancel(id);
    expect(list()).toMatchObject([{ id, state: 'CANCELLING' }]);
  });

  it('come newest first, in pages that a new run does not shift', async () => {
    const { world, applicationId, start, runFor } = createWorld();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift(start());
      await runFor(2);
    }
    const first = world.emr.listJobRuns(applicationId, { maxResults: 2 }, us);
    start();
    await runFor(5);
    const second = world.emr.listJobRuns(
      applicationId,
      { maxResults: 3, nextToken: first.nextToken ?? '' },
      us,
    );
    expect([...first.jobRuns, ...second.jobRuns].map(({ id }) => id)).toEqual(ids);
    expect(second).not.toHaveProperty('nextToken');
  });

  it('filter by state, mode and creation time', async () => {
    const { world, applicationId, time, start, cancel, runFor } = createWorld();
    const old = start();
    await runFor(2);
    const middleMs = time.now();
    await runFor(1);
    const young = start({ mode: 'BATCH', retryPolicy: {} });
    await runFor(2);
    cancel(old, 0);
    await runFor(5);
    const ids = (query: Parameters<typeof world.emr.listJobRuns>[1]) =>
      world.emr.listJobRuns(applicationId, query, us).jobRuns.map(({ id }) => id);
    expect(ids({ states: ['CANCELLED'] })).toEqual([old]);
    expect(ids({ mode: 'BATCH' })).toEqual([young]);
    expect(ids({ createdAtAfter: middleMs })).toEqual([young]);
    expect(ids({ createdAtBefore: middleMs })).toEqual([old]);
    for (const query of [
      { maxResults: 51 },
      { maxResults: 0 },
      { nextToken: 'x' },
      { states: ['DONE' as never] },
    ]) {
      expect(() => ids(query)).toThrow(named('ValidationException'));
    }
  });
});

describe('the quotas', () => {
  it.each([
    ['StartJobRun', 25, 1],
    ['ListJobRuns', 25, 1],
    ['CancelJobRun', 25, 1],
    ['GetJobRun', 50, 10],
  ] as const)('allow %s a burst of %i and then %i a second', async (operation, burst, perSecond) => {
    const { world, time, applicationId, start, get, cancel } = createWorld();
    const id = operation === 'StartJobRun' ? '' : start();
    const call = {
      StartJobRun: () => void start(),
      ListJobRuns: () => void world.emr.listJobRuns(applicationId, {}, us),
      CancelJobRun: () => cancel(id),
      GetJobRun: () => void get(id),
    }[operation];
    for (let count = 0; count < burst; count += 1) call();
    expect(call).toThrow(expect.objectContaining({ name: 'ThrottlingException', status: 400 }));
    await time.run({ untilMs: time.now() + 1_000 });
    for (let count = 0; count < perSecond; count += 1) call();
    expect(call).toThrow(named('ThrottlingException'));
  });
});
