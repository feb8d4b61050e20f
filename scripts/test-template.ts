// Checks the packaged template with cfn-lint, which pip puts into .cache/cfn-lint once. Needs python3 with venv; without
// it, it says so and passes, unless CHECKPILOT_REQUIRE=all.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '1.58.0';
const root = fileURLToPath(new URL('..', import.meta.url));
// One folder per version: another version is fetched anew.
const folder = join(root, '.cache', 'cfn-lint', version);
const tool = join(folder, 'bin', 'cfn-lint');
/** osls itself writes a DependsOn that the reference to the role implies; it is harmless. */
const ignored = ['W3005'];

process.exitCode = main();

function main(): number {
  if (!existsSync(tool)) {
    if (spawnSync('python3', ['--version']).status !== 0) return skipped('python3 not found');
    process.stderr.write(`Fetching cfn-lint ${version} with pip (once, about 60 MB)…\n`);
    const isReady =
      run('python3', ['-m', 'venv', folder]) &&
      run(join(folder, 'bin', 'pip'), ['install', '--quiet', `cfn-lint==${version}`]);
    if (!isReady) return skipped('python3 -m venv or pip could not install cfn-lint; the message is above');
  }
  if (!run(process.execPath, ['scripts/package.ts'])) return 1;
  const template = '.serverless/cloudformation-template-update-stack.json';
  if (!run(tool, ['--template', template, '--regions', 'us-east-1', '--ignore-checks', ...ignored])) return 1;
  process.stdout.write(`cfn-lint ${version}: no fault in ${template}\n`);
  return 0;
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

function skipped(why: string): number {
  const isRequired = process.env.CHECKPILOT_REQUIRE === 'all';
  process.stderr.write(`${isRequired ? 'failed' : 'skipped'}: the template was not linted: ${why}.\n`);
  return isRequired ? 1 : 0;
}
