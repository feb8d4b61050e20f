import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runStorm, type StormOutcome } from '../world/storm/storm.ts';

const usage = `npm run storm -- --jobs N [--json] [--calls FILE] [--seed N]

  --jobs N       this many jobs fail within one minute, 1 to 10000
  --json         one JSON document on stdout, nothing else there
  --calls FILE   what the world really saw, one JSON object a line
  --seed N       another draw of the world; 1 unless said otherwise

Exit 0: every job is back. 1: otherwise. 64: the arguments are wrong.`;

/** sysexits.h: EX_USAGE. */
const exitUsage = 64;
const jobsMax = 10_000;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    process.stderr.write(`storm: ${parsed}\n\n${usage}\n`);
    return exitUsage;
  }
  if (parsed.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const { outcome, journal } = await runStorm({ jobs: parsed.jobs, seed: parsed.seed });
  if (parsed.calls !== undefined)
    writeFileSync(parsed.calls, journal.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  process.stdout.write(parsed.isJson ? `${JSON.stringify(outcome)}\n` : inWords(outcome));
  return outcome.recovered === outcome.jobs && outcome.doubleWriters === 0 ? 0 : 1;
}

interface Options {
  readonly jobs: number;
  readonly seed: number;
  readonly isJson: boolean;
  readonly calls: string | undefined;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function parse(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        jobs: { type: 'string' },
        seed: { type: 'string' },
        calls: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { jobs = values.help ? '1' : '', seed = '1', json, calls, help } = values;
    if (!/^\d{1,5}$/.test(jobs) || Number(jobs) < 1 || Number(jobs) > jobsMax)
      return `--jobs ${jobs}: a whole number from 1 to ${jobsMax} is needed`;
    if (!/^\d{1,9}$/.test(seed)) return `--seed ${seed}: a whole number is needed`;
    return { jobs: Number(jobs), seed: Number(seed), isJson: json ?? false, calls, help: help ?? false };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function inWords(outcome: StormOutcome): string {
  const { jobs, recovered, virtualSeconds, lowerBoundSeconds, incidents, newPosts, edits } = outcome;
  const ratio = (virtualSeconds / lowerBoundSeconds).toFixed(2);
  const calls = Object.entries(outcome.apiCalls).map(([name, count]) => `${name} ${count}`);
  return [
    `${recovered} of ${jobs} jobs came back in ${virtualSeconds} s; the least possible is ${lowerBoundSeconds} s (${ratio} of it)`,
    `${counted(incidents, 'incident')}, ${counted(newPosts, 'new post')}, ${counted(edits, 'edit')}`,
    `${outcome.overtaken} jobs waited for one whose data is lost later`,
    `at most ${outcome.startsPerSecondMax} starts in a second, ${outcome.startsPerMinuteMax} in a minute; ${outcome.doubleWriters} times two writers`,
    `calls since the first failure: ${calls.join(', ')}`,
    '',
  ].join('\n');
}

process.exitCode = await main(process.argv.slice(2));
