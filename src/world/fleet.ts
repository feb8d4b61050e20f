import { wakeJobsOfAlarm } from '../control/alarms.ts';
import { deliverOutbox } from '../control/deliver.ts';
import { withOutgoing } from '../control/outgoing.ts';
import type {
  Clock,
  Ids,
  Log,
  Notice,
  OwnEvent,
  Policies,
  Ports,
  Receiver,
  Wake,
  WakeQueue,
} from '../control/ports.ts';
import { type PassReport, reconcile } from '../control/reconcile.ts';
import { release } from '../control/release.ts';
import { jobOfRun } from '../control/resolve.ts';
import { sweep } from '../control/sweep.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { CheckpointLedger } from './checkpoint-ledger.ts';
import { InMemoryJobStore } from './in-memory-job-store.ts';
import { eventListener, listener } from './listener.ts';
import { ObjectStore } from './object-store.ts';
import type { WorldParameters } from './parameters.ts';
import { VirtualTime } from './virtual-time.ts';
import { World } from './world.ts';
import {
  ledgerCheckpoints,
  WorldJobRuns,
  worldApplications,
  worldCheckpoints,
  worldDriverLogs,
} from './world-ports.ts';
import { worldRetentions, worldShards, worldStreams } from './world-streams.ts';

export interface FleetOptions {
  readonly seed: number | string;
  readonly startMs: number;
  readonly policy: ResolvedPolicy;
  readonly parameters?: Partial<WorldParameters>;
  readonly act?: Ports['act'];
  /** Only the heads of checkpoints are kept, and no logs: for fleets too large for every object. */
  readonly headsOnly?: boolean;
}

/** How long a queue takes to hand a message to a function. */
const queueLatencyMs = 200;
const sweepEveryMs = 60_000;

/**
 * The control code and the world in one process on virtual time: real passes, an in-memory table, a wake queue
 * with delays, the sweep each minute. No HTTP, so thousands of passes a second; the wire is proven elsewhere.
 */
export class Fleet {
  readonly time: VirtualTime;
  readonly world: World;
  readonly objects: ObjectStore;
  readonly store: InMemoryJobStore;
  readonly notices: Notice[] = [];
  readonly events: OwnEvent[] = [];
  /** What the functions are handed; a test may replace it to come between them and the world. */
  ports: Ports & { readonly receiver: Receiver };
  policy: ResolvedPolicy;
  /** Hears every wake before it is queued; answers false to lose it. */
  onWake: (wake: Wake) => boolean = () => true;
  readonly #running = new Set<() => void>();
  /** Hears how each pass ended. */
  onOutcome: (pass: { atMs: number; job: string; outcome: string; report: PassReport }) => void = () => {};

