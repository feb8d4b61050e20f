import type { JobRuns } from '../../control/ports.ts';
import type { ResolvedJob, ResolvedPolicy } from '../../core/job.ts';
import { SlackReceiver } from '../../slack/receiver.ts';
import { Fleet } from '../fleet.ts';
import type { Journal, JournalEntry } from '../journal.ts';
import type { WorldParameters } from '../parameters.ts';
import { clockOf, nameOf, overtaken, type StormClock } from './clocks.ts';
import { CountingSlack } from './counting-slack.ts';

/** What `npm run storm -- --json` prints; the names are stable. */
export interface StormOutcome {
  readonly jobs: number;
  /** Jobs whose new run has committed a batch. */
  readonly recovered: number;
  /** From the first failure to the last restarted run that is RUNNING. */
  readonly virtualSeconds: number;
  /** What no order of starts can beat in this world; see `lowerBoundSeconds`. */
  readonly lowerBoundSeconds: number;
  readonly incidents: number;
  readonly newPosts: number;
  readonly edits: number;
  readonly doubleWriters: number;
  /**
   * Jobs that waited for a minute or more while one whose data is lost later was started. One in thousands does: where
   * GetJobRun was throttled for minutes, its failure is judged when others of its place in the line have gone.
   */
  readonly overtaken: number;
  /** Most StartJobRun in any one second, and the mean of the busiest minute. */
  readonly startsPerSecondMax: number;
  readonly startsPerMinuteMax: number;
  readonly apiCalls: Readonly<Record<string, number>>;
}

export interface StormOptions {
  readonly jobs: number;
  readonly seed: number;
  /** Checkpilot is not told what the jobs read: the order of their starts has to show it. */
  readonly areClocksHidden?: boolean;
}

export interface Storm {
  readonly outcome: StormOutcome;
  readonly journal: readonly JournalEntry[];
}

const startMs = Date.parse('2026-11-22T20:00:00Z');
const minuteMs = 60_000;
/** An application of this size is what teams have; its listing has two pages. */
const jobsPerApplication = 100;
/** Of N, those that the canaries, the waves and the burst bring before the pace counts (the contract of the command). */
const beforePace = 80;

/** A first launch of a whole fleet is slower than its pace: every job has its application listed first. */
const launchFactor = 4;
/** Batches of a minute instead of seconds: a thousand jobs write a thousandth of the lines, and nothing else changes. */
const taskFloorSeconds = 60;

/**
 * N jobs lose their worker within one minute, as when a zone of the Region fails: who comes back when, and how often are
 * people told? In process on virtual time, with the quotas of the service.
 */
export async function runStorm({ jobs: count, seed, areClocksHidden = false }: StormOptions): Promise<Storm> {
  const clocks = Array.from({ length: count }, (_, index) => clockOf(index));
  const policy = stormPolicy(areClocksHidden ? clocks.map(() => ({})) : clocks);
  const fleet = new Fleet({ seed, startMs, policy, headsOnly: true, parameters: { taskFloorSeconds } });
  const { time, world } = fleet;
  writePolicies(world.journal, policy);
  const slack = new CountingSlack(world.journal);
  const { store, ports } = fleet;
  const calls: Record<string, number> = {};
  fleet.ports = {
    ...ports,
    runs: counting(ports.runs, calls),
    receiver: new SlackReceiver({ name: 'storm', channel: 'C0STORM', policy, slack, store, clock: time }),
  };
  // All are RUNNING before it begins: a launch takes its turn at the pace of the fleet, and lists before it.
  const stormMs =
    startMs + Math.ceil((launchFactor * count) / policy.guardrails.pace.perSecond) * 1000 + 60 * minuteMs;
  const draw = world.random.fork('storm');
  for (const [index, job] of Object.values(policy.jobs).entries()) {
    if (index % jobsPerApplication === 0)
      world.emr.createApplication({
        applicationId: job.match.applicationId,
        name: job.match.applicationId,
        releaseLabel: 'emr-7.10.0',
        maxConcurrentRuns: 2 * jobsPerApplication,
      });
    const atMs = stormMs + Math.floor(draw.between(0, minuteMs));
    world.script(job.name, { dieAt: [{ cause: 'worker-lost', atMs, times: 1 }] });
    const { retentionMs } = clocks[index] ?? {};
    if (retentionMs !== undefined) world.createStream({ name: job.name, retentionMs });
  }
  fleet.startSweeping();
  await fleet.runFor(stormMs - startMs);
  const running = new Set(world.journal.ofKind('batch-committed').map(({ job }) => job));
  if (running.size < count) throw new Error(`only ${running.size} of ${count} jobs ran before the storm`);
  const before = { ...slack.counts };
  for (const name of Object.keys(calls)) calls[name] = 0;
  await fleet.runFor(Math.ceil((count / policy.guardrails.pace.perSecond) * 2000) + 90 * minuteMs);
  const told = {
    newPosts: slack.counts.newPosts - before.newPosts,
    edits: slack.counts.edits - before.edits,
  };
  return {
    outcome: judge(clocks, stormMs, fleet, { told, apiCalls: calls }),
    journal: world.journal.entries,
  };
}

