import { deliverOutbox } from '../control/deliver.ts';
import { as, keys } from '../control/items.ts';
import type { JobStore, Notice } from '../control/ports.ts';
import type { Decision } from '../core/decision.ts';
import type { FailureClass } from '../core/failure/taxonomy.ts';
import { runTags } from '../core/job-run.ts';
import type { JobMemory } from '../core/memory.ts';
import { Fleet } from '../world/fleet.ts';
import { listener } from '../world/listener.ts';
import { type Plan, requestOf } from './plan.ts';
import { adoptedBeforeMs, ScriptedJob } from './scripted-job.ts';
import { scriptedPorts } from './scripted-ports.ts';
import { newRun, type ScriptedRun, ScriptedRuns } from './scripted-runs.ts';

export interface Told {
  readonly atMs: number;
  readonly receiver: string;
  readonly notice: Notice;
}

export interface Stated {
  readonly jobRunId: string;
  readonly class: FailureClass;
  readonly atMs: number;
}

/**
 * The product's own passes, release, sweep and delivery, as `Fleet` runs them on virtual time, in a world that answers
 * what a test says and nothing else.
 */
export class Stage extends Fleet {
  readonly runs: ScriptedRuns;
  readonly jobs: ReadonlyMap<string, ScriptedJob>;
  /** Everything that was recorded, in order. */
  readonly decisions: Decision[] = [];
  /** What was remembered when a decision was made, by its id. */
  readonly memories = new Map<string, JobMemory>();
  readonly told: Told[] = [];
  readonly stated: Stated[] = [];
  readonly plan: Plan;
  /** Whose the runs are that Checkpilot did not start. */
  readonly #owners = new Map<string, string>();

  constructor(plan: Plan) {
    super({ seed: plan.seed, startMs: plan.startMs - adoptedBeforeMs, policy: plan.policy, headsOnly: true });
    this.plan = plan;
    const jobs = Object.values(plan.policy.jobs);
    this.runs = new ScriptedRuns({
      time: this.time,
      applicationIds: [...new Set(jobs.map(({ match }) => match.applicationId))],
      onChange: ({ applicationId, jobRunId, state }) => {
        const wake = { kind: 'run', applicationId, jobRunId, cause: `event ${state}` } as const;
        void this.ports.wakes.send([{ wake, delaySeconds: 0 }]);
      },
    });
    const { fixture, series, startMs, stepMs } = plan;
    this.jobs = new Map(
      jobs.map((job) => {
        const runs = () => this.runsOf(job.name);
        return [job.name, new ScriptedJob({ job, fixture, series, startMs, stepMs, runs })];
      }),
    );
    this.ports = {
      ...this.ports,
      runs: this.runs,
      ...scriptedPorts({ time: this.time, runs: this.runs, jobs: this.jobs }),
      store: this.#recording(this.ports.store),
    };
    if (fixture.run.state === 'RUNNING') for (const job of jobs) this.#begin(job.name);
  }

  /** Oldest first. */
  runsOf(job: string): readonly ScriptedRun[] {
    return this.runs.all.filter(
      ({ jobRunId, tags }) => (this.#owners.get(jobRunId) ?? tags[runTags.job]) === job,
    );
  }

  /** A run that somebody starts by hand. */
  startByHand(job: string): void {
    const { policy, fixture } = this.plan;
    const request = requestOf(this.scripted(job).job, fixture, policy.accountId);
    const jobRunId = this.#idOf(job, `00byhand${String(this.#owners.size + 1).padStart(4, '0')}`);
    this.runs.begin(newRun({ jobRunId, request, nowMs: this.time.now(), createdBy: ana }));
  }

  streamOf(job: string): string | null {
    return this.scripted(job).job.source?.kinesis?.stream ?? null;
  }

  #idOf(job: string, jobRunId: string): string {
    this.#owners.set(jobRunId, job);
    return jobRunId;
  }

  scripted(job: string): ScriptedJob {
    const found = this.jobs.get(job);
    if (!found) throw new Error(`the test has no job ${job}`);
    return found;
  }

  /** As the policy says it: the receivers in their order, the log where it names none. */
  override async notifyOnce(): Promise<void> {
    const receivers = (this.plan.policy.receivers ?? [{ name: 'log' }]).map(({ name }) => ({
      ...listener((notice) => this.told.push({ atMs: this.time.now(), receiver: name, notice })),
      name,
    }));
    await deliverOutbox({ ...this.ports, receivers: () => receivers });
  }

  #begin(job: string): void {
    const { policy, fixture, startMs } = this.plan;
    const request = requestOf(this.scripted(job).job, fixture, policy.accountId);
    const startedAtMs = startMs + fixture.run.startedAt;
    const number = this.runs.all.length + 1;
    const given = number === 1 ? fixture.run.id : undefined;
    const jobRunId = this.#idOf(job, given ?? `00fixture${String(number).padStart(4, '0')}`);
    this.runs.add(
      newRun({ jobRunId, request, nowMs: startedAtMs, createdBy: ana, state: 'RUNNING', startedAtMs }),
    );
  }

  #recording(store: JobStore): JobStore {
    return {
      read: (keys) => store.read(keys),
      list: (pk, options) => store.list(pk, options),
      due: (shard, options) => store.due(shard, options),
      commit: async (writes) => {
        const decisions = writes.flatMap((write) =>
          'put' in write && write.put.kind === 'decision' ? [write.put.decision as unknown as Decision] : [],
        );
        const memories = await Promise.all(decisions.map(({ job }) => memoryOf(store, job)));
        const outcome = await store.commit(writes);
        if (outcome.kind !== 'committed') return outcome;
        for (const [index, decision] of decisions.entries()) {
          this.decisions.push(decision);
          const memory = memories[index];
          if (memory) this.memories.set(decision.id, memory);
        }
        return outcome;
      },
    };
  }
}

async function memoryOf(store: JobStore, job: string): Promise<JobMemory | undefined> {
  const read = await store.read([keys.record(job)]);
  return read.ok ? as('record', read.value.items[0])?.memory : undefined;
}

/** Whoever has started what Checkpilot did not. */
const ana = 'arn:aws:iam::111122223333:user/ana';
