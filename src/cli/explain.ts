import { Command, Option } from 'commander';
import { failureClasses } from '../core/failure/taxonomy.ts';
import { reasons, withholdings } from '../core/reason.ts';
import { type Askable, askables } from '../core/why-not.ts';
import { diagnosticCodes } from '../policy/diagnostics.ts';
import { explanations } from '../policy/explanations.ts';
import { suggest } from '../policy/suggest.ts';
import { type DeploymentOptions, withDeploymentFlags } from './deployment.ts';
import { explainJob } from './explain-job.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { misused } from './problems.ts';
import { readTarget } from './target.ts';

export interface ExplainOptions extends DeploymentOptions {
  readonly json?: boolean;
  readonly whyNot?: Askable;
}

/** Something that can be explained: the first that knows the name says what there is to say. */
export interface ExplainTarget {
  readonly knows: (name: string, options: ExplainOptions, host: Host) => boolean;
  readonly explain: (name: string, options: ExplainOptions, host: Host) => Promise<ExitCode> | ExitCode;
}

/** Whatever is no code of ours is taken for a job, where it is known whose. */
const targets: readonly ExplainTarget[] = [
  { knows: isCode, explain: explainCode },
  {
    knows: (name) => Object.hasOwn(words, name),
    explain: (name, options, host) => explainWord(name, options, host),
  },
  { knows: (_name, options, host) => !('faults' in readTarget(options, host)), explain: explainJob },
];

/** `checkpilot explain JOB | CODE`: the last decision of a job; or a diagnostic with its cause and fix, offline. */
export function explainCommand({ host, run }: Verbs): Command {
  const command = new Command('explain')
    .description('explain the last decision about a job, or a diagnostic of a policy')
    .argument('<job|code>', 'a job of the policy in force; or a code such as CP2003, or its name');
  return withDeploymentFlags(command)
    .option('--json', 'one JSON document')
    .addOption(
      new Option(
        '--why-not <action>',
        'what stands between the last decision about a job and this one',
      ).choices(Object.keys(askables)),
    )
    .action((name: string) =>
      run(() => {
        const options = command.optsWithGlobals<ExplainOptions>();
        if (options.whyNot && (isCode(name) || Object.hasOwn(words, name))) {
          return misused(host, `--why-not asks about a job, and "${name}" is a code`);
        }
        const target = targets.find(({ knows }) => knows(name, options, host));
        if (target) return target.explain(name, options, host);
        return unknownName(name, options, host);
      }),
    );
}

function unknownName(name: string, options: ExplainOptions, host: Host): ExitCode {
  const target = readTarget(options, host);
  // A deployment is named, only not well.
  const wrong = 'faults' in target ? target.faults.filter((fault) => !fault.includes('is not given')) : [];
  if (wrong.length > 0) return misused(host, wrong.join('\n'));
  const known = Object.entries(diagnosticCodes);
  const meant = suggest(name, [...known.flat(), ...Object.keys(words)]);
  const exitCode = misused(
    host,
    `"${name}" is no code, and no deployment is named in which it could be a job.${meant ? ` Did you mean "${meant}"?` : ''}`,
    'To explain a job, say whose: --table, --bucket and --region, or CHECKPILOT_TABLE, CHECKPILOT_CONTROL_BUCKET and AWS_REGION.',
  );
  host.err(`Codes of policies:\n${known.map(([code, text]) => `  ${code}  ${text}\n`).join('')}`);
  return exitCode;
}

/** The codes that status, notices and decisions print. */
const words: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(failureClasses).map(([name, entry]) => [
      name,
      `failure class: ${entry.summary} By default: ${entry.action}.`,
    ]),
  ),
  ...Object.fromEntries(Object.entries(reasons).map(([name, text]) => [name, `reason: ${text}`])),
  ...Object.fromEntries(
    Object.entries(withholdings).map(([name, text]) => [name, `a command is held back because ${text}.`]),
  ),
};

function explainWord(name: string, options: ExplainOptions, host: Host): ExitCode {
  const text = words[name] ?? '';
  if (options.json) outJson(host, { name, text });
  else host.out(`${name}\n  ${text}\n`);
  return exitCodes.fine;
}

function isCode(name: string): boolean {
  return codeOf(name) !== undefined;
}

function codeOf(name: string): keyof typeof diagnosticCodes | undefined {
  const codes = Object.keys(diagnosticCodes) as (keyof typeof diagnosticCodes)[];
  return codes.find((code) => code === name.toUpperCase() || diagnosticCodes[code] === name.toLowerCase());
}

function explainCode(name: string, options: ExplainOptions, host: Host): ExitCode {
  const code = codeOf(name);
  if (code === undefined) throw new Error(`${name} is no code`);
  const { cause, example, fix } = explanations[code];
  if (options.json) outJson(host, { code, name: diagnosticCodes[code], cause, example, fix });
  else {
    const indented = example.replaceAll(/^/gm, '    ');
    host.out(
      `${code} ${diagnosticCodes[code]}\n\n${cause}\n\nExample:\n\n${indented}\n\nHow to mend it:\n\n${fix}\n`,
    );
  }
  return exitCodes.fine;
}
