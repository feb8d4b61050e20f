// What the bundles in dist/functions were made of: a digest of everything that goes into them. Plain JavaScript, because
// osls loads it as a plugin of serverless.yml too, under whatever Node runs osls: it refuses to package bundles of other
// sources, so that `npx osls deploy` cannot ship what an earlier build left behind.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = ['functions', 'src', 'scripts/build.ts', 'package-lock.json'];
const bundles = 'dist/functions';

/** Writes what the bundles are made of, once all of them are there. */
export function stampBundles(folder = root) {
  writeFileSync(join(folder, bundles, 'made-of.json'), `${JSON.stringify(digests(folder))}\n`);
}

/** What is wrong with the bundles, as a sentence that says how to mend it; undefined when they are what the sources say. */
export function staleBundles(folder = root) {
  const mend = 'Run `npm run build` (or `npm run package`) first.';
  const stamp = read(join(folder, bundles, 'made-of.json'));
  if (stamp === undefined) return `${bundles} has no bundles that were built to their end. ${mend}`;
  const now = digests(folder);
  const made = parse(stamp);
  if (made?.sources !== now.sources)
    return `${bundles} was built from other sources than those that lie here. ${mend}`;
  return made.bundles === now.bundles ? undefined : `${bundles} was changed after it was built. ${mend}`;
}

function digests(folder) {
  return {
    sources: digestOf(folder, sources),
    bundles: digestOf(folder, [bundles], (path) => path.endsWith('.mjs')),
  };
}

function digestOf(folder, paths, isMeant = () => true) {
  const hash = createHash('sha256');
  for (const path of paths
    .flatMap((each) => filesUnder(folder, each))
    .filter(isMeant)
    .sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update('\0');
  return hash.digest('hex');
}

function filesUnder(folder, path) {
  let entries;
  try {
    entries = readdirSync(join(folder, path), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap(({ name }) => filesUnder(folder, `${path}/${name}`));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
