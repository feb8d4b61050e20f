import type { ResolvedJob, ResolvedPolicy } from '../../core/job.ts';
import type { JobBehaviour, ScriptedEnding } from '../job-script.ts';
import type { WorldParameters } from '../parameters.ts';
import type { Random } from '../random.ts';
import { drawRates, type FaultRates } from './faults.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** Every schedule begins at the same moment, so that two seeds can be read side by side. */
export const startMs = Date.parse('2026-11-22T20:00:00Z');

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

/** What a person does at a moment. `job` is the name of the job's runs. */
export type Deed = { readonly atMs: number } & (
  | { readonly kind: 'start'; readonly job: string; readonly isClone: boolean }
  | { readonly kind: 'cancel'; readonly job: string; readonly startsAgainAfterMs?: number }
  | { readonly kind: 'kill-switch'; readonly forMs: number }
  | { readonly kind: 'pause'; readonly forMs: number }
  | { readonly kind: 'pause-job'; readonly job: string; readonly forMs: number }
  | {
      readonly kind: 'mode';
      readonly job: string;
      readonly mode: 'observe' | 'suggest';
      readonly forMs: number;
    }
  /** Yes or no to the plan that the job asks about at that moment, if it does. */
  | { readonly kind: 'answer'; readonly job: string; readonly answer: 'approved' | 'declined' }
  | { readonly kind: 'raise-budget'; readonly job: string }
  /** On the command line. A stop may be taken back later, by an order again. */
  | { readonly kind: 'order-stop'; readonly job: string; readonly startsAgainAfterMs?: number }
  | { readonly kind: 'order-start'; readonly job: string; readonly override: boolean }
  /** With or without saying so in the policy: without, two records are on one checkpoint. */
  | { readonly kind: 'rename'; readonly job: string; readonly isSaid: boolean }
);

export function drawScenario(random: Random): Scenario {
  const faultyMs = Math.round(random.between(6.2, 8) * hourMs);
  const applicationIds = ['00chaos000000001', '00chaos000000002', '00chaos000000003'].slice(
    0,
    random.chance(0.3) ? 3 : 2,
  );
  const names = Array.from({ length: 5 + Math.floor(random.between(0, 3)) }, (_, index) => `job-${index}`);
  const owners = random.fork('owners');
  const classBudgets = random.fork('class-budgets');
  const jobs = names
    .map((name, index) =>
      drawJob(random, name, applicationIds[index % applicationIds.length] ?? '', index === 1),
    )
    .map((job) => withClassBudgets(classBudgets, withOwner(owners, job)));
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
    scripts: Object.fromEntries(
      names.map((name, index) => [name, drawScript(random, faultyMs, index === 0)]),
    ),
    rates: drawRates(random),
    deeds: [
      ...drawDeeds(random, names, faultyMs),
      ...drawJobPauses(random.fork('job-pauses'), names, faultyMs),
      ...drawAsking(random.fork('asking'), names, faultyMs),
      ...drawOrders(random.fork('orders'), names, faultyMs),
    ],
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

function drawDeeds(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  const deeds: Deed[] = [];
  const some = (most: number, make: (atMs: number, job: string) => Deed): void => {
    const count = Math.floor(random.between(0, most + 1));
    for (let made = 0; made < count; made += 1) {
      const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs));
      deeds.push(make(atMs, random.pick(jobs)));
    }
  };
  const minutes = (low: number, high: number): number => Math.round(random.between(low, high) * minuteMs);
  some(3, (atMs, job) => ({ kind: 'start', atMs, job, isClone: random.chance(0.5) }));
  some(3, (atMs, job) => {
    const again = random.chance(0.7) ? { startsAgainAfterMs: minutes(1, 60) } : {};
    return { kind: 'cancel', atMs, job, ...again };
  });
  some(2, (atMs) => ({ kind: 'kill-switch', atMs, forMs: minutes(1, 25) }));
  some(1, (atMs) => ({ kind: 'pause', atMs, forMs: minutes(1, 25) }));
  some(2, (atMs, job) => {
    const mode = random.pick(['observe', 'suggest'] as const);
    return { kind: 'mode', atMs, job, mode, forMs: minutes(5, 60) };
  });
  some(1, (atMs, job) => ({ kind: 'raise-budget', atMs, job }));
  if (random.chance(0.4)) some(1, (atMs, job) => ({ kind: 'rename', atMs, job, isSaid: random.chance(0.5) }));
  return deeds.sort((a, b) => a.atMs - b.atMs);
}

/** From draws of their own, so that the schedules that were found before stay what they were otherwise. */
function drawJobPauses(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 4)) }, () => ({
    kind: 'pause-job' as const,
    atMs: startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs)),
    job: random.pick(jobs),
    forMs: Math.round(random.between(5, 60) * minuteMs),
  }));
}

/** Orders to stop and to start, of which the job that dies always gets most: it is parked or waits, and people lose patience. */
function drawOrders(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 5)) }, (): Deed => {
    const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs));
    const job = random.chance(0.4) ? (jobs[0] ?? '') : random.pick(jobs);
    if (random.chance(0.5)) return { kind: 'order-start', atMs, job, override: random.chance(0.7) };
    const startsAgainAfterMs = Math.round(random.between(0.2, 60) * minuteMs);
    return { kind: 'order-stop', atMs, job, ...(random.chance(0.7) ? { startsAgainAfterMs } : {}) };
  });
}

/** Times in which a job asks before it acts, and answers that come every few minutes; the job that dies always asks most. */
function drawAsking(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 4)) }).flatMap(() => {
    const job = random.chance(0.5) ? (jobs[0] ?? '') : random.pick(jobs);
    const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 2 * hourMs));
    const forMs = Math.round(random.between(30, 100) * minuteMs);
    const deeds: Deed[] = [{ kind: 'mode', atMs, job, mode: 'suggest', forMs }];
    let answerAtMs = atMs;
    while (answerAtMs < atMs + forMs) {
      answerAtMs += Math.round(random.between(2, 15) * minuteMs);
      const answer = random.chance(0.75) ? 'approved' : 'declined';
      deeds.push({ kind: 'answer', atMs: answerAtMs, job, answer });
    }
    return deeds;
  });
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
