import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runCrew } from '../world/chaos/crew.ts';
import { plants } from '../world/chaos/plants.ts';
import { type ChaosSummary, Summary } from '../world/chaos/summary.ts';

const usage = `npm run chaos -- --seeds A..B [--json] [--calls FILE] [--plant NAME]

  --seeds A..B   the schedules to run, one a seed; whole numbers from 0
  --json         one JSON document on stdout, nothing else there
  --calls FILE   what the world really saw, one JSON object a line, in the order of the seeds
  --plant NAME   switches a bug on that has to be found; stops at its first violation
                 ${Object.keys(plants).join('  ')}

Exit 0: no violation (with --plant: one). 1: otherwise. 64: the arguments are wrong.`;

/** sysexits.h: EX_USAGE. */
const exitUsage = 64;
/** More threads than this bring nothing: the machines that run this have two cores. */
const threadsMax = 2;

interface Options {
  readonly from: number;
  readonly to: number;
  readonly isJson: boolean;
  readonly callsFile: string | undefined;
  readonly plant: string | undefined;
}

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parse(args);
    if (options) return await chaos(options);
    process.stdout.write(`${usage}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`chaos: ${error.message}\n\n${usage}\n`);
    return exitUsage;
  }
}

async function chaos(options: Options): Promise<number> {
  const summary = await run(options);
  process.stdout.write(options.isJson ? `${JSON.stringify(summary)}\n` : inWords(summary));
  const found = summary.violations.length;
  return (options.plant === undefined ? found === 0 : found === 1) ? 0 : 1;
}

async function run({ from, to, plant, callsFile }: Options): Promise<ChaosSummary> {
  const summary = new Summary(plant);
  const file = callsFile === undefined ? undefined : opened(callsFile);
  const startedAtMs = performance.now();
  let passes = 0;
  process.stderr.write(`seeds ${from}..${to}${plant === undefined ? '' : ` with ${plant}`}\n`);
  await runCrew({
    from,
    to,
    plant,
    withCalls: file !== undefined,
    threads: Math.min(threadsMax, availableParallelism()),
    onResult: (result) => {
      summary.add(result);
      passes += result.passes;
      if (file !== undefined) writeSync(file, result.calls);
      const done = result.seed - from + 1;
      if (done % 100 === 0) process.stderr.write(`${done} schedules, ${passes} passes\n`);
      for (const { seed, step, invariant, message } of result.violations)
        process.stderr.write(`seed ${seed}, step ${step}: ${invariant}: ${message}\n`);
      return plant === undefined || result.violations.length === 0;
    },
  });
  if (file !== undefined) closeSync(file);
  const seconds = (performance.now() - startedAtMs) / 1000;
  process.stderr.write(
    `${passes} passes in ${seconds.toFixed(1)} s, ${Math.round(passes / seconds)} a second\n`,
  );
  return summary.get();
}

function opened(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`--calls ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Undefined: help was asked for. */
function parse(args: readonly string[]): Options | undefined {
  const values = valuesOf(args);
  if (values.help) return undefined;
  const { seeds, plant, json, calls } = values;
  if (seeds === undefined) throw new UsageError('--seeds A..B is missing');
  const [, first, last] = seeds.match(/^(\d{1,9})(?:\.\.(\d{1,9}))?$/) ?? [];
  if (first === undefined) throw new UsageError(`--seeds ${seeds}: expected A..B, for example 1..100`);
  const from = Number(first);
  const to = Number(last ?? first);
  if (to < from) throw new UsageError(`--seeds ${seeds}: ${to} comes before ${from}`);
  if (plant !== undefined && !Object.hasOwn(plants, plant))
    throw new UsageError(`--plant ${plant}: no such bug. There are ${Object.keys(plants).join(', ')}`);
  return { from, to, isJson: json ?? false, callsFile: calls, plant };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        plant: { type: 'string' },
        calls: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function inWords(summary: ChaosSummary): string {
  const { schedules, passes, signals, faults, violations, converged, medians } = summary;
  const injected = Object.entries(faults).map(([kind, count]) => `  ${kind} ${count}`);
  const found = violations.map(
    ({ seed, step, invariant, message }) => `  seed ${seed}, step ${step}: ${invariant}: ${message}`,
  );
  return [
    `${schedules} schedules, ${passes} passes, ${signals} signals; ${converged} converged`,
    `a schedule has ${medians.jobs} jobs, ${medians.virtualHours} hours, ${medians.passes} passes and ${medians.faults} faults of ${medians.faultKinds} kinds (medians)`,
    'faults:',
    ...injected,
    violations.length === 0 ? 'no violation' : `${violations.length} violations:`,
    ...found,
    '',
  ].join('\n');
}

process.exitCode = await main(process.argv.slice(2));
