import type { ObjectSink } from '../checkpoint-writer.ts';

interface Head {
  plannedBatch: number;
  committedBatch: number;
}

/**
 * The objects under the checkpoints, reduced to what a reader of heads needs, so that thousands of schedules fit
 * into minutes. Only the world writes here; a write by anybody else is kept as a breach.
 */
export class CheckpointLedger implements ObjectSink {
  readonly breaches: string[] = [];
  readonly #heads = new Map<string, Head>();
  /** A job's second query keeps step with its first: the world runs one query of each job. */
  readonly #sameAs = new Map<string, string>();

  follow(location: string, first: string): void {
    this.#sameAs.set(location, first);
  }

  put(key: string, _body: string | Buffer, writer: string): void {
    if (writer !== 'world') this.breaches.push(`put ${key} by ${writer}`);
    const [, prefix, folder, batch] = key.match(/^(.*)\/(offsets|commits)\/(\d+)$/) ?? [];
    if (prefix === undefined) return;
    const head = this.#heads.get(prefix) ?? { plannedBatch: -1, committedBatch: -1 };
    const field = folder === 'commits' ? 'committedBatch' : 'plannedBatch';
    head[field] = Math.max(head[field], Number(batch));
    this.#heads.set(prefix, head);
  }

  delete(key: string, writer: string): void {
    if (writer !== 'world') this.breaches.push(`delete ${key} by ${writer}`);
  }

  head(location: string): Head {
    const key = (this.#sameAs.get(location) ?? location).replace(/^s3:\/\//, '');
    return { ...(this.#heads.get(key) ?? { plannedBatch: -1, committedBatch: -1 }) };
  }
}
