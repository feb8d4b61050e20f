// Writes every generated page of the project, and the JSON Schema of the policy.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectPages } from './docs/pages.ts';
import { policyPages } from './policy-pages.ts';
import { policyTestPages } from './policy-test-pages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// One after the other: a page is read when it is made, and may be filled by both.
for (const pagesOf of [policyPages, policyTestPages, projectPages]) {
  for (const { path, text } of await pagesOf(root)) {
    await writeFile(join(root, path), text);
    process.stderr.write(`wrote ${path}\n`);
  }
}
