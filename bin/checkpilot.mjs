#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript as it is. Plain JavaScript, because it has to run on
// any Node from 20.19, also before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'src', 'cli', 'main.ts');
const pinned = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

if (!existsSync(join(root, 'node_modules', 'commander'))) {
  fail(`Checkpilot is not installed yet. Run "npm ci" in ${root}, then try again.`);
}
// From 24.12 on type stripping is stable; from 22.18 on it works, with a warning.
if (isAtLeast(24, 12)) await import(pathToFileURL(main).href);
else if (existsSync(pinned)) run(pinned);
else if (isAtLeast(22, 18)) await import(pathToFileURL(main).href);
else
  fail(
    `Node ${process.versions.node} cannot run Checkpilot by itself. Run "npm ci" in ${root}: it brings one that can.`,
  );

function isAtLeast(wantedMajor, wantedMinor) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function run(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) => fail(`${node} cannot be started: ${message}. Run "npm ci" in ${root}.`));
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
