import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { staleBundles, stampBundles } from '../scripts/build-stamp.mjs';

/** A checkout with one source and one bundle, and what its bundles were made of. */
function checkout() {
  const folder = mkdtempSync(join(tmpdir(), 'checkpilot-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('src/a.ts', 'one');
  write('dist/functions/a/index.mjs', 'one');
  return { folder, write };
}

it('accepts bundles that were built from these sources, and no others', () => {
  const { folder, write } = checkout();
  expect(staleBundles(folder)).toMatch(/no bundles that were built to their end.*npm run build/);
  stampBundles(folder);
  expect(staleBundles(folder)).toBeUndefined();
  write('src/b.ts', 'new');
  expect(staleBundles(folder)).toMatch(/built from other sources.*npm run build/);
  stampBundles(folder);
  write('dist/functions/a/index.mjs', 'by hand');
  expect(staleBundles(folder)).toMatch(/changed after it was built/);
});

it('takes a stamp that was cut for none', () => {
  const { folder, write } = checkout();
  write('dist/functions/made-of.json', '{"sources":');
  expect(staleBundles(folder)).toMatch(/built from other sources/);
});

it('is asked by osls before it packages or deploys anything', () => {
  const asks = `
    const Plugin = require('./scripts/fresh-bundles.cjs');
    const { hooks } = new Plugin({ classes: { Error } });
    console.log(JSON.stringify(Object.keys(hooks)));`;
  const { stdout } = spawnSync(process.execPath, ['-e', asks], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual([
    'before:package:initialize',
    'before:deploy:deploy',
    'before:deploy:function:initialize',
  ]);
});
