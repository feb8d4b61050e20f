import { Command } from 'commander';
import { diagnosticCodes } from '../policy/diagnostics.ts';
import { explanations } from '../policy/explanations.ts';
import { suggest } from '../policy/suggest.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';

export interface ExplainOptions {
  readonly json?: boolean;
}

/** Something that can be explained: the first that knows the name says what there is to say. */
export interface ExplainTarget {
  readonly knows: (name: string) => boolean;
  readonly explain: (name: string, options: ExplainOptions, host: Host) => Promise<ExitCode> | ExitCode;
}

const targets: readonly ExplainTarget[] = [{ knows: isCode, explain: explainCode }];

/** `checkpilot explain CODE`: cause, example and fix of a diagnostic, offline. */
export function explainCommand({ host, run }: Verbs): Command {
  return new Command('explain')
    .description('explain a diagnostic: what causes it, an example, how to mend it')
    .argument('<code>', 'code of a diagnostic, such as CP2003, or its name')
    .option('--json', 'one JSON document')
    .action((name: string, options: ExplainOptions) =>
      run(() => {
        const target = targets.find(({ knows }) => knows(name));
        if (target) return target.explain(name, options, host);
        const known = Object.entries(diagnosticCodes);
        const meant = suggest(name, known.flat());
        host.err(`nothing is known as "${name}". ${meant ? `Did you mean "${meant}"? ` : ''}There are:\n`);
        host.err(known.map(([code, words]) => `  ${code}  ${words}\n`).join(''));
        return exitCodes.usage;
      }),
    );
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
