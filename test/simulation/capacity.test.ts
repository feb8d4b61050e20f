import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import type { JobBehaviour } from '../../src/world/job-script.ts';
import type { WorldParameters } from '../../src/world/parameters.ts';
import { applicationId, hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const failAtMs = startMs + hourMs;

/** Each job holds a driver and an executor of the default size, and says so: 8 vCPU, 32 GB and 40 GB of disk. */
const roomFor = (jobs: number) => ({
  cpu: `${8 * jobs} vCPU`,
  memory: `${32 * jobs} GB`,
  disk: `${40 * jobs} GB`,
});

function launchOf(name: string) {
  return {
    applicationId,
    executionRoleArn: 'arn:aws:iam::111122223333:role/job',
    name,
    mode: 'STREAMING' as const,
    jobDriver: {
      sparkSubmit: {
        entryPoint: 's3://acme-artifacts/main.py',
        entryPointArguments: ['--checkpoint', `s3://acme-checkpoints/${name}/`],
        sparkSubmitParameters: '--conf spark.dynamicAllocation.minExecutors=1',
      },
    },
    retryPolicy: { maxFailedAttemptsPerHour: 1 },
  };
}

/** So many jobs, which have run for 59 minutes, and of which each loses its worker a minute later, ten seconds apart. */
async function failingFleet(
  count: number,
  script: (index: number) => JobBehaviour = losesWorker,
): Promise<Fleet> {
  const names = Array.from({ length: count }, (_, index) => `job-${index + 1}`);
  const jobs = names.map((name, index) => [
    name,
    { script: script(index), job: { launch: launchOf(name), tier: 2 as const } },
  ]);
  const fleet = testFleet({ jobs: Object.fromEntries(jobs) });
  fleet.startSweeping();
  await fleet.runFor(hourMs - minuteMs);
  return fleet;
}

const losesWorker = (index: number): JobBehaviour => ({
  dieAt: [{ cause: 'worker-lost', atMs: failAtMs + index * 10_000 }],
});

/** World parameters that a test changes while the world runs, as an account's quota is changed. */
function change(fleet: Fleet, parameters: Partial<WorldParameters>): void {
  Object.assign(fleet.world.parameters, parameters);
}

const restarts = (fleet: Fleet) =>
  fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
const restarted = (fleet: Fleet) => restarts(fleet).map(({ job }) => job);
const refusals = (fleet: Fleet) =>
  fleet.world.journal.ofKind('attempt-failed').filter((entry) => entry.class === 'capacity-unavailable');

async function memoryOf(fleet: Fleet, job: string) {
  const read = await fleet.store.read([keys.record(job), keys.jobRing(job)]);
  if (!read.ok) throw new Error('the store of a test is always there');
  const ring = as('ring', read.value.items[1])?.ring;
  return { ...as('record', read.value.items[0]), charges: ring?.charges.length ?? 0 };
}

describe('an application with room for three of six jobs', () => {
  it('has three of them back and sends nothing for the others, which come in order as there is room', async () => {
    const fleet = await failingFleet(6);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(3) });
    await fleet.runFor(20 * minuteMs);
    expect(restarted(fleet).sort()).toEqual(['job-1', 'job-2', 'job-3']);
    const waiting = await memoryOf(fleet, 'job-5');
    expect(waiting.last).toMatchObject({ kind: 'wait', reason: 'waits-for-capacity' });
    expect(waiting).toMatchObject({
      charges: 0,
      memory: { progress: { 's3://acme-checkpoints/job-5': { streak: 0 } } },
    });

    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(4) });
    await fleet.runFor(20 * minuteMs);
    expect(restarted(fleet).slice(3)).toEqual(['job-4']);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(6) });
    await fleet.runFor(20 * minuteMs);
    expect(restarted(fleet).slice(4)).toEqual(['job-5', 'job-6']);
    expect(refusals(fleet)).toEqual([]);
    expect((await memoryOf(fleet, 'job-5')).charges).toBe(1);
  });

  it('calls a person when a job has waited for half an hour, and says what is missing', async () => {
    const fleet = await failingFleet(6);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(5) });
    await fleet.runFor(90 * minuteMs);
    const calls = fleet.notices.filter(({ severity }) => severity === 'critical');
    expect(calls.map(({ job }) => job)).toEqual(['job-6']);
    expect(calls[0]?.text.replace(/3[01] min/, '30 min')).toBe(
      `job-6: Application ${applicationId} has no room for 8 vCPU (40 of 40 held), 32 GB of memory (160 of 160 held) and 40 GB of disk (200 of 200 held). It starts as soon as there is; waiting costs no budget. It has waited for 30 min: raise the limit or stop another job.`,
    );
  });

  it('calls one person for all that wait in one application', async () => {
    const fleet = await failingFleet(6);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(3) });
    await fleet.runFor(4 * hourMs);
    const calls = fleet.notices.filter(({ severity }) => severity === 'critical');
    expect(calls.map(({ job }) => job)).toEqual(['job-4']);
    expect(calls[0]?.text).toContain('It is number 1 of 3 that wait.');
  });

  it('is named in the end of the outage in which they failed', async () => {
    const fleet = await failingFleet(6);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(3) });
    await fleet.runFor(15 * minuteMs);
    const over = fleet.notices.find(({ event, job }) => event === 'incident.recovered' && job === '*');
    expect(over?.text).toMatch(
      /\d started again, 0 waiting, \d still down: their application has no room for them \(worker-lost\)\.$/,
    );
  });

  it('gives back hours later what it had no room for, with nothing spent on the wait', async () => {
    const fleet = await failingFleet(6);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(3) });
    await fleet.runFor(5 * hourMs);
    expect(restarts(fleet)).toHaveLength(3);
    fleet.world.emr.limitApplication(applicationId, { maximumCapacity: roomFor(6) });
    await fleet.runFor(10 * minuteMs);
    expect(restarted(fleet).slice(3)).toEqual(['job-4', 'job-5', 'job-6']);
    await fleet.runFor(hourMs);
    const { memory, charges } = await memoryOf(fleet, 'job-6');
    expect({ incident: memory?.incident, waits: memory?.waitsSinceMs, charges }).toEqual({ charges: 1 });
  });
});