  constructor({ seed, startMs, policy, parameters, act = 'all', headsOnly = false }: FleetOptions) {
    this.time = new VirtualTime(startMs);
    this.policy = policy;
    this.objects = new ObjectStore({ clock: this.time, buckets: bucketsOf(policy) });
    const heads = headsOnly ? new CheckpointLedger(() => this.time.now()) : undefined;
    this.world = new World({
      seed,
      time: this.time,
      objects: heads ?? {
        put: (key, body) => this.objects.put(key, body, 'world'),
        delete: (key) => this.objects.delete(key, 'world'),
      },
      ...(parameters ? { parameters } : {}),
    });
    this.store = new InMemoryJobStore(this.time);
    const random = this.world.random.fork('checkpilot');
    this.ports = {
      clock: this.time satisfies Clock,
      random: () => random.between(0, 1),
      ids: counted(),
      log: silent,
      runs: new WorldJobRuns(this.world),
      applications: worldApplications(this.world),
      store: this.store,
      wakes: this.#queue(),
      checkpoints: heads ? ledgerCheckpoints(heads) : worldCheckpoints(this.objects, worldShards(this.world)),
      streams: worldStreams(this.world),
      retentions: worldRetentions(this.world),
      logs: worldDriverLogs(this.objects),
      policies: this.#policies(),
      receiver: listener((notice) => this.notices.push(notice)),
      events: eventListener((event) => this.events.push(event)),
      act,
    };
    this.world.emr.onEvent(({ detail }) => {
      this.#enqueue(
        {
          kind: 'run',
          applicationId: String(detail.applicationId),
          jobRunId: String(detail.jobRunId),
          cause: `event ${String(detail.state ?? 'retry')}`,
        },
        0,
      );
    });
  }

  /** Starts the schedule of the sweep; without it nothing happens that no event asks for. */
  startSweeping(): void {
    const next = () => {
      this.time.after(sweepEveryMs, next);
      return this.sweepOnce();
    };
    this.time.after(sweepEveryMs, next);
  }

  sweepOnce(): Promise<void> {
    return this.#run(async () => {
      const { ports, flush } = withOutgoing(this.ports);
      await sweep(ports);
      await flush();
    });
  }

  async pass(job: string, look = false): Promise<string> {
    const { ports, flush } = withOutgoing(this.ports);
    const report = await reconcile(ports, { job, look });
    this.onOutcome({ atMs: this.time.now(), job, outcome: report.outcome, report });
    await flush();
    return report.outcome;
  }

  async runFor(ms: number): Promise<void> {
    await this.time.run({ untilMs: this.time.now() + ms });
  }

  #queue(): WakeQueue {
    return {
      send: async (wakes) => {
        for (const { wake, delaySeconds } of wakes) this.#enqueue(wake, delaySeconds);
        return { ok: true, value: undefined };
      },
      release: async () => {
        this.time.after(queueLatencyMs, () =>
          this.#run(async () => {
            await release(this.ports);
          }),
        );
        return { ok: true, value: undefined };
      },
      notify: async () => {
        this.time.after(queueLatencyMs, () => this.#run(() => this.notifyOnce()));
        return { ok: true, value: undefined };
      },
    };
  }

  async notifyOnce(): Promise<void> {
    const { receiver } = this.ports;
    await deliverOutbox({ ...this.ports, receivers: () => [receiver] });
  }

  #enqueue(wake: Wake, delaySeconds: number): void {
    if (!this.onWake(wake)) return;
    this.time.after(delaySeconds * 1000 + queueLatencyMs, () => this.#run(() => this.#handle(wake)));
  }

  async #handle(wake: Wake): Promise<void> {
    if (wake.kind === 'release') {
      await this.ports.wakes.release();
      return;
    }
    if (wake.kind === 'job') {
      await this.pass(wake.job, wake.look);
      return;
    }
    if (wake.kind === 'alarm') {
      if ((await wakeJobsOfAlarm(this.ports, wake)) === 'again') this.#enqueue(wake, 30);
      return;
    }
    const found = await jobOfRun(this.ports, wake.applicationId, wake.jobRunId, wake.cause);
    if (!found.ok && found.code !== 'not-found') this.#enqueue(wake, 30);
    if (found.ok && found.value) await this.pass(found.value.job, !found.value.known);
  }

  /** A pass that is killed never settles and must not hold time for ever, so nobody waits for it any longer. */
  async #run(work: () => Promise<void>): Promise<void> {
    let kill = () => {};
    const death = new Promise<void>((resolve) => {
      kill = resolve;
    });
    this.#running.add(kill);
    await Promise.race([work(), death]);
    this.#running.delete(kill);
  }

  /** Ends whatever is running now, at the line where it stands. */
  killRunning(): void {
    for (const kill of this.#running) kill();
  }

  #policies(): Policies {
    const hashes = new Map<ResolvedPolicy, string>();
    return {
      current: async () => {
        const { policy } = this;
        const hash = hashes.get(policy) ?? `policy-${hashes.size + 1}`;
        hashes.set(policy, hash);
        return { ok: true, value: { policy, hash } };
      },
    };
  }
}

function bucketsOf(policy: ResolvedPolicy): string[] {
  const locations = Object.values(policy.jobs).flatMap((job) => job.checkpoints);
  return [...new Set(['acme-logs', ...locations.map((location) => location.split('/')[2] ?? '')])];
}

/** Ids in the order of their making: short, readable, the same in each run. */
function counted(): Ids {
  let count = 0;
  return { next: (prefix) => `${prefix}_${String(++count).padStart(6, '0')}` };
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
