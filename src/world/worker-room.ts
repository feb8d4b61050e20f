import type { Run } from './emr-run.ts';
import type { Application } from './emr-types.ts';
import type { Cause } from './failure-texts.ts';
import type { WorldParameters } from './parameters.ts';
import type { WorkerRequest } from './spark-request.ts';

/** What workers hold, or may hold together. */
interface Amount {
  readonly cpu: number;
  readonly memoryGb: number;
  readonly diskGb: number;
}

/** Why a worker was not given, as the journal and the texts of the service tell it apart. */
export type NoRoom = Extract<Cause, 'capacity-unavailable' | 'vcpu-quota'>;

/**
 * The workers that runs hold, against `maximumCapacity` of their application and the vCPU quota of the account. A run
 * holds its driver and its executors from the start of an attempt to its end.
 */
export class WorkerRoom {
  readonly #parameters: WorldParameters;
  readonly #held = new Map<Run, Amount>();
  readonly #heldIn = new Map<Application, Amount>();
  #heldInAll = none;

  constructor(parameters: WorldParameters) {
    this.#parameters = parameters;
  }

  /** The driver of an attempt: without it the attempt fails. */
  takeDriver(run: Run): NoRoom | undefined {
    const noRoom = this.#noRoomFor(run, run.job.driver);
    if (noRoom === undefined) this.#hold(run, run.job.driver);
    return noRoom;
  }

  /** As many executors as there is room for. The service refuses the others, and the run goes on without them. */
  takeExecutors(run: Run, wanted: number): number {
    let taken = 0;
    while (taken < wanted && this.#noRoomFor(run, run.job.executor) === undefined) {
      this.#hold(run, run.job.executor);
      taken += 1;
    }
    return taken;
  }

  free(run: Run): void {
    const { cpu, memoryGb, diskGb } = this.#held.get(run) ?? none;
    this.#held.delete(run);
    this.#change(run, { cpu: -cpu, memoryGb: -memoryGb, diskGb: -diskGb });
  }

  #hold(run: Run, worker: WorkerRequest): void {
    const amount = amountOf(worker);
    this.#held.set(run, plus(this.#held.get(run) ?? none, amount));
    this.#change(run, amount);
  }

  #change({ application }: Run, amount: Amount): void {
    this.#heldIn.set(application, plus(this.#heldIn.get(application) ?? none, amount));
    this.#heldInAll = plus(this.#heldInAll, amount);
  }

  #noRoomFor({ application }: Run, worker: WorkerRequest): NoRoom | undefined {
    const amount = amountOf(worker);
    const { cpu, memoryGb, diskGb } = plus(this.#heldIn.get(application) ?? none, amount);
    const maximum = maximumOf(application);
    const isOver = cpu > maximum.cpu || memoryGb > maximum.memoryGb || diskGb > maximum.diskGb;
    if (isOver) return 'capacity-unavailable';
    return this.#heldInAll.cpu + amount.cpu > this.#parameters.accountVcpus ? 'vcpu-quota' : undefined;
  }
}

const none: Amount = { cpu: 0, memoryGb: 0, diskGb: 0 };

function plus(a: Amount, b: Amount): Amount {
  return { cpu: a.cpu + b.cpu, memoryGb: a.memoryGb + b.memoryGb, diskGb: a.diskGb + b.diskGb };
}

/** EMR Serverless user guide, worker sizes: the memory of a worker grows in these steps from the smallest one on. */
const stepsGb: Readonly<Record<number, { readonly from: number; readonly step: number }>> = {
  1: { from: 2, step: 1 },
  2: { from: 4, step: 1 },
  4: { from: 8, step: 1 },
  8: { from: 16, step: 4 },
  16: { from: 32, step: 8 },
};
const sizesOf32Gb = [60, 120, 244];

/** The worker that the service gives for a request: the smallest valid size that holds memory and overhead. */
function amountOf({ cores, memoryGb, diskGb }: WorkerRequest): Amount {
  // spark.emr-serverless.memoryOverheadFactor default, and its minimum.
  const totalGb = memoryGb + Math.max(0.384, memoryGb * 0.1);
  const steps = stepsGb[cores];
  const sizeGb = steps
    ? Math.max(steps.from, Math.ceil(totalGb / steps.step) * steps.step)
    : (sizesOf32Gb.find((size) => size >= totalGb) ?? totalGb);
  return { cpu: cores, memoryGb: sizeGb, diskGb };
}

/** `400 vCPU`, `3000 GB`: what is not said has no limit. */
function maximumOf({ maximumCapacity }: Application): Amount {
  const read = (text: string | undefined): number =>
    text === undefined ? Number.POSITIVE_INFINITY : Number.parseFloat(text);
  return {
    cpu: read(maximumCapacity?.cpu),
    memoryGb: read(maximumCapacity?.memory),
    diskGb: read(maximumCapacity?.disk),
  };
}
