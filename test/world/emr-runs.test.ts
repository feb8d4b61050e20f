import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createWorld, us } from './support.ts';

const dyingEvery = { dieAt: [{ cause: 'user-code-error' as const, afterBatches: 0 }] };

describe('a job run', () => {
  it('goes from SUBMITTED to RUNNING and is seen by its id at once', async () => {
    const { start, get, statesOf, untilState } = createWorld();
    const id = start();
    expect(get(id)).toMatchObject({ state: 'SUBMITTED', attempt: 1, mode: 'STREAMING', createdBy: us.arn });
    expect(get(id).startedAt).toBeUndefined();
    await untilState(id, 'RUNNING');
    expect(statesOf(id)).toEqual(['PENDING', 'SCHEDULED', 'RUNNING']);
    expect(get(id).startedAt).toBeGreaterThan(get(id).createdAt);
  });

  it('is QUEUED while the application is full, and starts when a run has ended', async () => {
    const { start, get, cancel, runFor, statesOf } = createWorld({ application: { maxConcurrentRuns: 1 } });
    const first = start();
    await runFor(5);
    const second = start({ jobDriver: { sparkSubmit: { entryPoint: 's3://a/b.py' } } });
    await runFor(5);
    expect(get(second).state).toBe('QUEUED');
    cancel(first, 0);
    await runFor(10);
    expect(statesOf(second)).toEqual(['QUEUED', 'PENDING', 'SCHEDULED', 'RUNNING']);
    expect(get(second).queuedDurationMilliseconds).toBeGreaterThan(4 * 60_000);
  });

  it('fails when it has waited in the queue for too long', async () => {
    const { start, get, runFor } = createWorld({ application: { maxConcurrentRuns: 1 } });
    start();
    await runFor(1);
    const second = start();
    await runFor(361);
    expect(get(second)).toMatchObject({
      state: 'FAILED',
      stateDetails: expect.stringContaining('queue timeout'),
    });
  });

  it('leaves the queue when it is cancelled: it takes no place then or later', async () => {
    const { start, get, cancel, runFor, statesOf } = createWorld({ application: { maxConcurrentRuns: 1 } });
    const first = start();
    await runFor(5);
    const second = start();
    await runFor(5);
    const third = start();
    await runFor(5);
    cancel(second);
    await runFor(5);
    expect([get(second).state, get(third).state]).toEqual(['CANCELLED', 'QUEUED']);
    cancel(first, 0);
    await runFor(10);
    expect(statesOf(second)).toEqual(['QUEUED', 'CANCELLING', 'CANCELLED']);
    expect(get(third).state).toBe('RUNNING');
  });
});

describe('the end of a job run', () => {
  it('ends in SUCCESS when the driver exits with 0', async () => {
    const { world, start, get, untilState } = createWorld();
    world.script('orders', { dieAt: [{ cause: 'exit-0', afterBatches: 2 }] });
    const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 5 } });
    await untilState(id, 'SUCCESS');
    expect(get(id)).toMatchObject({ state: 'SUCCESS', attempt: 1, stateDetails: '' });
    expect(world.journal.ofKind('batch-committed')).toHaveLength(2);
  });

  it('is refused by missing capacity before it runs', async () => {
    const { world, start, get, statesOf, untilState } = createWorld();
    world.script('orders', { dieAt: [{ cause: 'capacity-unavailable' }] });
    const id = start();
    await untilState(id, 'FAILED');
    expect(statesOf(id)).toEqual(['PENDING', 'SCHEDULED', 'FAILED']);
    expect(get(id).stateDetails).toBe('Job failed as application has exceeded maximumCapacity settings.');
  });

  it('is cancelled by the service when a batch run is over its time', async () => {
    const { start, statesOf, runFor, request } = createWorld();
    const { retryPolicy: _, ...batch } = request({ mode: 'BATCH', executionTimeoutMinutes: 30 });
    const id = start({ ...batch, retryPolicy: {} });
    await runFor(60);
    expect(statesOf(id)).toEqual(['PENDING', 'SCHEDULED', 'RUNNING', 'CANCELLING', 'CANCELLED']);
  });
});

describe("the service's own retries", () => {
  it('starts attempts under the same id until the allowed failures of an hour are used up', async () => {
    const { world, start, get, untilState } = createWorld();
    world.script('orders', dyingEvery);
    const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 3 } });
    await untilState(id, 'FAILED');
    expect(world.journal.ofKind('attempt-failed').map((entry) => entry.attempt)).toEqual([1, 2, 3]);
    expect(get(id)).toMatchObject({ state: 'FAILED', attempt: 3 });
    expect(get(id, 1)).toMatchObject({ state: 'FAILED', attempt: 1, stateDetails: get(id).stateDetails });
    expect(get(id, 2).attemptCreatedAt).toBe(get(id, 1).endedAt);
    expect(() => get(id, 4)).toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
  });

  it('does not retry at all with a limit of 1, and five times by default', async () => {
    for (const [retryPolicy, attempts] of [
      [{ maxFailedAttemptsPerHour: 1 }, 1],
      [{}, 5],
    ] as const) {
      const { world, start, untilState } = createWorld();
      world.script('orders', dyingEvery);
      await untilState(start({ retryPolicy }), 'FAILED');
      expect(world.journal.ofKind('attempt-failed')).toHaveLength(attempts);
    }
  });

  it('counts in a rolling hour: failures that are older do not end the run', async () => {
    const { world, time, start, get, runFor } = createWorld();
    const atMs = (minutes: number): number => time.now() + minutes * 60_000;
    world.script('orders', {
      dieAt: [20, 85, 150].map((minutes) => ({ cause: 'worker-lost' as const, atMs: atMs(minutes) })),
    });
    const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 2 } });
    await runFor(170);
    expect(get(id)).toMatchObject({ state: 'RUNNING', attempt: 4 });
  });

  it('keeps the run in RUNNING between attempts, unless the world is told to show it', async () => {
    for (const [isRetryStateShown, scheduled] of [
      [false, 1],
      [true, 2],
    ] as const) {
      const { world, start, statesOf, runFor } = createWorld({ parameters: { isRetryStateShown } });
      world.script('orders', { dieAt: [{ cause: 'worker-lost', afterBatches: 1 }] });
      const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 5 } });
      await runFor(30);
      expect(statesOf(id).filter((state) => state === 'SCHEDULED')).toHaveLength(scheduled);
    }
  });
});

