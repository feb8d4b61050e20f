// Writes the generated pages of the project: README.md, docs/world.md and docs/reference.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectPages } from './pages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

for (const { path, text } of await projectPages(root)) {
  await writeFile(join(root, path), text);
  process.stderr.write(`wrote ${path}\n`);
}
