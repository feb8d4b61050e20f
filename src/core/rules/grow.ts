import type { Judgement } from '../failure/classify.ts';
import type { ClassAction } from '../failure/taxonomy.ts';
import type { WorkerSpec, WorkerSpecs } from '../launch-request.ts';
import type { DecideInput } from '../rule.ts';
import { nextMemoryStep, parseMemory } from '../worker-size.ts';

/** A size step asks for at least this much more (design, section 6). */
const stepFactor = 1.5;
/** The largest standard worker disk of EMR Serverless, in GB. */
const diskGbMax = 200;
/** The largest Spark memory tried when the policy names no maximum: a full 8-vCPU worker of 60 GB. */
const defaultMemoryMax = '54g';

export interface Growth {
  readonly workers: WorkerSpecs;
  readonly change: string;
}

/** The next size for the worker that died (both when the text does not say), or that there is none left. */
export function growWorkers(
  input: DecideInput,
  judgement: Judgement,
  action: ClassAction,
): Growth | 'used-up' | undefined {
  if (action !== 'restart-with-more-memory' && action !== 'restart-with-more-disk') return undefined;
  const grow = input.job.restart.classes[judgement.class]?.grow;
  const dead = judgement.worker ? [judgement.worker] : (['driver', 'executor'] as const);
  const changes: string[] = [];
  const workers: { driver?: WorkerSpec; executor?: WorkerSpec } = { ...input.memory.workers };
  for (const worker of dead) {
    const now = input.workers[worker];
    const max = (worker === 'driver' ? grow?.driverMax : grow?.executorMax) ?? defaultMemoryMax;
    const next = action === 'restart-with-more-memory' ? moreMemory(now, max) : moreDisk(now);
    if (!next) continue;
    const { overhead: _ofRequest, ...learned } = next;
    workers[worker] = learned;
    changes.push(describe(worker, now, next));
  }
  if (changes.length === 0) return 'used-up';
  return { workers, change: `with ${changes.join(' and ')}` };
}

function moreMemory(now: WorkerSpec, maxMemory: string): WorkerSpec | undefined {
  // A person may have written a size that the service takes and we cannot read (`16384`): no step is known then.
  if (!isSize(now.memory)) return undefined;
  const next = nextMemoryStep(now, { factor: stepFactor, maxMemory, overhead: now.overhead });
  return next && { ...now, ...next };
}

function isSize(size: string): boolean {
  try {
    return parseMemory(size) > 0;
  } catch {
    return false;
  }
}

function moreDisk(now: WorkerSpec): WorkerSpec | undefined {
  if (!isSize(now.disk)) return undefined;
  const sizeGb = parseMemory(now.disk);
  if (sizeGb >= diskGbMax) return undefined;
  return { ...now, disk: `${Math.min(diskGbMax, Math.ceil(sizeGb * stepFactor))}g` };
}

function describe(worker: string, from: WorkerSpec, to: WorkerSpec): string {
  if (from.disk !== to.disk) return `${worker} disk ${from.disk} → ${to.disk}`;
  const cores = from.cores === to.cores ? '' : ` (${from.cores} → ${to.cores} cores)`;
  return `${worker} memory ${inGb(from.memory)} → ${inGb(to.memory)}${cores}`;
}

/** Whole workers make odd numbers of megabytes: people read gigabytes. */
function inGb(memory: string): string {
  return `${Math.round(parseMemory(memory) * 10) / 10}g`;
}