describe('what remains of a failed attempt', () => {
  it('lists attempts newest first, with ids that are not the id of the run', async () => {
    const { world, applicationId, start, untilState } = createWorld();
    world.script('orders', dyingEvery);
    const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 2 } });
    await untilState(id, 'FAILED');
    const { jobRunAttempts } = world.emr.listJobRunAttempts(applicationId, id, us);
    expect(jobRunAttempts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [2, 'FAILED'],
      [1, 'FAILED'],
    ]);
    expect(jobRunAttempts[0]?.id).not.toBe(id);
    expect(jobRunAttempts[0]).not.toHaveProperty('endedAt');
  });

  it("writes the driver's log of a failed attempt where the service puts it", async () => {
    const { world, objects, applicationId, start, untilState } = createWorld();
    world.script('orders', dyingEvery);
    const logs = { monitoringConfiguration: { s3MonitoringConfiguration: { logUri: 's3://logs/emr/' } } };
    const id = start({ configurationOverrides: logs });
    await untilState(id, 'FAILED');
    const key = `logs/emr/applications/${applicationId}/jobs/${id}/attempts/1/SPARK_DRIVER/stderr.gz`;
    const stderr = gunzipSync(Buffer.from(objects.objects.get(key) ?? '')).toString();
    expect(stderr).toContain('ZeroDivisionError: float division by zero');
    expect(stderr).toMatch(/^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d INFO MicroBatchExecution/);
  });

  it.each([
    ['worker-lost', 'Exit status: -100'],
    ['out-of-memory', 'ExitCode: 137. Last few exceptions: Worker has been killed as memory usage exceeded'],
    ['user-code-error', 'org.apache.spark.api.python.PythonException'],
    ['no-evidence', 'ExitCode: 1.'],
  ] as const)('shows %s in at most 256 characters of stateDetails', async (cause, text) => {
    const { world, start, get, untilState } = createWorld();
    world.script('orders', { dieAt: [{ cause, afterBatches: 0 }] });
    const id = start();
    await untilState(id, 'FAILED');
    expect(get(id).stateDetails.length).toBeLessThanOrEqual(256);
    expect(get(id).stateDetails).toContain(cause === 'worker-lost' ? 'ExecutorLostFailure' : text);
  });
});

describe('cancelling', () => {
  it('lets the batch in flight finish within the grace', async () => {
    const { world, start, cancel, get, untilBatch, runFor, statesOf } = createWorld();
    const id = start();
    await untilBatch(3);
    cancel(id);
    await runFor(5);
    expect(statesOf(id).slice(-2)).toEqual(['CANCELLING', 'CANCELLED']);
    expect(world.journal.ofKind('batch-committed').at(-1)?.batch).toBe(4);
    expect(get(id).endedAt).toBe(get(id).updatedAt);
  });

  it('kills a stalled run when the grace is over', async () => {
    const { world, time, start, cancel, get, untilBatch, runFor } = createWorld();
    world.script('orders', { dieAt: [{ cause: 'stall', atMs: time.now() + 600_000 }] });
    const id = start();
    await untilBatch(1);
    await runFor(30);
    const committed = world.journal.ofKind('batch-committed').length;
    expect(get(id).state).toBe('RUNNING');
    cancel(id, 60);
    await runFor(4);
    expect(get(id).state).toBe('CANCELLED');
    expect(world.journal.ofKind('batch-committed')).toHaveLength(committed);
    const [from = 0, to = 0] = world.journal
      .ofKind('run-state')
      .slice(-2)
      .map((entry) => entry.t);
    expect(to - from).toBeGreaterThanOrEqual(5_000);
  });

  it('ignores a second cancel and one of an ended run, and refuses a grace that the service does not know', async () => {
    const { world, start, cancel, runFor } = createWorld();
    const id = start();
    await runFor(5);
    cancel(id, 0);
    cancel(id, 0);
    await runFor(5);
    cancel(id);
    expect(world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    for (const grace of [1, 14, 1801]) {
      expect(() => cancel(id, grace)).toThrow(expect.objectContaining({ name: 'ValidationException' }));
    }
    expect(() => cancel('00unknown')).toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
  });

  it('ends a run that never ran', async () => {
    const { start, cancel, statesOf, runFor } = createWorld();
    const id = start();
    cancel(id);
    await runFor(1);
    expect(statesOf(id)).toEqual(['CANCELLING', 'CANCELLED']);
  });
});
