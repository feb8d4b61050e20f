/**
 * The smallest worker with at least `factor` times the memory of the present one, not above the cap.
 *
 * Same cores when that tier holds it, else the next tier. The returned `memory` (`<n>m`, for `spark.driver.memory` or
 * `spark.executor.memory`) fills the worker to the last megabyte with its overhead, unless the cap is lower; the last
 * step before the cap may therefore be smaller than `factor`. `undefined` when the cap is reached or no worker is large
 * enough. Throws a RangeError for memory that Spark would not read.
 */
export function nextMemoryStep(present: WorkerMemory, step: MemoryStep): WorkerMemory | undefined {
  const { factor, maxMemory, overhead } = step;
  const presentGb = parseMemory(present.memory);
  const maxGb = parseMemory(maxMemory);
  const capGb = totalMemoryGb(maxGb, overhead);
  const wantedGb = Math.min(factor * totalMemoryGb(presentGb, overhead), capGb);
  const wanted = smallestWorker({ cores: present.cores, totalGb: wantedGb });
  if (!wanted) return undefined;
  const filledMb = (worker: WorkerSize) =>
    Math.min(memoryInsideMb(worker.memoryGb, overhead), Math.floor(maxGb * mbPerGb));
  const isWantedTaken = isTaken({
    cores: wanted.cores,
    totalGb: totalMemoryGb(filledMb(wanted) / mbPerGb, overhead),
  });
  const worker = isWantedTaken ? wanted : largestBelow(present, capGb, overhead);
  if (!worker || filledMb(worker) <= presentGb * mbPerGb) return undefined;
  return { cores: worker.cores, memory: `${filledMb(worker)}m` };
}

/** Where a cap lies between two sizes of the largest workers: the most that fits under it, if that is a larger worker. */
function largestBelow(
  { cores, memory }: WorkerMemory,
  capGb: number,
  overhead: Overhead | undefined,
): WorkerSize | undefined {
  const present = smallestWorker({ cores, totalGb: totalMemoryGb(parseMemory(memory), overhead) });
  const [largest] = workerTiers
    .filter((tier) => tier.cores >= cores)
    .flatMap((tier) => tier.memoryGb.map((memoryGb) => ({ cores: tier.cores, memoryGb })))
    .filter(({ memoryGb }) => memoryGb <= capGb)
    .sort((a, b) => b.memoryGb - a.memoryGb || a.cores - b.cores);
  return largest && present && largest.memoryGb > present.memoryGb ? largest : undefined;
}

/** Cores and `spark.*.memory` of a driver or an executor. */
export interface WorkerMemory {
  readonly cores: number;
  /** As Spark writes it: `14g`, `14336m`. */
  readonly memory: string;
}

export interface MemoryStep {
  /** 1.5 steps up gently: twice is more than twice the memory and not yet three times the bill. */
  readonly factor: number;
  /** Highest `spark.*.memory`, overhead not counted. */
  readonly maxMemory: string;
  readonly overhead?: Overhead | undefined;
}

/** What a worker needs beside the memory of Spark; by default a tenth of that. */
export interface Overhead {
  /** `spark.emr-serverless.memoryOverheadFactor` or `spark.*.memoryOverheadFactor`. */
  readonly factor?: number;
  /** `spark.*.memoryOverhead`, in place of the factor. */
  readonly fixedMb?: number;
  /** Off-heap memory and that of Python workers, on top. */
  readonly besideMb?: number;
}

/** One worker of EMR Serverless: its cores and its whole memory, overhead included. */
export interface WorkerSize {
  readonly cores: number;
  readonly memoryGb: number;
}

/** The smallest valid worker with at least these cores and this memory, overhead included. Fewer cores win. */
export function smallestWorker(need: { cores: number; totalGb: number }): WorkerSize | undefined {
  for (const tier of workerTiers) {
    if (tier.cores < need.cores) continue;
    const memoryGb = tier.memoryGb.find((sizeGb) => sizeGb >= need.totalGb);
    if (memoryGb !== undefined) return { cores: tier.cores, memoryGb };
  }
  return undefined;
}

/**
 * The smallest worker with at least these cores and this Spark memory; where the service would not leave as much of it
 * unused, its memory is filled. Undefined where there is none, or cores are no number.
 */
export function fittingWorker(
  { cores, memory }: WorkerMemory,
  overhead?: Overhead,
): WorkerMemory | undefined {
  const totalGb = totalMemoryGb(parseMemory(memory), overhead);
  const size = cores >= 1 ? smallestWorker({ cores, totalGb }) : undefined;
  if (!size) return undefined;
  if (isTaken({ cores: size.cores, totalGb })) return { cores: size.cores, memory };
  return { cores: size.cores, memory: `${memoryInsideMb(size.memoryGb, overhead)}m` };
}

/** Whether the service starts a worker of these cores for this memory, overhead included, in its next size or as it is. */
export function isTaken({ cores, totalGb }: { cores: number; totalGb: number }): boolean {
  const tier = workerTiers.find((each) => each.cores === cores);
  const memoryGb = tier?.memoryGb.find((sizeGb) => sizeGb >= totalGb);
  return memoryGb !== undefined && memoryGb - totalGb <= (tier?.unusedGbMax ?? Number.POSITIVE_INFINITY);
}

