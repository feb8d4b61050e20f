import type { ResolvedJob, ResolvedPolicy } from '../../src/core/job.ts';
import type { NewApplication } from '../../src/world/emr-serverless.ts';
import { Fleet } from '../../src/world/fleet.ts';
import type { JobBehaviour } from '../../src/world/job-script.ts';
import type { WorldParameters } from '../../src/world/parameters.ts';

export const startMs = Date.parse('2026-11-22T20:00:00Z');
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** The application that the world makes first with this seed; jobs are bound to it below. */
export interface TestFleetOptions {
  readonly seed?: number;
  readonly jobs: Readonly<Record<string, { script?: JobBehaviour; job?: Partial<ResolvedJob> }>>;
  readonly parameters?: Partial<WorldParameters>;
  readonly application?: Partial<NewApplication>;
}

/** A fleet whose jobs are declared, scripted and not yet started. */
export function testFleet({ seed = 1, jobs, parameters, application }: TestFleetOptions): Fleet {
  const declared = Object.entries(jobs).map(([name, { job }]) => [name, job ?? {}] as const);
  const policy = testPolicy(Object.fromEntries(declared));
  const fleet = new Fleet({ seed, startMs, policy, ...(parameters ? { parameters } : {}) });
  fleet.world.emr.createApplication({
    applicationId,
    name: 'streams',
    releaseLabel: 'emr-7.10.0',
    ...application,
  });
  for (const [name, { script }] of Object.entries(jobs)) fleet.world.script(name, script ?? {});
  return fleet;
}

export const applicationId = '00test0000000001';

/** A policy in which everything but the given changes is the default of these tests. */
export function testPolicy(jobs: Readonly<Record<string, Partial<ResolvedJob>>>): ResolvedPolicy {
  return {
    name: 'test',
    accountId: '111122223333',
    region: 'us-east-1',
    owner: 'team',
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, changes]) => [name, testJob(name, applicationId, changes)]),
    ),
    guardrails: {
      pace: { perSecond: 0.9, burst: 20 },
      pause: { maxDurationMs: 24 * hourMs, requireReason: true },
    },
  };
}

export function testJob(
  name: string,
  applicationId: string,
  changes: Partial<ResolvedJob> = {},
): ResolvedJob {
  const location = `s3://acme-checkpoints/${name}`;
  return {
    name,
    match: { applicationId, jobName: name, tags: {} },
    checkpoints: [location],
    mode: 'act',
    actions: {},
    tier: 2,
    stall: { afterMs: 15 * 60_000, action: 'restart' },
    launch: {
      applicationId,
      executionRoleArn: 'arn:aws:iam::111122223333:role/job',
      name,
      mode: 'STREAMING',
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://acme-artifacts/main.py',
          entryPointArguments: ['--checkpoint', `${location}/`],
        },
      },
      retryPolicy: { maxFailedAttemptsPerHour: 1 },
    },
    ...changes,
    restart: {
      launchFrom: 'lastRun',
      nativeRetries: 1,
      budget: { perHour: 3, perDay: 12 },
      streakMax: 3,
      backoff: { initialMs: 30_000, factor: 2, maxMs: 600_000 },
      stableAfterMs: 20 * minuteMs,
      gracePeriodSeconds: 120,
      onBudgetExhausted: 'page',
      classes: {},
      ...changes.restart,
    },
  };
}
