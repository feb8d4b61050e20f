import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { CheckpointFiles, FileAnswer, FileFailure, Listing } from '../../src/checkpoint/files.ts';

export const fixturesRoot = join(import.meta.dirname, '../fixtures/checkpoints');

export const fixtureNames = readdirSync(fixturesRoot).sort();

/** What really happened to a checkpoint, as its `meta.json` tells. */
export interface Meta {
  readonly source: string;
  readonly lastPlannedBatch: number;
  readonly lastCommittedBatch: number;
  readonly plannedNotCommitted: boolean;
  readonly offsetsAtLastPlanned: readonly Record<string, never>[];
  readonly queryId: string | null;
  readonly healthy: boolean;
}

export function metaOf(name: string): Meta {
  return JSON.parse(readFileSync(join(fixturesRoot, name, 'meta.json'), 'utf8')) as Meta;
}

/** A checkpoint in memory, to be damaged at will; it counts calls, and never holds more than it was given. */
export class MemoryFiles implements CheckpointFiles {
  readonly location = 'memory';
  readonly bytes = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  /** Paths that answer with this failure, reads and listings alike. */
  readonly failures = new Map<string, FileFailure>();
  listedMax = 5_000;

  /** A copy of a fixture, without what the collectors of the fixtures wrote beside it. */
  static of(name: string): MemoryFiles {
    const files = new MemoryFiles();
    const root = join(fixturesRoot, name);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (entry.isFile() && path !== 'meta.json') files.bytes.set(path, readFileSync(join(root, path)));
    }
    return files;
  }

  text(path: string): string {
    return Buffer.from(this.bytes.get(path) ?? []).toString('utf8');
  }

  put(path: string, text: string): this {
    this.bytes.set(path, Buffer.from(text));
    return this;
  }

  /** Deletes a file, or all that is below a folder. */
  drop(path: string): this {
    for (const each of [...this.bytes.keys()])
      if (each === path || each.startsWith(`${path}/`)) this.bytes.delete(each);
    return this;
  }

  async list(folder: string, depth: 'direct' | 'deep'): Promise<FileAnswer<Listing>> {
    this.calls.push(`list ${folder}`);
    const failure = this.failures.get(folder);
    if (failure) return failure;
    const prefix = folder === '' ? '' : `${folder}/`;
    const below = [...this.bytes].filter(([path]) => path.startsWith(prefix));
    const named = below.map(([path, bytes]) => ({
      name: path.slice(prefix.length),
      sizeBytes: bytes.length,
      modifiedMs: Number.NaN,
    }));
    const files = depth === 'deep' ? named : named.filter(({ name }) => !name.includes('/'));
    const folders = named.flatMap(({ name }) =>
      name.includes('/') ? [name.slice(0, name.indexOf('/'))] : [],
    );
    const value = {
      files: files.slice(0, this.listedMax),
      folders: depth === 'deep' ? [] : [...new Set(folders)],
      isCut: files.length > this.listedMax,
    };
    return { ok: true, value };
  }

  async read(path: string, bytesMax: number) {
    this.calls.push(`read ${path}`);
    const failure = this.failures.get(path);
    if (failure) return failure;
    const bytes = this.bytes.get(path);
    if (!bytes) return { ok: false, code: 'not-found', message: `${path} is not there` } as const;
    return {
      ok: true,
      value: { bytes: bytes.subarray(0, bytesMax), isCut: bytes.length > bytesMax },
    } as const;
  }
}
