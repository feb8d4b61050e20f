import { wakeJobsOfAlarm } from '../../control/alarms.ts';
import { deliverOutbox } from '../../control/deliver.ts';
import { withOutgoing } from '../../control/outgoing.ts';
import type { NotifyPorts, Ports, Wake } from '../../control/ports.ts';
import { reconcile } from '../../control/reconcile.ts';
import { release } from '../../control/release.ts';
import { jobOfRun } from '../../control/resolve.ts';
import { sweep } from '../../control/sweep.ts';
import { drawSkewMs, Pass } from './pass.ts';
import { passPorts } from './pass-ports.ts';
import type { Plant } from './plants.ts';
import type { Site } from './site.ts';

const sweepEveryMs = 60_000;
/** From a message to the function that has it. */
const queueLatencyMs = 100;
/** SQS hands out a message again that was not deleted; a dozen receives are the most. */
const visibilityMs = 60_000;
const receivesMax = 12;

/** The deployed functions and their queues: what is lost, comes twice, late, out of order, or twice at once. */
export class Functions {
  passes = 0;
  signals = 0;
  sweeps = 0;
  releases = 0;
  readonly #site: () => Site;
  readonly #plant: Plant | undefined;
  #isReleasePending = false;
  #isNotifyPending = false;

  constructor(site: () => Site, plant: Plant | undefined) {
    this.#site = site;
    this.#plant = plant;
  }

  startSweeping(): void {
    const { time } = this.#site();
    time.after(sweepEveryMs, () => {
      this.startSweeping();
      this.sweeps += 1;
      return this.#run('sweep', (ports) => sending(ports, sweep)).then(() => {});
    });
  }

  /** A hint on its way. Each may be lost, doubled, late, or overtaken by those behind it. */
  signal(wake: Wake, delaySeconds: number): void {
    const { faults } = this.#site();
    this.signals += 1;
    if (faults.strikes('signal-lost')) return;
    if (faults.strikes('signal-doubled'))
      this.#enqueue(wake, delaySeconds * 1000 + faults.random.between(0, 5_000));
    let delayMs = delaySeconds * 1000 + queueLatencyMs;
    if (faults.strikes('signal-late')) delayMs += faults.random.between(30_000, 1_800_000);
    else if (faults.strikes('signal-reordered')) delayMs += faults.random.between(500, 15_000);
    this.#enqueue(wake, delayMs);
  }

  /** However many messages ask for it, one look serves them all. */
  askRelease(): void {
    if (this.#isReleasePending) return;
    this.#isReleasePending = true;
    const { faults, time } = this.#site();
    time.after(queueLatencyMs, () => {
      this.#isReleasePending = false;
      const times = faults.strikes('two-passes-at-once') ? 2 : 1;
      return all(times, () => {
        this.releases += 1;
        return this.#run('release', async (ports) => void (await release(ports)));
      });
    });
  }

  /** FIFO with one group: one look at the outbox at a time, unless a message of a slow one comes again. */
  askNotify(): void {
    if (this.#isNotifyPending) return;
    this.#isNotifyPending = true;
    const { faults, time } = this.#site();
    time.after(queueLatencyMs, () => {
      this.#isNotifyPending = false;
      const times = faults.strikes('two-passes-at-once') ? 2 : 1;
      return all(times, () => this.#run('notify', deliverOutbox));
    });
  }

  #enqueue(wake: Wake, delayMs: number, received = 1): void {
    const { faults, time } = this.#site();
    time.after(Math.round(delayMs), () => {
      if (wake.kind === 'release') return this.askRelease();
      const times = faults.strikes('two-passes-at-once') ? 2 : 1;
      return all(times, () => this.#receive(wake, received));
    });
  }

  async #receive(wake: Exclude<Wake, { kind: 'release' }>, received: number): Promise<void> {
    const end = await this.#run('reconcile', (ports, pass) => this.#handle(ports, pass, wake));
    // What became of the message of a dead function is for SQS to say: mostly it comes again, some never do.
    const { faults } = this.#site();
    const isBack = end === 'again' || (end === 'dead' && faults.random.chance(0.7));
    if (isBack && received < receivesMax) this.#enqueue(wake, visibilityMs, received + 1);
  }

  async #handle(
    ports: Ports,
    pass: Pass,
    wake: Exclude<Wake, { kind: 'release' }>,
  ): Promise<'done' | 'again'> {
    let job: { name: string; look: boolean };
    if (wake.kind === 'alarm') return wakeJobsOfAlarm(ports, wake);
    if (wake.kind === 'job') job = { name: wake.job, look: wake.look ?? false };
    else {
      const found = await jobOfRun(ports, wake.applicationId, wake.jobRunId, wake.cause);
      if (!found.ok) return found.code === 'not-found' ? 'done' : 'again';
      if (!found.value) return 'done';
      job = { name: found.value.job, look: !found.value.known };
    }
    pass.job = job.name;
    this.passes += 1;
    const report = await sending(ports, (own) => reconcile(own, { job: job.name, look: job.look }));
    this.#site().watch.onPass(pass, report);
    return report.again ? 'again' : 'done';
  }

  /** Ends with the work or with the pass, so that a dead one holds nothing. What throws breaks a promise of ours. */
  async #run<T>(
    kind: Pass['kind'],
    work: (ports: Ports & NotifyPorts, pass: Pass) => Promise<T>,
  ): Promise<T | 'dead' | 'threw'> {
    const site = this.#site();
    const pass = new Pass(site.watch.nextPassId(), kind, drawSkewMs(site.faults));
    const ports = passPorts(site, pass);
    try {
      return await Promise.race([
        work(this.#plant ? { ...ports, ...this.#plant(ports, site) } : ports, pass),
        pass.death,
      ]);
    } catch (error) {
      site.watch.threw(pass, error);
      return 'threw';
    }
  }
}

/** As the functions do it: hints and events leave when the work is done. */
async function sending<T>(given: Ports, work: (ports: Ports) => Promise<T>): Promise<T> {
  const { ports, flush } = withOutgoing(given);
  const result = await work(ports);
  await flush();
  return result;
}

async function all(times: number, work: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: times }, work));
}
