import type { LaunchRequest } from './launch-request.ts';
import {
  hasOwnDefaults,
  type SparkDefaults,
  type SparkPart,
  sparkSetting,
  withSettings,
} from './spark-settings.ts';
import { diskGbMax, fittingWorker, type Overhead, overheadMb, parseDisk, readSizeMb } from './worker-size.ts';

export type Worker = 'driver' | 'executor';
export const workerNames = ['driver', 'executor'] as const;

/** Cores, Spark memory (`14g`) and disk (`20g`) of the driver or of one executor. */
export interface WorkerSpec {
  readonly cores: number;
  readonly memory: string;
  readonly disk: string;
  /** As written, where it is: `shuffle_optimized` goes further than the `standard` that it is otherwise. */
  readonly diskType?: string;
  /** What the request wants beside that memory, where it says so. */
  readonly overhead?: Overhead;
}

/** Sizes of a worker; what is left out stays as the request, its application or the service has it. */
export interface WorkerChange {
  readonly cores?: number;
  readonly memory?: string;
  readonly disk?: string;
  /** `spark.*.memoryOverhead`, where the request fixes it. */
  readonly overheadMb?: number;
}

export interface WorkerChanges {
  readonly driver?: WorkerChange;
  readonly executor?: WorkerChange;
}

/** The service's defaults for Spark: 4 cores, 14 GB and a 20 GB disk for the driver and for each executor. */
const defaultWorker = { cores: 4, memory: '14g', disk: '20g' } as const;
/** … and what it gives an executor of 32 cores, which has no such size (user guide, Spark jobs, 2026). */
const largestExecutor = { cores: 32, memory: '109g' };

const keysOf = (worker: Worker) => ({
  cores: `spark.${worker}.cores`,
  memory: `spark.${worker}.memory`,
  disk: `spark.emr-serverless.${worker}.disk`,
  diskType: `spark.emr-serverless.${worker}.disk.type`,
  overhead: `spark.${worker}.memoryOverhead`,
  overheadFactor: `spark.${worker}.memoryOverheadFactor`,
});

/** Settings of an application that make its workers what they are; nothing else of it is kept. */
export function sizesOf(defaults: SparkDefaults): SparkDefaults {
  const keys = new Set([...workerNames.flatMap((worker) => Object.values(keysOf(worker))), ...sharedKeys]);
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => keys.has(key)));
}

const sharedKeys = [
  'spark.emr-serverless.memoryOverheadFactor',
  'spark.memory.offHeap.enabled',
  'spark.memory.offHeap.size',
  'spark.executor.pyspark.memory',
] as const;

/** What the service gives a worker for this request, in an application with these `spark-defaults`. */
export function workerSpec(request: SparkPart, worker: Worker, application?: SparkDefaults): WorkerSpec {
  const keys = keysOf(worker);
  const read = (key: string) => sparkSetting(request, key, application);
  const cores = Number(read(keys.cores) ?? defaultWorker.cores);
  const isLargest = worker === 'executor' && cores === largestExecutor.cores;
  const diskType = read(keys.diskType);
  return {
    cores,
    memory: read(keys.memory) ?? (isLargest ? largestExecutor : defaultWorker).memory,
    disk: read(keys.disk) ?? defaultWorker.disk,
    ...(diskType === undefined ? {} : { diskType }),
    ...overheadOf(read, worker),
  };
}

function overheadOf(read: (key: string) => string | undefined, worker: Worker): Pick<WorkerSpec, 'overhead'> {
  const [ofAll, isOffHeap, offHeap, pyspark] = sharedKeys;
  const keys = keysOf(worker);
  const factor = Number(read(keys.overheadFactor) ?? read(ofAll));
  const fixedMb = wholeMb(read(keys.overhead), 'm');
  const offHeapMb = read(isOffHeap) === 'true' ? wholeMb(read(offHeap), 'b') : undefined;
  const pythonMb = worker === 'executor' ? wholeMb(read(pyspark), 'm') : undefined;
  const besideMb = (offHeapMb ?? 0) + (pythonMb ?? 0);
  const overhead = {
    ...(factor > 0 ? { factor } : {}),
    ...(fixedMb === undefined ? {} : { fixedMb }),
    ...(besideMb > 0 ? { besideMb } : {}),
  };
  return Object.keys(overhead).length > 0 ? { overhead } : {};
}

function wholeMb(text: string | undefined, bareUnit: 'b' | 'm'): number | undefined {
  const sizeMb = readSizeMb(text ?? '', bareUnit);
  return sizeMb === undefined ? undefined : Math.ceil(sizeMb);
}

/** The sizes that a request names itself, as it writes them. */
export function namedSizes(request: SparkPart, worker: Worker): NamedSizes {
  const { cores, memory, overhead, disk } = keysOf(worker);
  const named = Object.entries({ cores, memory, memoryOverhead: overhead, disk }).flatMap(([part, key]) => {
    const text = sparkSetting(request, key);
    return text === undefined ? [] : [[part, text] as const];
  });
  return Object.fromEntries(named);
}

export type NamedSizes = Readonly<Partial<Record<'cores' | 'memory' | 'memoryOverhead' | 'disk', string>>>;

/** A change in the names and spelling of settings. */
export function namedChange({ cores, memory, overheadMb, disk }: WorkerChange): NamedSizes {
  return {
    ...(cores === undefined ? {} : { cores: String(cores) }),
    ...(memory === undefined ? {} : { memory }),
    ...(overheadMb === undefined ? {} : { memoryOverhead: `${overheadMb}m` }),
    ...(disk === undefined ? {} : { disk }),
  };
}

