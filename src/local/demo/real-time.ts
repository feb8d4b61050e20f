import type { ResolvedJob, ResolvedPolicy } from '../../core/job.ts';
import { usualCorrelation } from '../../core/outages.ts';
import { deployFunctions } from '../functions.ts';
import { startLocalStack } from '../stack.ts';

export interface WallClock {
  /** From the event handed to the local stack to the StartJobRun that it leads to, in wall-clock milliseconds. */
  readonly wallMs: { readonly p50: number; readonly p99: number; readonly n: number };
}

const applicationId = '00demo0000000001';
const startMs = Date.parse('2026-11-22T08:00:00Z');
const hourMs = 3_600_000;
/** Far above what the service allows: what is measured is Checkpilot, not a quota. */
const perSecond = 50;

/**
 * Measures the real functions over real protocols: `jobs` jobs die `deaths` times each, and each FAILED event is
 * timed until its restart reaches the local EMR Serverless. World time jumps as always; only the wall clock between
 * the two moments counts. It holds the work of the functions and of the local servers on this machine, and neither
 * the latency of AWS nor a cold start.
 */
export async function measureRealTime({
  jobs,
  deaths,
}: {
  jobs: number;
  deaths: number;
}): Promise<WallClock> {
  const stack = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints'],
    parameters: {
      startsPerSecond: perSecond,
      startsBurst: 2 * perSecond,
      listsPerSecond: perSecond,
      listsBurst: 2 * perSecond,
      getsPerSecond: 10 * perSecond,
      getsBurst: 20 * perSecond,
    },
  });
  try {
    const names = Array.from({ length: jobs }, (_, index) => `job-${index}`);
    stack.world.emr.createApplication({
      applicationId,
      name: 'streams',
      releaseLabel: 'emr-7.10.0',
      maxConcurrentRuns: jobs,
    });
    for (const name of names) {
      const dieAt = Array.from({ length: deaths }, () => ({
        cause: 'worker-lost' as const,
        afterBatches: 1,
        times: 1,
      }));
      stack.world.script(name, { dieAt });
    }
    await stack.publish(eagerPolicy(names));
    const watch = new Stopwatch(() => performance.now());
    let restarts = 0;
    stack.world.emr.onEvent(({ detail: { jobRunId, state } }) => {
      if (state === 'FAILED') watch.eventHanded(String(jobRunId));
    });
    stack.world.journal.onEntry(({ kind, job, jobRunId, cause }) => {
      if (kind !== 'start-accepted' || job === undefined || jobRunId === undefined) return;
      watch.startReceived(job, jobRunId);
      if (cause === 'restart') restarts += 1;
    });
    deployFunctions(stack);
    await stack.time.runWhile(() => restarts < jobs * deaths, { untilMs: startMs + 12 * hourMs });
    const sorted = watch.wallMs.sort((a, b) => a - b);
    const rank = (q: number) =>
      Math.round((sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0) * 10) / 10;
    return { wallMs: { p50: rank(0.5), p99: rank(0.99), n: sorted.length } };
  } finally {
    await stack.close();
  }
}

/** From the event of a run's end to the start that takes its place. */
export class Stopwatch {
  readonly wallMs: number[] = [];
  readonly #nowMs: () => number;
  readonly #handedAtMs = new Map<string, number>();
  /** The run of each job that is to end next. */
  readonly #runOf = new Map<string, string>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The first time counts: the event may come twice. */
  eventHanded(jobRunId: string): void {
    if (!this.#handedAtMs.has(jobRunId)) this.#handedAtMs.set(jobRunId, this.#nowMs());
  }

  /**
   * Times the run that this one follows. Where a sweep was faster than the event there is nothing to time, and the
   * event, which comes later, is not what wakes Checkpilot the next time.
   */
  startReceived(job: string, jobRunId: string): void {
    const handedAtMs = this.#handedAtMs.get(this.#runOf.get(job) ?? '');
    if (handedAtMs !== undefined) this.wallMs.push(this.#nowMs() - handedAtMs);
    this.#runOf.set(job, jobRunId);
  }
}

/** No backoff, a large budget and no pace to speak of: nothing waits but for work. */
function eagerPolicy(names: readonly string[]): ResolvedPolicy {
  return {
    name: 'real-time',
    accountId: '111122223333',
    region: 'us-east-1',
    owner: 'demo',
    jobs: Object.fromEntries(names.map((name) => [name, eagerJob(name)])),
    guardrails: {
      pace: { perSecond, burst: perSecond },
      // All of these jobs lose a worker at once, and none is to wait for a canary.
      correlated: { ...usualCorrelation, enabled: false },
      pause: { maxDurationMs: 24 * hourMs, requireReason: true },
    },
  };
}

function eagerJob(name: string): ResolvedJob {
  const location = `s3://acme-checkpoints/${name}`;
  return {
    name,
    match: { applicationId, jobName: name, tags: {} },
    checkpoints: [location],
    mode: 'act',
    actions: {},
    tier: 2,
    stall: { afterMs: 900_000, action: 'restart' },
    restart: {
      launchFrom: 'lastRun',
      nativeRetries: 1,
      budget: { perHour: 100, perDay: 1_000 },
      streakMax: 3,
      backoff: { initialMs: 0, factor: 2, maxMs: 0 },
      stableAfterMs: 20 * 60_000,
      gracePeriodSeconds: 120,
      onBudgetExhausted: 'wait',
      classes: {},
    },
    launch: {
      applicationId,
      executionRoleArn: 'arn:aws:iam::111122223333:role/streaming-job',
      name,
      mode: 'STREAMING',
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://acme-artifacts/main.py',
          entryPointArguments: ['--stream', name, '--checkpoint', `${location}/`],
        },
      },
      retryPolicy: { maxFailedAttemptsPerHour: 1 },
    },
  };
}
