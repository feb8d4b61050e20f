// Bundles each function into dist/functions/NAME/index.mjs as it is deployed: one minified ES module with
// everything inside. With --check every bundle is loaded by a bare Node process, as Lambda would load it.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { stampBundles } from './build-stamp.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const functions = readdirSync(join(root, 'functions'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'));

for (const name of functions) {
  await build({
    entryPoints: [join(root, 'functions', `${name}.ts`)],
    outfile: join(root, 'dist', 'functions', name, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Module-first: with the CommonJS builds of the SDK the same code is half as large again and slower to load.
    mainFields: ['module', 'main'],
    // Some dependencies still call require() for Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  });
}

stampBundles();

process.stdout.write('FUNCTION     BUNDLE\n');
for (const name of functions) {
  const file = join(root, 'dist', 'functions', name, 'index.mjs');
  process.stdout.write(`${name.padEnd(12)} ${Math.round(statSync(file).size / 1000)} kB\n`);
  if (process.argv.includes('--check')) check(name, file);
}

/** A bundle that does not load, or has no `create`, would fail in AWS at its first event. */
function check(name: string, file: string): void {
  const probe = `const m = await import(${JSON.stringify(pathToFileURL(file).href)}); if (typeof m.create !== 'function') throw new Error('no create()');`;
  const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', probe], {
    cwd: '/',
    encoding: 'utf8',
  });
  if (loaded.status === 0) return;
  process.stderr.write(`${name}: the bundle does not load.\n${loaded.stderr}\n`);
  process.exitCode = 1;
}
