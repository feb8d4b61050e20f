import type { Ids } from '../../control/ports.ts';
import { CheckpointLedger } from '../checkpoint-ledger.ts';
import { InMemoryJobStore } from '../in-memory-job-store.ts';
import { Random } from '../random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { World } from '../world.ts';
import { WorldJobRuns } from '../world-ports.ts';
import { unsettled } from './convergence.ts';
import { hourMs, minuteMs, startMs } from './deeds.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Functions } from './functions.ts';
import { People } from './people.ts';
import { plants } from './plants.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { ourArn, type Site } from './site.ts';
import { StateHistory } from './state-history.ts';
import { Switches } from './switches.ts';
import { type Violation, Watch } from './watch.ts';

export interface ScheduleResult {
  readonly seed: number;
  readonly jobs: number;
  readonly applications: number;
  readonly virtualMs: number;
  readonly passes: number;
  readonly sweeps: number;
  readonly releases: number;
  readonly signals: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly violations: readonly Violation[];
  readonly hasConverged: boolean;
  /** JSON lines of what the world saw; empty unless asked for. */
  readonly calls: string;
}

export interface ScheduleOptions {
  readonly seed: number;
  /** Name of a planted bug. */
  readonly plant?: string | undefined;
  readonly withCalls?: boolean;
  /** Hears of the site before time moves; for a look at one seed. */
  readonly onSite?: (site: Site) => void;
}

/**
 * After the faults a fleet has this long to converge: a zombie may have to wake, and a job that its application refuses
 * several times to wait for an hourly budget before each try.
 */
const calmMsMax = 8 * hourMs;
const calmLookMs = 10 * minuteMs;

/**
 * One schedule: the real control code on the world's virtual time, first with faults and watched at every step,
 * then without, until everything that may run does. The same seed gives the same journal, byte by byte.
 */
export async function runSchedule({
  seed,
  plant,
  withCalls = false,
  onSite,
}: ScheduleOptions): Promise<ScheduleResult> {
  const random = new Random(`chaos/${seed}`);
  const scenario = drawScenario(random.fork('scenario'));
  const site = siteOf(seed, scenario, random, plant);
  const people = new People(site, scenario.deeds);
  onSite?.(site);
  site.functions.startSweeping();
  const { time, watch, faults } = site;
  const isSafe = (): boolean => plant === undefined || watch.violations.length === 0;
  await time.runWhile(isSafe, { untilMs: startMs + scenario.faultyMs });
  faults.stop();
  await people.lift();
  const hasConverged = isSafe() && (await converges(site, isSafe));
  for (const breach of site.checkpoints.breaches) watch.report('checkpoint-untouched', breach);
  return {
    seed,
    jobs: Object.keys(scenario.policy.jobs).length,
    applications: scenario.applicationIds.length,
    virtualMs: time.now() - startMs,
    passes: site.functions.passes,
    sweeps: site.functions.sweeps,
    releases: site.functions.releases,
    signals: site.functions.signals,
    faults: Object.fromEntries([...faults.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    violations: watch.violations,
    hasConverged,
    calls: withCalls ? site.world.journal.text() : '',
  };
}

async function converges(site: Site, isSafe: () => boolean): Promise<boolean> {
  const { time, watch } = site;
  const endMs = time.now() + calmMsMax;
  let left: readonly string[] = [];
  while (time.now() < endMs) {
    await time.runWhile(isSafe, { untilMs: time.now() + calmLookMs });
    if (!isSafe()) return false;
    left = await unsettled(site);
    if (left.length === 0) return true;
  }
  for (const what of left) watch.report('convergence', what);
  return false;
}

function siteOf(seed: number, scenario: Scenario, random: Random, plant: string | undefined): Site {
  const time = new VirtualTime(startMs);
  const checkpoints = new CheckpointLedger(() => time.now());
  const faults = new Faults(random.fork('faults'), scenario.rates);
  const tokenMemorySeconds = tokenMemoryOf(random);
  const world = new World({
    seed,
    time,
    objects: checkpoints,
    parameters: {
      ...scenario.parameters,
      tokenMemorySecondsMin: tokenMemorySeconds,
      tokenMemorySecondsMax: tokenMemorySeconds,
    },
  });
  for (const applicationId of scenario.applicationIds)
    world.emr.createApplication({ applicationId, name: applicationId, releaseLabel: 'emr-7.10.0' });
  for (const [name, script] of Object.entries(scenario.scripts)) world.script(name, script);
  for (const {
    checkpoints: [first, ...more],
  } of Object.values(scenario.policy.jobs))
    for (const location of more) checkpoints.follow(location, first ?? '');
  const switches = new Switches();
  const watch = new Watch({ seed, time, journal: world.journal, switches });
  forgetTokens(world, faults, tokenMemorySeconds);
  signalAtTheEdge(world, () => site);
  const draw = random.fork('checkpilot');
  const site: Site = {
    time,
    world,
    runs: new WorldJobRuns(world, ourArn),
    store: new InMemoryJobStore(time),
    checkpoints,
    faults,
    history: new StateHistory(world.journal),
    switches,
    watch,
    functions: new Functions(() => site, plant === undefined ? undefined : plants[plant]?.()),
    ids: counted(),
    draw: () => draw.next(),
    policy: { policy: scenario.policy, hash: 'policy-0' },
  };
  world.emr.onEvent(({ detail }) => {
    const { applicationId, jobRunId, state } = detail;
    const wake = {
      kind: 'run',
      applicationId: String(applicationId),
      jobRunId: String(jobRunId),
      cause: `event ${String(state ?? 'retry')}`,
    } as const;
    site.functions.signal(wake, 0);
  });
  return site;
}

/** Assumption A2: longer than D + S, which is 17 minutes. Every other schedule goes to that edge. */
function tokenMemoryOf(random: Random): number {
  return random.chance(0.5) ? 1_025 : Math.round(random.between(1_200, 86_400));
}

function forgetTokens(world: World, faults: Faults, memorySeconds: number): void {
  world.journal.onEntry(({ kind, cause }) => {
    if (kind !== 'start-accepted' || cause === undefined || memorySeconds > 3_600) return;
    world.time.after(memorySeconds * 1000, () => {
      if (faults.areOn) faults.count('token-forgotten');
    });
  });
}

/** A full budget frees an hour after its oldest restart: signals right there ask for a second too much. */
function signalAtTheEdge(world: World, site: () => Site): void {
  world.journal.onEntry(({ kind, cause, job = '', t }) => {
    if (kind !== 'start-accepted' || cause !== 'restart') return;
    for (let second = -5; second <= 1; second += 1) {
      world.time.at(t + hourMs + second * 1000, () =>
        site().functions.signal({ kind: 'job', job, cause: 'edge' }, 0),
      );
    }
  });
}

/** Ids in the order of their making, so that they sort by time as real ones do. */
function counted(): Ids {
  let count = 0;
  return { next: (prefix) => `${prefix}_${String(++count).padStart(6, '0')}` };
}
