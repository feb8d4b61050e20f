import { describe, expect, it } from 'vitest';
import { createWorld, us } from './support.ts';

/** A driver and one executor of the default size: 8 vCPU, 32 GB, 40 GB of disk. */
const roomForOne = { cpu: '8 vCPU', memory: '32 GB', disk: '40 GB' };
const other = (name: string) => ({
  name,
  jobDriver: {
    sparkSubmit: {
      entryPoint: 's3://artifacts/job.py',
      entryPointArguments: ['--checkpoint', `s3://checkpoints/${name}`],
    },
  },
});

describe('an application with a maximum capacity', () => {
  it('has no driver for a run that comes when it is full, and says so in the words of the service', async () => {
    const { start, get, statesOf, untilState, untilBatch, time } = createWorld({
      application: { maximumCapacity: roomForOne },
    });
    start();
    await untilBatch(0);
    const second = start(other('clicks'));
    await untilState(second, 'FAILED');
    expect(statesOf(second)).toEqual(['PENDING', 'SCHEDULED', 'FAILED']);
    expect(get(second).stateDetails).toBe('Job failed as application has exceeded maximumCapacity settings.');
    expect(time.now()).toBeGreaterThan(0);
  });

  it('counts workers by their real size: memory and its overhead, rounded up', async () => {
    // 14 GB and a tenth are 15.4: a worker of 16 GB, so two of them need 32.
    const { start, get, untilState, untilBatch } = createWorld({
      application: { maximumCapacity: { cpu: '100 vCPU', memory: '31 GB' } },
    });
    const run = start();
    await untilState(run, 'RUNNING');
    await expect(untilBatch(0)).resolves.toBeUndefined();
    expect(get(run).state).toBe('RUNNING');
  });

  it('leaves a run RUNNING without a batch when only executors do not fit, and gives them as soon as they do', async () => {
    const { world, applicationId, start, get, runFor, untilBatch } = createWorld({
      application: { maximumCapacity: { cpu: '7 vCPU', memory: '100 GB' } },
    });
    const run = start();
    await runFor(30);
    expect(get(run).state).toBe('RUNNING');
    expect(world.journal.ofKind('batch-committed')).toEqual([]);
    expect(world.journal.ofKind('executors-refused')).toHaveLength(1);
    world.emr.limitApplication(applicationId, { maximumCapacity: roomForOne });
    await untilBatch(0);
    expect(world.journal.ofKind('batch-committed')).not.toEqual([]);
  });

  it('has room again once a run has ended, whichever way', async () => {
    const { start, cancel, get, untilState, untilBatch, runFor } = createWorld({
      application: { maximumCapacity: roomForOne },
    });
    const first = start();
    await untilBatch(0);
    cancel(first, 0);
    await untilState(first, 'CANCELLED');
    const second = start(other('clicks'));
    await runFor(10);
    expect(get(second).state).toBe('RUNNING');
  });

  it('leaves running work alone when a person lowers it', async () => {
    const { world, applicationId, start, get, untilBatch, runFor } = createWorld();
    const run = start();
    await untilBatch(0);
    world.emr.limitApplication(applicationId, { maximumCapacity: { cpu: '1 vCPU', memory: '2 GB' } });
    await runFor(30);
    expect(get(run).state).toBe('RUNNING');
    expect(world.emr.getApplication(applicationId, us).maximumCapacity).toEqual({
      cpu: '1 vCPU',
      memory: '2 GB',
    });
  });
});

it('an account at its vCPU quota refuses in other words, whatever the application may hold', async () => {
  const { start, get, untilState, untilBatch } = createWorld({ parameters: { accountVcpus: 8 } });
  start();
  await untilBatch(0);
  const second = start(other('clicks'));
  await untilState(second, 'FAILED');
  expect(get(second).stateDetails).toMatch(/^Job failed as account has reached the service limit/);
});

it('runs that wait in the queue go on when a person allows more at once', async () => {
  const { world, applicationId, start, get, runFor } = createWorld({ application: { maxConcurrentRuns: 1 } });
  start();
  await runFor(5);
  const [second, third] = [start(other('clicks')), start(other('carts'))];
  await runFor(5);
  expect([get(second).state, get(third).state]).toEqual(['QUEUED', 'QUEUED']);
  world.emr.limitApplication(applicationId, { maxConcurrentRuns: 3 });
  await runFor(5);
  expect([get(second).state, get(third).state]).toEqual(['RUNNING', 'RUNNING']);
});
