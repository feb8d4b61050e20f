import { Command, Option } from 'commander';
import type { ResolvedPolicy } from '../core/job.ts';
import { attemptsPerHourMax } from '../core/native-attempts.ts';
import { type Diagnostic, formatDiagnostics } from '../policy/diagnostics.ts';
import { loadPolicy } from '../policy/load.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { githubAnnotations } from './output/github.ts';
import { diagnosticJson } from './output/json.ts';
import { paintFor } from './output/paint.ts';
import { type PolicyFiles, readPolicyFiles, unreadableText } from './policy-files.ts';

interface CheckOptions {
  readonly output: 'text' | 'json' | 'github';
  readonly strict?: boolean;
  readonly color: boolean;
}

/** `checkpilot check FILE…`: every fault of a policy at once, without a call to anything. */
export function checkCommand({ host, run }: Verbs): Command {
  return new Command('check')
    .description('find every fault of a policy, with its line and how to mend it')
    .argument('<file...>', 'policy files, or folders of them')
    .addOption(
      new Option('--output <format>', 'how to print').choices(['text', 'json', 'github']).default('text'),
    )
    .addOption(new Option('--json', 'the same as --output json').implies({ output: 'json' }))
    .option('--strict', 'warnings count as faults')
    .action((paths: readonly string[], _options, command: Command) =>
      run(() => check(paths, command.optsWithGlobals<CheckOptions>(), host)),
    );
}

async function check(paths: readonly string[], options: CheckOptions, host: Host): Promise<ExitCode> {
  const read = await readPolicyFiles(paths, host);
  // What is missing from half of a policy is no fault of the half that can be read.
  const isWhole = read.unreadable.length === 0;
  const loaded = loadPolicy(read.files);
  const all = loaded.ok ? loaded.warnings : loaded.diagnostics;
  const diagnostics = isWhole ? all : all.filter(({ code }) => code !== 'CP1005');
  const exitCode = exitCodeOf(diagnostics, isWhole, options.strict === true);
  print({ read, diagnostics, exitCode, ...(loaded.ok ? { policy: loaded.policy } : {}) }, options, host);
  return exitCode;
}

function exitCodeOf(diagnostics: readonly Diagnostic[], isWhole: boolean, isStrict: boolean): ExitCode {
  if (!isWhole) return exitCodes.failed;
  const isBad = diagnostics.some(({ severity }) => isStrict || severity === 'error');
  return isBad ? exitCodes.policyInvalid : exitCodes.fine;
}

interface Outcome {
  readonly read: PolicyFiles;
  readonly diagnostics: readonly Diagnostic[];
  readonly exitCode: ExitCode;
  readonly policy?: ResolvedPolicy;
}

function print(outcome: Outcome, options: CheckOptions, host: Host): void {
  const { read, diagnostics, exitCode, policy } = outcome;
  const isOk = exitCode === exitCodes.fine;
  host.err(unreadableText(read.unreadable));
  switch (options.output) {
    case 'json':
      outJson(host, {
        ok: isOk,
        diagnostics: diagnostics.map(diagnosticJson),
        ...(read.unreadable.length > 0 ? { errors: read.unreadable } : {}),
        ...(policy ? { jobs: attempts(policy) } : {}),
      });
      return;
    case 'github':
      host.out(githubAnnotations(diagnostics, read.unreadable));
      return;
    case 'text':
      host.out(formatDiagnostics(diagnostics, read.files, paintFor(host, options)));
      if (isOk && policy) host.out(summary(policy, read.files.length));
      if (!isOk && diagnostics.length > 0) host.err('More about a code: checkpilot explain CODE\n');
  }
}

/** Each run that is started has the service's own attempts again, and so has the run that failed first. */
function attempts({ jobs }: ResolvedPolicy): readonly { name: string; attemptsPerHourMax: number }[] {
  return Object.values(jobs).map(({ name, restart }) => ({
    name,
    attemptsPerHourMax: attemptsPerHourMax(restart),
  }));
}

function summary(policy: ResolvedPolicy, fileCount: number): string {
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const worst = attempts(policy).reduce<{ name: string; attemptsPerHourMax: number } | undefined>(
    (most, job) => (most && most.attemptsPerHourMax >= job.attemptsPerHourMax ? most : job),
    undefined,
  );
  const head = `Policy ${policy.name} has no faults: ${counted(Object.keys(policy.jobs).length, 'job')} in ${counted(fileCount, 'file')}.\n`;
  if (!worst) return head;
  return `${head}Worst case: ${worst.attemptsPerHourMax} attempts an hour (${worst.name}), the service's own included.\n`;
}
