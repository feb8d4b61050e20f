import type { ObjectSink } from './checkpoint-writer.ts';

interface Head {
  plannedBatch: number;
  committedBatch: number;
  times: { plannedAtMs?: number; committedAtMs?: number };
  /** When the batch before the planned one was planned: the last committed one, while a batch is in flight. */
  before?: { batch: number; plannedAtMs: number };
}

/**
 * The objects under the checkpoints, reduced to what a reader of heads needs, so that thousands of schedules fit
 * into minutes. Only the world writes here; a write by anybody else is kept as a breach.
 */
export class CheckpointLedger implements ObjectSink {
  readonly breaches: string[] = [];
  readonly #now: () => number;
  readonly #heads = new Map<string, Head>();
  /** A job's second query keeps step with its first: the world runs one query of each job. */
  readonly #sameAs = new Map<string, string>();

  follow(location: string, first: string): void {
    this.#sameAs.set(location, first);
  }

  constructor(now: () => number) {
    this.#now = now;
  }

  put(key: string, _body: string | Buffer, writer: string): void {
    if (writer !== 'world') this.breaches.push(`put ${key} by ${writer}`);
    const [, prefix, folder, batch] = key.match(/^(.*)\/(offsets|commits)\/(\d+)$/) ?? [];
    if (prefix === undefined) return;
    const head = this.#heads.get(prefix) ?? noHead();
    const { plannedBatch: batchBefore, times } = head;
    if (folder === 'offsets' && Number(batch) > batchBefore && times.plannedAtMs !== undefined)
      head.before = { batch: batchBefore, plannedAtMs: times.plannedAtMs };
    const field = folder === 'commits' ? 'committedBatch' : 'plannedBatch';
    head[field] = Math.max(head[field], Number(batch));
    head.times[folder === 'commits' ? 'committedAtMs' : 'plannedAtMs'] = this.#now();
    this.#heads.set(prefix, head);
  }

  delete(key: string, writer: string): void {
    if (writer !== 'world') this.breaches.push(`delete ${key} by ${writer}`);
  }

  head(location: string): Omit<Head, 'before'> {
    const { before: _before, ...head } = this.#headOf(location);
    return { ...head, times: { ...head.times } };
  }

  /** When a batch was planned; only of the last two. */
  plannedAt(location: string, batch: number): number | undefined {
    const { plannedBatch, times, before } = this.#headOf(location);
    if (batch === plannedBatch) return times.plannedAtMs;
    return before?.batch === batch ? before.plannedAtMs : undefined;
  }

  #headOf(location: string): Head {
    const key = (this.#sameAs.get(location) ?? location).replace(/^s3:\/\//, '');
    return this.#heads.get(key) ?? noHead();
  }
}

const noHead = (): Head => ({ plannedBatch: -1, committedBatch: -1, times: {} });
