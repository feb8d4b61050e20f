import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SourceText } from '../policy/diagnostics.ts';
import type { Host } from './host.ts';

/** A file that could not be read, and why. */
export interface Unreadable {
  readonly file: string;
  readonly message: string;
}

export interface PolicyFiles {
  readonly files: readonly SourceText[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Reads the policy files that a command names, folders as all their `.yaml` and `.yml` files by name (not deeper).
 * Paths stay as they were written, so that messages can be clicked. A file that is named twice is read once. Tests of a
 * policy may lie beside it: in a folder they are passed over.
 */
export async function readPolicyFiles(paths: readonly string[], { cwd }: Host): Promise<PolicyFiles> {
  const files = new Map<string, SourceText>();
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    const listed = await filesAt(path, cwd).catch((error: unknown) => {
      unreadable.push({ file: path, message: reasonOf(error) });
      return [];
    });
    for (const file of listed) {
      const absolute = resolve(cwd, file);
      if (files.has(absolute)) continue;
      await readFile(absolute, 'utf8').then(
        (text) => {
          if (file === path || !isOfTests.test(text)) files.set(absolute, { path: file, text });
        },
        (error: unknown) => unreadable.push({ file, message: reasonOf(error) }),
      );
    }
  }
  return { files: [...files.values()], unreadable };
}

const isOfTests = /^kind:[ \t]+["']?PolicyTest["']?[ \t]*(?:#.*)?$/m;

/** One line for each file that could not be read, for stderr. */
export function unreadableText(unreadable: readonly Unreadable[]): string {
  return unreadable.map(({ file, message }) => `${file}: cannot be read: ${message}\n`).join('');
}

async function filesAt(path: string, cwd: string): Promise<readonly string[]> {
  const found = await stat(resolve(cwd, path));
  if (!found.isDirectory()) return [path];
  const names = (await readdir(resolve(cwd, path))).filter((name) => /\.ya?ml$/.test(name)).sort();
  if (names.length === 0) throw new Error('the folder has no .yaml file; name the files, or another folder');
  return names.map((name) => join(path, name));
}

/** Why a file could not be read, in words that say what to look at. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'no right to read it; check its owner and mode';
    case 'EISDIR':
      return 'it is a folder inside of the folder; name it on the command line';
    default:
      return message;
  }
}
