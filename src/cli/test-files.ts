import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Diagnostic, SourceText } from '../policy/diagnostics.ts';
import { loadPolicy } from '../policy/load.ts';
import { faultsAgainst, isError, placeIn, type ReadTests, readTests } from '../policy-test/load.ts';
import type { Suite } from '../policy-test/run.ts';
import type { Host } from './host.ts';
import { readPolicyFiles, reasonOf, type Unreadable } from './policy-files.ts';

/** Files of tests in a folder are told by their name, so that policies may lie beside them. */
const testName = /\.test\.ya?ml$/;
/** Deeper folders are somebody else's. */
const depthMax = 8;

export interface FoundSuites {
  /** Files without faults, with the policy that they test. */
  readonly suites: readonly Suite[];
  readonly diagnostics: readonly Diagnostic[];
  /** Texts that diagnostics are about, for showing their lines. */
  readonly texts: readonly SourceText[];
  readonly unreadable: readonly Unreadable[];
}

/** Reads the files of tests that a command names, folders as all their `*.test.yaml`, and the policies of each. */
export async function findSuites(paths: readonly string[], host: Host): Promise<FoundSuites> {
  const files = new Map<string, SourceText>();
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    const listed = await testFilesAt(path, host.cwd).catch((error: unknown) => {
      unreadable.push({ file: path, message: reasonOf(error) });
      return [];
    });
    for (const file of listed) {
      await readFile(resolve(host.cwd, file), 'utf8').then(
        (text) => files.set(resolve(host.cwd, file), { path: file, text }),
        (error: unknown) => unreadable.push({ file, message: reasonOf(error) }),
      );
    }
  }
  const found = await Promise.all([...files.values()].map((file) => readSuite(file, host)));
  const texts = new Map(found.flatMap((each) => each.texts.map((text) => [text.path, text] as const)));
  return {
    suites: found.flatMap(({ suite }) => suite ?? []),
    diagnostics: uniqueOf(found.flatMap(({ diagnostics }) => diagnostics)),
    texts: [...texts.values()],
    unreadable: [...unreadable, ...found.flatMap((each) => each.unreadable)],
  };
}

interface OneSuite {
  readonly suite?: Suite;
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: readonly SourceText[];
  readonly unreadable: readonly Unreadable[];
}

async function readSuite(file: SourceText, host: Host): Promise<OneSuite> {
  const read = readTests(file);
  const matched = await Promise.all(read.globs.map((pattern) => matching(pattern, file.path, host.cwd)));
  const missing = matched.flatMap((paths, index) => (paths.length > 0 ? [] : [nothingThere(read, index)]));
  const paths = [...new Set(matched.flat())];
  const { files, unreadable } = await readPolicyFiles(paths, host);
  const isWhole = files.length > 0 && missing.length === 0 && unreadable.length === 0;
  const loaded = isWhole ? loadPolicy(files) : undefined;
  const ofPolicy = loaded ? (loaded.ok ? [] : loaded.diagnostics) : [];
  const against = loaded?.ok ? faultsAgainst(read, loaded.policy) : [];
  const diagnostics = [...ofPolicy, ...read.diagnostics, ...missing, ...against];
  const isFine = loaded?.ok === true && !diagnostics.some(isError);
  return {
    ...(isFine && loaded.ok ? { suite: { read, policy: loaded.policy, files } } : {}),
    diagnostics,
    texts: [file, ...files],
    unreadable,
  };
}

/** Paths that a pattern of `policies` means, beside the file of tests, in the order of their names. */
async function matching(pattern: string, testFile: string, cwd: string): Promise<readonly string[]> {
  const folder = dirname(testFile);
  const found: string[] = [];
  for await (const name of glob(pattern, { cwd: resolve(cwd, folder) })) found.push(join(folder, name));
  return found.sort();
}

function nothingThere(read: ReadTests, index: number): Diagnostic {
  const pattern = read.globs[index] ?? '';
  return {
    ...placeIn(read, ['policies', index]),
    severity: 'error',
    code: 'CP2303',
    path: `policies[${index}]`,
    message: `no policy file is called "${pattern}"`,
    hint: 'paths start at the folder of this file',
  };
}

async function testFilesAt(path: string, cwd: string): Promise<readonly string[]> {
  const found = await stat(resolve(cwd, path));
  if (!found.isDirectory()) return [path];
  const files = await testFilesUnder(path, cwd, 0);
  if (files.length === 0) throw new Error('there is no *.test.yaml; name the files, or another folder');
  return files;
}

async function testFilesUnder(folder: string, cwd: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const isSource = entry.name !== 'node_modules' && !entry.name.startsWith('.');
    if (entry.isFile() && testName.test(entry.name)) files.push(path);
    if (entry.isDirectory() && isSource && depth < depthMax)
      files.push(...(await testFilesUnder(path, cwd, depth + 1)));
  }
  return files;
}

/** Two files of tests may share a policy, and its faults. */
function uniqueOf(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((each) => [JSON.stringify(each), each])).values()];
}
