import { as, keys } from '../control/items.ts';
import { pauseFleet, pauseJob, setKillSwitch } from '../control/orders.ts';
import { fleetStatus, type JobStatus } from '../control/status.ts';
import type { Decision } from '../core/decision.ts';
import type { JobMemory } from '../core/memory.ts';
import { happen } from './happen.ts';
import type { Plan } from './plan.ts';
import type { CallMade } from './scripted-runs.ts';
import { Stage, type Stated, type Told } from './stage.ts';

/** How a job stood at the end of a step. */
export interface Snapshot {
  readonly atMs: number;
  readonly status: JobStatus;
  readonly memory: JobMemory;
}

/** Everything that was recorded of one test. Times are on the test's clock, milliseconds since its start. */
export interface Recording {
  readonly decisions: readonly Decision[];
  /** What was remembered when a decision was made, by its id. */
  readonly memories: ReadonlyMap<string, JobMemory>;
  readonly told: readonly Told[];
  readonly calls: readonly CallMade[];
  /** By step and job. */
  readonly snapshots: ReadonlyMap<number, ReadonlyMap<string, Snapshot>>;
  /** Failures that the test gives a class, for comparing it with what they were judged to be. */
  readonly stated: readonly Stated[];
  /** Events that could not happen, and orders that were refused. */
  readonly troubles: readonly string[];
  readonly steps: number;
}

/** A pass comes a moment after the step begins: events and the sweep of that instant are heard before it. */
const lookAfterMs = 1_000;

/** Plays a test from its start to its last expectation. The same plan gives the same recording. */
export async function play(plan: Plan): Promise<Recording> {
  const { startMs, stepMs, steps } = plan;
  const stage = new Stage(plan);
  const troubles: string[] = [];
  const snapshots = new Map<number, ReadonlyMap<string, Snapshot>>();
  await prepare(stage);
  // The instant of the start belongs to the first step, so that what happens then is heard in order.
  stage.time.at(startMs, () => stage.startSweeping());
  for (const event of plan.events) {
    stage.time.at(startMs + event.at, async () => {
      const trouble = await happen(stage, event);
      if (trouble !== undefined) troubles.push(trouble);
    });
  }
  for (let step = 0; step < steps; step++) {
    stage.time.at(startMs + step * stepMs + lookAfterMs, () => lookAtAll(stage));
    if (isLookedAt(plan, step))
      stage.time.at(startMs + (step + 1) * stepMs - 1, async () => {
        snapshots.set(step, await snapshotOf(stage));
      });
  }
  await stage.time.run({ untilMs: startMs + steps * stepMs - 1 });
  return {
    decisions: stage.decisions,
    memories: stage.memories,
    told: stage.told.filter(({ atMs }) => atMs >= startMs),
    calls: stage.runs.calls.filter(({ atMs }) => atMs >= startMs),
    snapshots,
    stated: stage.stated,
    troubles,
    steps,
  };
}

/** Takes the fixture's jobs over, lets them commit a batch, and sets what people have set. */
async function prepare(stage: Stage): Promise<void> {
  const { plan } = stage;
  if (plan.fixture.run.state === 'RUNNING') {
    await lookAtAll(stage, true);
    await stage.time.run({ untilMs: plan.startMs - 2_000 });
    await lookAtAll(stage);
  }
  await stage.time.run({ untilMs: plan.startMs - 1 });
  const person = { by: 'policy test', reason: 'control of the test' };
  const { killSwitch, pause } = plan.control;
  if (killSwitch === true || killSwitch === 'on') await setKillSwitch(stage.ports, true, person);
  if (!pause) return;
  const untilMs = plan.startMs + pause.for;
  if (pause.scope === 'fleet') await pauseFleet(stage.ports, person, untilMs);
  else for (const { job } of stage.jobs.values()) await pauseJob(stage.ports, job, person, untilMs);
}

async function lookAtAll(stage: Stage, look = false): Promise<void> {
  for (const job of stage.jobs.keys()) await stage.pass(job, look);
}

function isLookedAt({ expect, stepMs }: Plan, step: number): boolean {
  return expect.some(({ at, to }) => (at ?? to) === step * stepMs);
}

async function snapshotOf(stage: Stage): Promise<ReadonlyMap<string, Snapshot>> {
  const status = await fleetStatus(stage.ports);
  if (!status.ok) throw new Error(`the status cannot be read: ${status.message}`);
  const snapshots = new Map<string, Snapshot>();
  for (const one of status.value.jobs) {
    const read = await stage.ports.store.read([keys.record(one.job)]);
    const memory = read.ok ? as('record', read.value.items[0])?.memory : undefined;
    if (memory) snapshots.set(one.job, { atMs: status.value.nowMs, status: one, memory });
  }
  return snapshots;
}
