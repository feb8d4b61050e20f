import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { formatDiagnostics } from '../policy/diagnostics.ts';
import { coverageOf, percentOf } from '../policy-test/coverage.ts';
import { isError } from '../policy-test/load.ts';
import { runTest, type Suite, type TestResult } from '../policy-test/run.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { junitXml } from './output/junit.ts';
import { paintFor } from './output/paint.ts';
import { coverageText, resultText, summaryText, testsJson } from './output/tests.ts';
import { unreadableText } from './policy-files.ts';
import { fail, misused } from './problems.ts';
import { findSuites } from './test-files.ts';

export interface TestOptions {
  readonly run?: RegExp;
  readonly minCoverage?: number;
  readonly junit?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

/** One file of tests and what became of each test in it. */
export interface SuiteResult {
  readonly suite: Suite;
  readonly results: readonly (TestResult & { readonly ms: number })[];
}

/** `checkpilot test [FILE…]`: plays what may happen against the policies, with the decisions of production. */
export function testCommand({ host, run }: Verbs): Command {
  return new Command('test')
    .description('play what may happen against policies, and compare the decisions with what is expected')
    .argument('[path...]', 'files of tests, or folders with *.test.yaml; the current folder when left out')
    .option('--run <regex>', 'only tests whose name it finds', asRegex)
    .option('--min-coverage <percent>', 'fail below this coverage', asPercent)
    .option('--junit <file>', 'write the results as JUnit XML too')
    .option('--json', 'one JSON document')
    .action((paths: readonly string[], _options, command: Command) =>
      run(() => test(paths.length > 0 ? paths : ['.'], command.optsWithGlobals<TestOptions>(), host)),
    );
}

async function test(paths: readonly string[], options: TestOptions, host: Host): Promise<ExitCode> {
  const { suites, diagnostics, texts, unreadable } = await findSuites(paths, host);
  host.err(unreadableText(unreadable));
  const hasFaults = diagnostics.some(isError);
  if (hasFaults || unreadable.length > 0) {
    if (options.json) outJson(host, testsJson([], diagnostics, unreadable));
    else host.out(formatDiagnostics(diagnostics, texts, paintFor(host, options)));
    return hasFaults ? exitCodes.policyInvalid : exitCodes.failed;
  }
  if (!options.json) host.err(formatDiagnostics(diagnostics, texts, paintFor(host, options)));
  const chosen = suites.map((suite) => ({ suite, indexes: chosenOf(suite, options.run) }));
  if (chosen.every(({ indexes }) => indexes.length === 0)) {
    return misused(host, `no test has a name that ${String(options.run)} finds`);
  }
  const done = await playAll(chosen, options, host);
  return report(done, { diagnostics, options, host });
}

async function playAll(
  chosen: readonly { readonly suite: Suite; readonly indexes: readonly number[] }[],
  options: TestOptions,
  host: Host,
): Promise<readonly SuiteResult[]> {
  const paint = paintFor(host, options);
  const done: SuiteResult[] = [];
  for (const { suite, indexes } of chosen) {
    const results: (TestResult & { ms: number })[] = [];
    for (const index of indexes) {
      const beganMs = performance.now();
      const result = { ...(await runTest(suite, index)), ms: 0 };
      result.ms = performance.now() - beganMs;
      results.push(result);
      if (!options.json) host.out(resultText(result, paint));
    }
    done.push({ suite, results });
  }
  return done;
}

async function report(
  done: readonly SuiteResult[],
  {
    diagnostics,
    options,
    host,
  }: {
    diagnostics: Parameters<typeof testsJson>[1];
    options: TestOptions;
    host: Host;
  },
): Promise<ExitCode> {
  const results = done.flatMap((each) => each.results);
  const coverage = coverageOf(
    done.map(({ suite }) => suite.policy),
    results.flatMap(({ outcomes }) => outcomes),
  );
  const percent = percentOf(coverage);
  const isCovered = percent >= (options.minCoverage ?? 0);
  if (options.json) outJson(host, testsJson(done, diagnostics, [], { coverage, percent, isCovered }));
  else {
    host.out(summaryText(done));
    host.out(coverageText(coverage, percent));
    if (!isCovered) host.err(`coverage ${percent} % is below --min-coverage ${options.minCoverage}\n`);
  }
  const isWritten = options.junit === undefined || (await writeJunit(options.junit, done, host));
  if (!isWritten) return exitCodes.failed;
  return results.every(({ ok }) => ok) && isCovered ? exitCodes.fine : exitCodes.testsFailed;
}

/** After everything else is told: what the tests found is not lost when the file cannot be written. */
async function writeJunit(file: string, done: readonly SuiteResult[], host: Host): Promise<boolean> {
  const path = resolve(host.cwd, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, junitXml(done));
    return true;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = { EACCES: 'no right to write there', EISDIR: 'this is a folder' }[code] ?? message;
    const hint = 'Name a file in a folder that can be written, such as out/junit.xml.';
    fail(host, exitCodes.failed, { code: 'unwritable', message: `--junit ${file}: ${why}`, hint, file });
    return false;
  }
}

function chosenOf({ read }: Suite, run: RegExp | undefined): readonly number[] {
  const tests = read.document?.tests ?? [];
  return tests.flatMap(({ name }, index) => (run === undefined || run.test(name) ? [index] : []));
}

function asRegex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function asPercent(text: string): number {
  const percent = Number(text);
  if (/^\d{1,3}$/.test(text) && percent <= 100) return percent;
  throw new InvalidArgumentError('it is a whole number from 0 to 100.');
}