function judge(
  clocks: readonly StormClock[],
  stormMs: number,
  { world, policy }: Fleet,
  {
    told,
    apiCalls,
  }: {
    readonly told: { readonly newPosts: number; readonly edits: number };
    readonly apiCalls: Readonly<Record<string, number>>;
  },
): StormOutcome {
  const count = clocks.length;
  const entries = world.journal.entries.filter(({ t }) => t >= stormMs);
  const ofKind = (kind: string) => entries.filter((entry) => entry.kind === kind);
  const restarts = ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
  const restarted = new Set(restarts.map(({ jobRunId }) => jobRunId));
  const running = ofKind('run-state').filter(
    ({ jobRunId, state }) => state === 'RUNNING' && restarted.has(jobRunId),
  );
  const committed = new Set(
    ofKind('batch-committed').flatMap(({ job, jobRunId }) => (restarted.has(jobRunId) ? [job] : [])),
  );
  const firstMs = ofKind('attempt-failed')[0]?.t ?? stormMs;
  const lastMs = running.at(-1)?.t ?? firstMs;
  const starts = restarts.map(({ t }) => t);
  return {
    jobs: count,
    recovered: committed.size,
    virtualSeconds: Math.round((lastMs - firstMs) / 1000),
    lowerBoundSeconds: Math.round(lowerBoundSeconds(count, world.parameters, policy)),
    incidents: new Set(ofKind('notice').flatMap(({ incident }) => (incident === undefined ? [] : [incident])))
      .size,
    ...told,
    doubleWriters: ofKind('double-writer').length,
    overtaken: overtaken(world.journal.entries, clocks, stormMs),
    startsPerSecondMax: busiest(starts, 1000),
    startsPerMinuteMax: busiest(starts, minuteMs),
    apiCalls,
  };
}

/** What may happen stands before what happens. */
function writePolicies(journal: Journal, policy: ResolvedPolicy): void {
  for (const { name, checkpoints, restart, mode } of Object.values(policy.jobs)) {
    const { perHour, perDay } = restart.budget;
    const subject = { job: name, checkpoint: checkpoints[0] ?? '' };
    journal.write('policy', subject, { budget: { perHour, perDay }, mode });
  }
}

/**
 * The canary to its first committed batch, four waves to RUNNING, and the rest at the pace of the policy, all with the
 * medians of the world.
 */
function lowerBoundSeconds(count: number, world: WorldParameters, policy: ResolvedPolicy): number {
  const toRunning = world.submittedToRunningSeconds.p50;
  const canary =
    toRunning + world.driverStartSeconds.p50 + world.coldExecutorSeconds.p50 + world.taskFloorSeconds;
  return canary + 4 * toRunning + Math.max(0, count - beforePace) / policy.guardrails.pace.perSecond;
}

function busiest(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (const [to, at] of times.entries()) {
    while ((times[from] ?? at) <= at - windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

function stormPolicy(clocks: readonly StormClock[]): ResolvedPolicy {
  const jobs = clocks.map((clock, index) => stormJob(nameOf(index), index, clock));
  return {
    name: 'storm',
    accountId: '111122223333',
    region: 'us-east-1',
    owner: 'storm',
    jobs: Object.fromEntries(jobs.map((job) => [job.name, job])),
    guardrails: {
      pace: { perSecond: 0.9, burst: 20 },
      pause: { maxDurationMs: 24 * 3_600_000, requireReason: true },
    },
  };
}

function stormJob(name: string, index: number, { source }: StormClock): ResolvedJob {
  const applicationId = `00storm${String(Math.floor(index / jobsPerApplication)).padStart(9, '0')}`;
  const location = `s3://acme-checkpoints/${name}`;
  return {
    name,
    match: { applicationId, jobName: name, tags: {} },
    checkpoints: [location],
    ...(source ? { source } : {}),
    mode: 'act',
    actions: {},
    tier: ([1, 2, 3] as const)[index % 3] ?? 2,
    stall: { afterMs: 60 * minuteMs, action: 'page' },
    restart: {
      launchFrom: 'lastRun',
      nativeRetries: 1,
      budget: { perHour: 3, perDay: 12 },
      streakMax: 3,
      backoff: { initialMs: 30_000, factor: 2, maxMs: 10 * minuteMs },
      stableAfterMs: 20 * minuteMs,
      gracePeriodSeconds: 120,
      onBudgetExhausted: 'page',
      classes: {},
    },
    launch: {
      applicationId,
      executionRoleArn: 'arn:aws:iam::111122223333:role/job',
      name,
      mode: 'STREAMING',
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://acme-artifacts/main.py',
          entryPointArguments: ['--checkpoint', location],
        },
      },
      retryPolicy: { maxFailedAttemptsPerHour: 1 },
    },
  };
}

function counting(runs: JobRuns, calls: Record<string, number>): JobRuns {
  const count = (name: string) => {
    calls[name] = (calls[name] ?? 0) + 1;
  };
  return {
    get: (...args) => {
      count('GetJobRun');
      return runs.get(...args);
    },
    list: (...args) => {
      count('ListJobRuns');
      return runs.list(...args);
    },
    start: (...args) => {
      count('StartJobRun');
      return runs.start(...args);
    },
    cancel: (...args) => {
      count('CancelJobRun');
      return runs.cancel(...args);
    },
  };
}
