// Runs the job store's contract suite against Amazon's own DynamoDB Local, which Maven fetches once into .cache.
// Needs a JDK (17 or newer) and Maven; without them it says so and passes, unless CHECKPILOT_REQUIRE=all.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'scripts', 'dynamodb-local');
// One folder per version: another version in the pom is fetched anew.
const jars = join(root, '.cache', 'dynamodb-local', '2.6.1');

// It answers after two to four seconds on a small machine.
const startMsMax = 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const missing = ['java', 'mvn'].filter((tool) => spawnSync(tool, ['-version']).status !== 0);
  if (missing.length > 0) return skipped(`${missing.join(' and ')} not found`);
  if (!fetchJars()) return skipped('Maven could not fetch DynamoDB Local; its own message is above');
  const server = startServer();
  try {
    return await runContract(await urlOf(server));
  } finally {
    await stop(server);
  }
}

function skipped(why: string): number {
  const isRequired = process.env.CHECKPILOT_REQUIRE === 'all';
  process.stderr.write(
    `${isRequired ? 'failed' : 'skipped'}: the contract suite on DynamoDB Local did not run: ${why}.\n`,
  );
  return isRequired ? 1 : 0;
}

function fetchJars(): boolean {
  if (existsSync(join(jars, 'DynamoDBLocal-2.6.1.jar'))) return true;
  process.stderr.write('Fetching DynamoDB Local with Maven (once, about 70 MB)…\n');
  const fetched = spawnSync(
    'mvn',
    ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
    {
      cwd: sources,
      stdio: ['ignore', 2, 2],
    },
  );
  return fetched.status === 0;
}

function startServer(): ChildProcess {
  const java = [
    '-Xmx256m',
    `-Djava.library.path=${jars}`,
    '-cp',
    join(jars, '*'),
    join(sources, 'Loopback.java'),
  ];
  return spawn('java', [...java, '-inMemory', '-sharedDb', '-disableTelemetry'], {
    stdio: ['ignore', 'pipe', 2],
  });
}

/** The address that the server prints once it listens; fails when it ends or is silent for too long. */
function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('DynamoDB Local did not start in time')), startMsMax);
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`DynamoDB Local ended with ${code}`)));
    if (server.stdout === null) return reject(new Error('DynamoDB Local has no output'));
    createInterface(server.stdout).on('line', (line) => {
      const url = /^listening on (http:\S+)$/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function runContract(url: string): Promise<number> {
  const vitest = spawn(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', 'test/contract/job-store.test.ts'],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CHECKPILOT_DYNAMODB_LOCAL_URL: url },
    },
  );
  return new Promise((resolve, reject) => {
    vitest.once('error', reject);
    vitest.once('exit', (code) => resolve(code ?? 1));
  });
}

async function stop(server: ChildProcess): Promise<void> {
  const isOver = server.pid === undefined || server.exitCode !== null || server.signalCode !== null;
  if (isOver) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill();
  await ended;
}