/** The Spark memory, in whole GB, with which a worker of such cores is taken: one range for each of its sizes. */
export function memoryRangesGb(
  tier: WorkerTier,
  overhead: Overhead = {},
): readonly { readonly fromGb: number; readonly toGb: number }[] {
  return tier.memoryGb.map((sizeGb) => {
    const leastMb = memoryInsideMb(sizeGb - (tier.unusedGbMax ?? sizeGb), overhead);
    return {
      fromGb: Math.max(1, Math.ceil(leastMb / mbPerGb)),
      toGb: Math.floor(memoryInsideMb(sizeGb, overhead) / mbPerGb),
    };
  });
}

/** Memory of a worker as the service counts it: Spark's own plus overhead, which is never below 384 MB. */
export function totalMemoryGb(memoryGb: number, overhead: Overhead = {}): number {
  return (memoryGb * mbPerGb + overheadMb(memoryGb * mbPerGb, overhead)) / mbPerGb;
}

/**
 * Memory as Spark reads it, in GB of 1024 MB: `14g`, `14336m`, `1t`, with or without a trailing `b`; a bare number counts
 * megabytes. Throws a RangeError for anything else.
 */
export function parseMemory(memory: string): number {
  const sizeMb = readSizeMb(memory, 'm') ?? 0;
  if (!(sizeMb > 0)) throw new RangeError(`memory must be a whole number and a unit, such as 14g: ${memory}`);
  return sizeMb / mbPerGb;
}

/** A size as Spark reads it (JavaUtils), with the unit that the setting takes a bare number for, in MB. */
export function readSizeMb(text: string, bareUnit: 'b' | 'm'): number | undefined {
  const [, digits, unit = bareUnit] = /^(\d{1,15})([bkmgtp])?(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytesPerUnit = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };
  const bytes = bytesPerUnit[unit.toLowerCase() as keyof typeof bytesPerUnit];
  return digits === undefined ? undefined : (Number(digits) * bytes) / 2 ** 20;
}

/** A disk in GB; undefined without a unit, which the service asks for. */
export function parseDisk(disk: string): number | undefined {
  const sizeMb = /[gmt]b?\s*$/i.test(disk) ? readSizeMb(disk, 'm') : undefined;
  return sizeMb !== undefined && sizeMb > 0 ? sizeMb / mbPerGb : undefined;
}

/** Largest local disk of a worker, in GB (user guide, worker configurations and shuffle-optimized disks). */
export function diskGbMax(type: string | undefined): number {
  return type?.toLowerCase() === 'shuffle_optimized' ? 2_000 : 200;
}

/** What the service offers with one number of cores. */
export interface WorkerTier {
  readonly cores: number;
  /** Whole memory of a worker, overhead included, ascending. */
  readonly memoryGb: readonly number[];
  /** A request that leaves more of its worker unused is refused; without it any smaller one is rounded up. */
  readonly unusedGbMax?: number;
}

/**
 * Every worker that the service has, from its user guide of 2026: "Understanding application behavior", supported worker
 * configurations (https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html). Those of 32 cores are
 * newer than the others; how sure they are: docs/facts.md.
 */
export const workerTiers: readonly WorkerTier[] = [
  { cores: 1, memoryGb: sizes({ fromGb: 2, toGb: 8, stepGb: 1 }) },
  { cores: 2, memoryGb: sizes({ fromGb: 4, toGb: 16, stepGb: 1 }) },
  { cores: 4, memoryGb: sizes({ fromGb: 8, toGb: 30, stepGb: 1 }) },
  { cores: 8, memoryGb: sizes({ fromGb: 16, toGb: 60, stepGb: 4 }) },
  { cores: 16, memoryGb: sizes({ fromGb: 32, toGb: 120, stepGb: 8 }) },
  { cores: 32, memoryGb: [60, 120, 244], unusedGbMax: 8 },
];

/** Spark and the service count in binary units: 1g is 1024m. */
const mbPerGb = 1024;

/** Default of the service and of Spark. */
const overheadFactorDefault = 0.1;

/** Spark never reserves less than this beside its own memory. */
const overheadMbMin = 384;

/** All that a worker gets beside so much Spark memory. */
export function overheadMb(
  memoryMb: number,
  { factor = overheadFactorDefault, fixedMb, besideMb = 0 }: Overhead = {},
): number {
  // Rounded up, where Spark cuts off: a worker filled by our count is never too small by Spark's.
  return (fixedMb ?? Math.max(overheadMbMin, Math.ceil(memoryMb * factor))) + besideMb;
}

/** The most Spark memory, in whole MB, that fits into a worker beside its overhead. */
function memoryInsideMb(workerGb: number, overhead: Overhead = {}): number {
  const { factor = overheadFactorDefault, fixedMb, besideMb = 0 } = overhead;
  const workerMb = workerGb * mbPerGb;
  const restMb = workerMb - besideMb;
  const memoryMb = Math.floor(
    fixedMb === undefined ? Math.min(restMb / (1 + factor), restMb - overheadMbMin) : restMb - fixedMb,
  );
  // Rounding may spend one megabyte twice.
  return memoryMb + overheadMb(memoryMb, overhead) > workerMb ? memoryMb - 1 : memoryMb;
}

function sizes({
  fromGb,
  toGb,
  stepGb,
}: {
  fromGb: number;
  toGb: number;
  stepGb: number;
}): readonly number[] {
  return Array.from({ length: (toGb - fromGb) / stepGb + 1 }, (_, step) => fromGb + step * stepGb);
}
