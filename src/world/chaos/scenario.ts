import type { ResolvedJob, ResolvedPolicy } from '../../core/job.ts';
import type { JobBehaviour, ScriptedEnding } from '../job-script.ts';
import type { WorldParameters } from '../parameters.ts';
import type { Random } from '../random.ts';
import { type Deed, drawDeeds, hourMs, minuteMs, startMs } from './deeds.ts';
import { drawRates, type FaultRates } from './faults.ts';

/** One schedule before anything happens: the fleet, its ways to die, and what people and faults will do. */
export interface Scenario {
  readonly applicationIds: readonly string[];
  readonly policy: ResolvedPolicy;
  readonly scripts: Readonly<Record<string, JobBehaviour>>;
  readonly rates: FaultRates;
  readonly deeds: readonly Deed[];
  readonly parameters: Partial<WorldParameters>;
  /** How long things go wrong. */
  readonly faultyMs: number;
}

export function drawScenario(random: Random): Scenario {
  const faultyMs = Math.round(random.between(6.2, 8) * hourMs);
  const applicationIds = ['00chaos000000001', '00chaos000000002', '00chaos000000003'].slice(
    0,
    random.chance(0.3) ? 3 : 2,
  );
  const names = Array.from({ length: 5 + Math.floor(random.between(0, 3)) }, (_, index) => `job-${index}`);
  const owners = random.fork('owners');
  const classBudgets = random.fork('class-budgets');
  const windows = random.fork('windows');
  const jobs = names
    .map((name, index) =>
      drawJob(random, name, applicationIds[index % applicationIds.length] ?? '', index === 1),
    )
    .map((job) => withClassBudgets(classBudgets, withOwner(owners, job)))
    .map((job) => withWindow(windows, job, faultyMs));
  return {
    applicationIds,
    policy: {
      name: 'chaos',
      accountId: '111122223333',
      region: 'us-east-1',
      owner: 'team',
      jobs: Object.fromEntries(jobs.map((job) => [job.name, job])),
      guardrails: {
        pace: { perSecond: 0.9, burst: 20 },
        ...drawBudgets(random.fork('budgets'), random.fork('owner-budget')),
        pause: { maxDurationMs: 24 * hourMs, requireReason: false },
      },
    },
    scripts: withBadMoments(
      random.fork('bad-moments'),
      Object.fromEntries(names.map((name, index) => [name, drawScript(random, faultyMs, index === 0)])),
      faultyMs,
    ),
    rates: drawRates(random),
    deeds: drawDeeds(random, names, faultyMs),
    parameters: drawParameters(random),
    faultyMs,
  };
}

/** Half of the fleets have budgets above the job that are small enough to hold jobs back now and then; so have owners. */
function drawBudgets(random: Random, ofOwner: Random): Pick<ResolvedPolicy['guardrails'], 'budgets'> {
  const owner = ofOwner.chance(0.5) ? { owner: { perHour: ofOwner.pick([3, 4, 5]) } } : {};
  if (random.chance(0.5)) return { budgets: owner };
  const application = { perHour: random.pick([4, 5, 6]) };
  return { budgets: { application, fleet: { perHour: random.pick([6, 8, 10]), perDay: 150 }, ...owner } };
}

/** Some jobs belong to somebody else than the fleet does. */
function withOwner(random: Random, job: ResolvedJob): ResolvedJob {
  return random.chance(0.4) ? { ...job, owner: 'payments' } : job;
}

/** A third of the jobs may answer the failure that passes most often fewer times than others. */
function withClassBudgets(random: Random, job: ResolvedJob): ResolvedJob {
  if (random.chance(0.67)) return job;
  const budget = { perHour: random.pick([1, 1, 2]), perDay: random.pick([5, 6, 8]) };
  return { ...job, restart: { ...job.restart, classes: { 'worker-lost': { budget } } } };
}

/** A third of the jobs must be left alone for some minutes. */
function withWindow(random: Random, job: ResolvedJob, faultyMs: number): ResolvedJob {
  if (random.chance(0.67)) return job;
  const fromMinute = Math.round(random.between(15, faultyMs / minuteMs - 90));
  const wall = (minute: number) => new Date(startMs + minute * minuteMs).toISOString().slice(0, 16);
  const to = wall(fromMinute + Math.round(random.between(5, 60)));
  const when = { kind: 'once' as const, from: wall(fromMinute), to };
  return {
    ...job,
    windows: [{ name: 'freeze', effect: 'deny', actions: ['restart'], timeZone: 'UTC', when }],
  };
}