it('a job that its application can never hold is parked at once, and told how to mend it', async () => {
  const fleet = await failingFleet(1);
  fleet.world.emr.limitApplication(applicationId, { maximumCapacity: { cpu: '4 vCPU', memory: '16 GB' } });
  await fleet.runFor(5 * minuteMs);
  expect(restarts(fleet)).toEqual([]);
  const { memory } = await memoryOf(fleet, 'job-1');
  expect(memory?.parked).toMatchObject({ reason: 'capacity-too-small' });
  expect(fleet.notices.at(-1)).toMatchObject({ event: 'incident.needs-human', reason: 'capacity-too-small' });
  expect(fleet.notices.at(-1)?.text).toContain(
    'need 8 vCPU, 32 GB of memory and 40 GB of disk, and application 00test0000000001 may hold only 4 vCPU and 16 GB of memory in all. Raise its maximumCapacity',
  );
});

it('a limit of two concurrent runs holds the third job back, and lets it go when one of the two has ended', async () => {
  const fleet = await failingFleet(3, (index) =>
    index === 2
      ? losesWorker(0)
      : { dieAt: [{ cause: 'user-code-error', atMs: failAtMs + (index + 1) * hourMs }] },
  );
  fleet.world.emr.limitApplication(applicationId, { maxConcurrentRuns: 2 });
  await fleet.runFor(30 * minuteMs);
  expect(restarts(fleet)).toEqual([]);
  expect(fleet.world.journal.ofKind('run-state').filter(({ state }) => state === 'QUEUED')).toEqual([]);
  await fleet.runFor(35 * minuteMs);
  // The first one was parked by then: its code is broken.
  expect(restarted(fleet)).toEqual(['job-3']);
});

describe('a room that is not there although everything known says so', () => {
  it('is tried by one job at a time, more and more seldom, charged and never parked', async () => {
    const fleet = await failingFleet(6);
    change(fleet, { accountVcpus: 24 });
    await fleet.runFor(4 * hourMs);
    const refused = refusals(fleet);
    expect(refused.length).toBeGreaterThan(0);
    // Six tries in the first hour, then one in half an hour, over three jobs.
    expect(refused.length).toBeLessThanOrEqual(14);
    for (const job of ['job-1', 'job-2', 'job-3', 'job-4', 'job-5', 'job-6']) {
      const { memory, charges } = await memoryOf(fleet, job);
      expect(memory?.parked).toBeUndefined();
      expect(charges).toBe(restarts(fleet).filter((start) => start.job === job).length);
      expect(charges).toBeLessThanOrEqual(6);
    }
    change(fleet, { accountVcpus: 100 });
    await fleet.runFor(hourMs);
    const running = fleet.world.journal.ofKind('run-state').filter(({ state }) => state === 'RUNNING');
    expect(new Set(running.filter(({ t }) => t > failAtMs).map(({ job }) => job)).size).toBe(6);
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
  });
});
