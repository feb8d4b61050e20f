import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Template } from './cloudformation.ts';
import { unzip } from './zip.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm run package` makes: the template, and the files of each function's archive. */
export interface Packaged {
  readonly template: Template;
  filesOf(name: string): Map<string, Buffer>;
}

export function packaged(): Packaged {
  const made = spawnSync(process.execPath, ['scripts/package.ts'], { cwd: root, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`npm run package failed:\n${made.stdout}\n${made.stderr}`);
  const read = (file: string) => readFileSync(join(root, '.serverless', file));
  return {
    template: JSON.parse(read('cloudformation-template-update-stack.json').toString('utf8')) as Template,
    filesOf: (name) => unzip(read(`${name}.zip`)),
  };
}