function drawJob(random: Random, name: string, applicationId: string, hasTwoQueries: boolean): ResolvedJob {
  const location = `s3://acme-checkpoints/${name}`;
  const checkpoints = hasTwoQueries ? [location, `${location}-audit`] : [location];
  const initialMs = random.pick([10_000, 30_000, 60_000]);
  return {
    name,
    match: { applicationId, jobName: name, tags: {} },
    checkpoints,
    mode: 'act',
    actions: {},
    tier: random.pick([1, 2, 3] as const),
    stall: { afterMs: 15 * minuteMs, action: 'restart' },
    launch: {
      applicationId,
      executionRoleArn: 'arn:aws:iam::111122223333:role/job',
      name,
      mode: 'STREAMING',
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://acme-artifacts/main.py',
          entryPointArguments: checkpoints.flatMap((uri) => ['--checkpoint', uri]),
        },
      },
      retryPolicy: { maxFailedAttemptsPerHour: random.pick([1, 1, 2]) },
    },
    restart: {
      launchFrom: random.pick(['lastRun', 'spec'] as const),
      nativeRetries: 1,
      budget: { perHour: random.pick([2, 3, 4]), perDay: random.pick([10, 12, 20]) },
      streakMax: 3,
      backoff: { initialMs, factor: 2, maxMs: 10 * minuteMs },
      stableAfterMs: 20 * minuteMs,
      gracePeriodSeconds: random.pick([0, 60, 120]),
      onBudgetExhausted: random.pick(['page', 'wait'] as const),
      classes: {},
    },
  };
}

/** A job dies a few times for reasons that pass; the first one of each fleet dies after every batch. */
function drawScript(random: Random, faultyMs: number, diesAlways: boolean): JobBehaviour {
  if (diesAlways) {
    const times = 10 + Math.floor(random.between(0, 60));
    return { dieAt: [{ cause: 'worker-lost', afterBatches: 1, times }] };
  }
  const count = 2 + Math.floor(random.between(0, 7));
  return { dieAt: Array.from({ length: count }, () => drawEnding(random, faultyMs)) };
}

/** In half of the fleets something that most jobs need is gone once or twice: they die of one class within two minutes. */
function withBadMoments(
  random: Random,
  scripts: Readonly<Record<string, JobBehaviour>>,
  faultyMs: number,
): Readonly<Record<string, JobBehaviour>> {
  const moments = Array.from({ length: random.chance(0.5) ? random.pick([1, 2]) : 0 }, () => ({
    atMs: startMs + random.between(20 * minuteMs, faultyMs - 20 * minuteMs),
    cause: random.pick(['transient-io', 'throttled', 'worker-lost'] as const),
    times: random.pick([1, 1, 2]),
  }));
  return Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => {
      const hit = moments.filter(() => random.chance(0.85));
      const dieAt = hit.map(({ atMs, ...ending }) => ({
        ...ending,
        atMs: Math.round(atMs + random.between(0, 2 * minuteMs)),
      }));
      return [name, { ...script, dieAt: [...(script.dieAt ?? []), ...dieAt] }];
    }),
  );
}

const passing = [
  'worker-lost',
  'worker-lost',
  'transient-io',
  'throttled',
  'no-evidence',
  'exit-0',
  'stall',
] as const;
const lasting = ['user-code-error', 'permission-denied'] as const;

function drawEnding(random: Random, faultyMs: number): ScriptedEnding {
  const atMs = startMs + Math.round(random.between(5 * minuteMs, faultyMs - 20 * minuteMs));
  const drawn = random.next();
  if (drawn < 0.06) return { cause: random.pick(lasting), atMs, times: 1 };
  if (drawn < 0.14) return { cause: 'capacity-unavailable', atMs, times: 2 };
  if (drawn < 0.2) return { cause: 'out-of-memory', atMs, times: 1 };
  return { cause: random.pick(passing), atMs, times: random.chance(0.15) ? 2 : 1 };
}

/** Coarse: batches of minutes instead of seconds, since what a batch does inside is proven elsewhere. */
function drawParameters(random: Random): Partial<WorldParameters> {
  const isLagging = random.chance(0.5);
  return {
    batchOverheadSeconds: 200,
    streamShards: 1,
    batchesRetained: 2,
    submittedToRunningSeconds: { p50: 20, p95: 60 },
    // Most lists are quick; in half of the schedules they lag as far as assumption A3 allows.
    listLagSeconds: isLagging ? { p50: 20, p95: 110 } : { p50: 1, p95: 5 },
    eventDelaySeconds: { p50: 1, p95: 10 },
  };
}
