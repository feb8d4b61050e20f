import { open, opendir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type {
  CheckpointFiles,
  FileAnswer,
  FileFailure,
  FileStart,
  ListedFile,
  Listing,
} from '../checkpoint/files.ts';

/** As many as the listings of S3 give. */
const namesMax = { direct: 5_000, deep: 50_000 } as const;

/** A checkpoint in a folder of this machine. Opens files for reading only. */
export class FolderCheckpointFiles implements CheckpointFiles {
  readonly location: string;

  constructor(folder: string) {
    this.location = folder;
  }

  async list(folder: string, depth: 'direct' | 'deep'): Promise<FileAnswer<Listing>> {
    const root = join(this.location, folder);
    const files: ListedFile[] = [];
    const folders: string[] = [];
    try {
      for await (const entry of await opendir(root, { recursive: depth === 'deep' })) {
        if (files.length + folders.length >= namesMax[depth])
          return { ok: true, value: { files, folders, isCut: true } };
        const path = join(entry.parentPath, entry.name);
        if (entry.isDirectory()) {
          if (depth === 'direct') folders.push(entry.name);
          continue;
        }
        const facts = await factsOf(path);
        if (facts !== undefined) files.push({ name: relative(root, path).split(sep).join('/'), ...facts });
      }
    } catch (error) {
      const failure = failureOf(error, root);
      if (failure.code !== 'not-found') return failure;
    }
    return { ok: true, value: { files, folders, isCut: false } };
  }

  async read(path: string, bytesMax: number): Promise<FileAnswer<FileStart>> {
    const full = join(this.location, path);
    try {
      await using file = await open(full, 'r');
      const buffer = Buffer.alloc(Math.min(bytesMax, (await file.stat()).size) + 1);
      let filled = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
        filled += bytesRead;
        if (bytesRead === 0 || filled === buffer.length) break;
      }
      return {
        ok: true,
        value: { bytes: buffer.subarray(0, Math.min(filled, bytesMax)), isCut: filled > bytesMax },
      };
    } catch (error) {
      // As in a bucket: where a folder is, there is no file.
      const isFolder = (error as NodeJS.ErrnoException).code === 'EISDIR';
      return { ...failureOf(error, full), ...(isFolder ? { code: 'not-found' } : {}) };
    }
  }
}

/** Undefined for what is gone since it was listed, as Spark purges while it runs. */
async function factsOf(path: string): Promise<Omit<ListedFile, 'name'> | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { sizeBytes: found.size, modifiedMs: found.mtimeMs } : undefined;
  } catch (error) {
    if (failureOf(error, path).code === 'not-found') return undefined;
    throw error;
  }
}

function failureOf(error: unknown, path: string): FileFailure {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  // What is no error of the file system is a slip of ours.
  if (!/^E[A-Z]+$/.test(code)) throw error;
  const codes: Readonly<Record<string, FileFailure['code']>> = {
    ENOENT: 'not-found',
    ENOTDIR: 'malformed',
    EISDIR: 'malformed',
    EACCES: 'denied',
    EPERM: 'denied',
  };
  return { ok: false, code: codes[code] ?? 'unavailable', message: `${path}: ${message}` };
}
