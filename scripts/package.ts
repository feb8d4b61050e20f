// `npm run package`: bundles every function, then has osls make the CloudFormation template and the zip files in
// .serverless, without an account or a network. The packaged template is what tests and cfn-lint read.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const template = join(root, '.serverless/cloudformation-template-update-stack.json');

run(process.execPath, ['scripts/build.ts', '--check']);
run(process.execPath, ['node_modules/osls/bin/serverless.js', 'package', '--region', 'us-east-1'], {
  // Only asked for, never used: packaging calls nothing.
  AWS_ACCESS_KEY_ID: 'offline',
  AWS_SECRET_ACCESS_KEY: 'offline',
  AWS_EC2_METADATA_DISABLED: 'true',
  // No questions and no news.
  CI: '1',
  SLS_TELEMETRY_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
  SLS_INTERACTIVE_SETUP_ENABLE: '0',
});
if (!existsSync(template)) throw new Error(`osls wrote no ${template}`);
process.stdout.write('\nTemplate: .serverless/cloudformation-template-update-stack.json\n');

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { AWS_PROFILE: _profile, ...inherited } = process.env;
  // osls draws a spinner whatever it is told, so its words are shown only when something is wrong.
  const isQuiet = env.CI !== undefined;
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: isQuiet ? 'pipe' : 'inherit',
    env: { ...inherited, ...env },
    encoding: 'utf8',
  });
  if (done.status === 0) return;
  if (isQuiet) process.stderr.write(`${done.stdout}\n${done.stderr}\n`);
  process.exit(done.status ?? 1);
}