/** The same request with these sizes, and no other setting touched. */
export function withWorkers(request: LaunchRequest, changes: WorkerChanges): LaunchRequest {
  const settings = workerNames.flatMap((worker) => {
    const { overhead, ...rest } = keysOf(worker);
    const keys = { ...rest, memoryOverhead: overhead };
    return Object.entries(namedChange(changes[worker] ?? {})).map(
      ([part, text]) => [keys[part as keyof NamedSizes], text] as const,
    );
  });
  return withSettings(request, settings);
}

/**
 * The same request with no worker smaller than a failure taught. What it, or its application, makes larger stays so: a
 * size that was learned never takes back what somebody deployed since. Without the application's settings what the
 * request leaves out is written as it was learned.
 */
export function atLeast(
  request: LaunchRequest,
  learned: WorkerChanges | undefined,
  application: SparkDefaults | undefined,
): LaunchRequest {
  const raises = workerNames.flatMap((worker) => {
    const least = learned?.[worker];
    return least ? [[worker, raised(request, worker, least, application)] as const] : [];
  });
  return withWorkers(request, Object.fromEntries(raises));
}

function raised(
  request: SparkPart,
  worker: Worker,
  least: WorkerChange,
  application: SparkDefaults | undefined,
): WorkerChange {
  const asked = workerSpec(request, worker, application);
  const keys = keysOf(worker);
  const isKnown = (key: string) =>
    application !== undefined || hasOwnDefaults(request) || sparkSetting(request, key) !== undefined;
  const isBelow = (part: 'memory' | 'disk', wanted: string) =>
    !isKnown(keys[part]) || isSmaller(part, asked[part], wanted);
  const { memory, disk } = least;
  const isMemoryBelow = memory !== undefined && isBelow('memory', memory);
  const fittingDisk = disk === undefined || !isKnown(keys.diskType) ? disk : diskWithin(disk, asked.diskType);
  return {
    ...(isMemoryBelow ? raisedMemory({ ...least, memory }, isKnown(keys.cores) ? asked : undefined) : {}),
    ...(fittingDisk !== undefined && isBelow('disk', fittingDisk) ? { disk: fittingDisk } : {}),
  };
}

/** Memory that was learned, with cores and overhead that the service takes beside it; nothing where there are none. */
function raisedMemory(
  { cores, memory, overheadMb: leastMb }: WorkerChange & { readonly memory: string },
  asked: WorkerSpec | undefined,
): WorkerChange {
  const learned = { memory, ...(leastMb === undefined ? {} : { overheadMb: leastMb }) };
  if (!asked) return { ...learned, ...(cores === undefined ? {} : { cores }) };
  const { besideMb = 0, ...own } = asked.overhead ?? {};
  const isMore = leastMb !== undefined && leastMb > overheadMb(readSizeMb(memory, 'm') ?? 0, own);
  const overhead = isMore ? { fixedMb: leastMb, besideMb } : asked.overhead;
  const fitting = fittingWorker({ cores: Math.max(asked.cores, cores ?? 0), memory }, overhead);
  if (!fitting) return {};
  return {
    ...(fitting.cores === asked.cores ? {} : { cores: fitting.cores }),
    memory: fitting.memory,
    ...(isMore ? { overheadMb: leastMb } : {}),
  };
}

/** A disk of another type may end sooner than the one that it was learned with. */
function diskWithin(disk: string, type: string | undefined): string {
  const maxGb = diskGbMax(type);
  return (parseDisk(disk) ?? 0) > maxGb ? `${maxGb}g` : disk;
}

/** Both can be read, and the first one is the smaller. */
export function isSmaller(part: 'memory' | 'disk', one: string, other: string): boolean {
  const read = (text: string) => (part === 'disk' ? parseDisk(text) : readSizeMb(text, 'm'));
  return (read(one) ?? Number.NaN) < (read(other) ?? Number.NaN);
}

/** `executor memory 14g → 21.8g (4 → 8 cores)`, for each size that grew; empty where none did. */
export function growthText(worker: Worker, from: WorkerSpec, to: WorkerSpec): string {
  const [besideMb, besideMbThen] = [from.overhead?.fixedMb, to.overhead?.fixedMb];
  const overhead =
    besideMb === undefined || besideMbThen === undefined || besideMb === besideMbThen
      ? ''
      : `, overhead ${inGb(besideMb)} → ${inGb(besideMbThen)}`;
  const cores = from.cores === to.cores ? '' : ` (${from.cores} → ${to.cores} cores)`;
  const parts = [
    ...(isSmaller('memory', from.memory, to.memory)
      ? [`memory ${gbText(from.memory)} → ${gbText(to.memory)}${overhead}${cores}`]
      : []),
    ...(isSmaller('disk', from.disk, to.disk) ? [`disk ${from.disk} → ${to.disk}`] : []),
  ];
  return parts.length === 0 ? '' : `${worker} ${parts.join(' and ')}`;
}

/** Whole workers make odd numbers of megabytes: people read gigabytes. */
export function gbText(memory: string): string {
  return inGb(readSizeMb(memory, 'm') ?? Number.NaN);
}

function inGb(sizeMb: number): string {
  return `${Math.round((sizeMb / 1024) * 10) / 10}g`;
}
