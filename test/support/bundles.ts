import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Create } from '../../src/local/functions.ts';
import type { Packaged } from './package.ts';

/** The bundles out of the archives, each as a file of its own for as long as the test runs. */
export function unpacked({ filesOf }: Packaged, names: readonly string[]): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'checkpilot-packaged-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return new Map(
    names.map((name) => {
      const file = join(folder, `${name}.mjs`);
      writeFileSync(file, filesOf(name).get(`dist/functions/${name}/index.mjs`) ?? '');
      return [name, file];
    }),
  );
}

/** What makes each packaged function, for the local Lambda host. */
export async function creatorsOf(
  packaged: Packaged,
  names: readonly string[],
): Promise<Readonly<Record<string, Create>>> {
  const creators: Record<string, Create> = {};
  for (const [name, file] of unpacked(packaged, names)) {
    const bundle = (await import(pathToFileURL(file).href)) as { create: Create };
    creators[name] = bundle.create;
  }
  return creators;
}
