import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { failureClasses } from '../../src/core/failure/taxonomy.ts';
import type { ResolvedJob, ResolvedPolicy } from '../../src/core/job.ts';
import { scenario } from '../../src/local/demo/scenario.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { resolvePolicy } from '../../src/policy/resolve.ts';

function load(fixture: string): ResolvedPolicy {
  const path = join(import.meta.dirname, fixture);
  const loaded = loadPolicy([{ path, text: readFileSync(path, 'utf8') }]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  expect(loaded.warnings).toEqual([]);
  return loaded.policy;
}

function jobOf(policy: ResolvedPolicy, name: string): ResolvedJob {
  const job = policy.jobs[name];
  if (!job) throw new Error(`no job ${name}`);
  return job;
}

describe('the shipped defaults', () => {
  it('are what the reference of the policy says', () => {
    expect(load('fixtures/good-minimal.yaml')).toEqual({
      name: 'test',
      accountId: '111122223333',
      region: 'us-east-1',
      owner: 'team-data',
      guardrails: {
        pace: { perSecond: 0.9, burst: 20 },
        correlated: { enabled: true, percent: 10, jobsMin: 3, jobsMax: 20, withinMs: 300_000 },
        voluntary: { concurrent: 2, perApplication: 1, count: 6, withinMs: 600_000 },
        pause: { maxDurationMs: 86_400_000, requireReason: true },
      },
      jobs: {
        clicks: {
          name: 'clicks',
          match: { applicationId: '00f1cbsc6anuij25', jobName: 'clicks', tags: {} },
          checkpoints: ['s3://bucket/clicks'],
          mode: 'observe',
          actions: {},
          tier: 2,
          restart: {
            launchFrom: 'lastRun',
            nativeRetries: 3,
            budget: { perHour: 3, perDay: 12 },
            streakMax: 3,
            backoff: { initialMs: 30_000, factor: 2, maxMs: 600_000 },
            stableAfterMs: 1_200_000,
            gracePeriodSeconds: 120,
            onBudgetExhausted: 'page',
            classes: {},
          },
          stall: { afterMs: 900_000, action: 'restart' },
          retention: { warnAt: 0.5 },
        },
      },
    });
  });

  it('take every failure class that core knows', () => {
    const classes = Object.keys(failureClasses).map((name) => `        ${name}: { streak: 1 }\n`);
    const text = readFileSync(join(import.meta.dirname, 'fixtures/good-minimal.yaml'), 'utf8');
    const loaded = loadPolicy([
      { path: 'a.yaml', text: `${text}    restart:\n      classes:\n${classes.join('')}` },
    ]);
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('merging', () => {
  const policy = load('fixtures/good-everything.yaml');

  it('lays the job over the defaults, and null takes a default back', () => {
    const clicks = jobOf(policy, 'clicks');
    expect(clicks).toMatchObject({
      mode: 'act',
      tier: 1,
      actions: { scaleDown: 'suggest', reshard: 'observe' },
    });
    expect(clicks.match).toEqual({ applicationId: '00f1cbsc6anuij25', jobName: 'clicks*', tags: {} });
    expect(clicks.restart).toMatchObject({
      nativeRetries: 1,
      gracePeriodSeconds: 0,
      budget: { perHour: 3, perDay: 12 },
    });
    expect(clicks.restart.classes).toEqual({
      'capacity-unavailable': { everyMs: 300_000, pageMs: 3_600_000 },
      'memory-exhausted': { streak: 2, severity: 'warning', grow: { driverMax: '27g', executorMax: '54g' } },
    });
  });

  it('keeps the defaults where the job says nothing', () => {
    const ledger = jobOf(policy, 'ledger');
    expect(ledger.mode).toBe('suggest');
    expect(ledger.match.tags).toEqual({ env: 'stage', size: '2' });
    expect(ledger.restart).toMatchObject({
      launchFrom: 'spec',
      budget: { perHour: 5, perDay: 20 },
      backoff: { initialMs: 60_000, factor: 1.5, maxMs: 7_200_000 },
      classes: { 'transient-io': { action: 'restart-with-backoff', streak: 5 } },
    });
  });

  it('lets a class have a backoff and a loudness of its own, as far as it says', () => {
    const text = readFileSync(join(import.meta.dirname, 'fixtures/good-minimal.yaml'), 'utf8');
    const restart =
      '    restart: { classes: { throttled: { backoff: { initial: 1m, max: 16m }, severity: info } } }\n';
    const loaded = loadPolicy([{ path: 'policy.yaml', text: `${text.trimEnd()}\n${restart}` }]);
    expect(loaded.ok && jobOf(loaded.policy, 'clicks').restart.classes.throttled).toEqual({
      severity: 'info',
      backoff: { initialMs: 60_000, maxMs: 960_000 },
    });
  });

  it('takes what a source says of its retention, whatever cluster its topics are on', () => {
    const dayMs = 86_400_000;
    expect(jobOf(policy, 'clicks')).toMatchObject({
      source: { kinesis: { stream: 'clicks', consumer: 'efo/clicks' } },
      retention: { warnAt: 0.4, extendToMs: 7 * dayMs, isAgeExact: true },
    });
    expect(jobOf(policy, 'ledger')).toMatchObject({
      source: { kafka: { topics: ['l.v2'], retentionMs: 7 * dayMs } },
      retention: { warnAt: 0.3 },
    });
    expect(jobOf(policy, 'audit').source).toEqual({ kafka: { topics: ['audit'] } });
  });

  it('normalises and sorts checkpoints', () => {
    expect(jobOf(policy, 'clicks').checkpoints).toEqual(['s3://bucket/clicks/a', 's3://bucket/clicks/b']);
    expect(jobOf(policy, 'ledger').checkpoints).toEqual(['s3://bucket/ledger']);
  });

  it('hands each job the windows that are about it, actions spelled out', () => {
    const windowsOf = (name: string) => jobOf(policy, name).windows?.map((window) => window.name);
    expect(windowsOf('clicks')).toEqual(['black-friday', 'db-maintenance', 'office-hours']);
    expect(windowsOf('audit')).toEqual(['black-friday', 'office-hours']);
    expect(jobOf(policy, 'ledger').windows?.[1]).toEqual({
      name: 'db-maintenance',
      effect: 'deny',
      actions: ['scaleUp', 'scaleDown', 'reshard', 'extendRetention', 'upgrade'],
      timeZone: 'UTC',
      when: { kind: 'recurring', schedule: '0 3 * * SUN', durationMs: 7_200_000 },
    });
  });

  it('hands each job how long an approval lasts, and keeps who is asked', () => {
    expect(policy.guardrails.approvals).toEqual({
      expireAfterMs: 45 * 60_000,
      slackUsers: ['U0ONCALL'],
      slackUserGroups: ['S0PLATFORM'],
    });
    expect(jobOf(policy, 'clicks').approvals).toEqual({ expireAfterMs: 45 * 60_000 });
  });

  it('takes numbers and booleans as the text of an argument or a setting', () => {
    const submit = jobOf(policy, 'ledger').launch?.jobDriver.sparkSubmit;
    expect(submit?.entryPointArguments).toEqual(['--shards', '8', '--dry', 'false']);
    expect(submit?.sparkSubmitParameters).toContain('--conf spark.sql.streaming.metricsEnabled=true');
    expect(submit?.sparkSubmitParameters).toContain('--conf spark.eventLog.rotation.maxFilesToRetain=2');
  });
});

describe('types', () => {
  it('make the outcome of loading the policy that core decides with', () => {
    expectTypeOf<ReturnType<typeof resolvePolicy>>().toEqualTypeOf<ResolvedPolicy>();
    expectTypeOf<
      Extract<ReturnType<typeof loadPolicy>, { ok: true }>['policy']
    >().toEqualTypeOf<ResolvedPolicy>();
  });
});

describe('the policy of the demo', () => {
  const demo = load('../../examples/demo/policy.yaml');

  it('declares seven acting jobs, each with something to launch', () => {
    expect(Object.keys(demo.jobs)).toEqual(Object.keys(scenario.expected));
    for (const job of Object.values(demo.jobs)) {
      const checkpoint = `s3://acme-checkpoints/${job.name}`;
      expect(job).toMatchObject({
        mode: 'act',
        checkpoints: [checkpoint],
        match: { applicationId: '00demo0000000001' },
      });
      expect(job.restart).toMatchObject({ nativeRetries: 2, backoff: { initialMs: 30_000 } });
      expect(job.launch?.jobDriver.sparkSubmit.entryPointArguments).toContain(`${checkpoint}/`);
    }
  });

  it('lets the executors of orders-join grow to 54g', () => {
    expect(jobOf(demo, 'orders-join').restart.classes).toEqual({
      'memory-exhausted': { grow: { executorMax: '54g' } },
    });
  });
});
