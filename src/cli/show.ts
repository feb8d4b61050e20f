import { Command } from 'commander';
import { type MergedValue, mergedValues } from '../policy/merged-values.ts';
import { suggest } from '../policy/suggest.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { loadForVerb } from './load-policy.ts';
import { columns } from './output/table.ts';
import { fail } from './problems.ts';

interface ShowOptions {
  readonly merged?: boolean;
  readonly origins?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

/** `checkpilot show JOB FILE…`: what holds for one job, and which line of which file said so. */
export function showCommand({ host, run }: Verbs): Command {
  return new Command('show')
    .description('show what holds for one job')
    .argument('<job>', 'name of the job')
    .argument('<file...>', 'policy files, or folders of them')
    .option('--merged', 'with the defaults that Checkpilot ships')
    .option('--origins', 'with the place where each value was written; includes --merged')
    .option('--json', 'one JSON document')
    .action((job: string, paths: readonly string[], _options, command: Command) =>
      run(() => show(job, paths, command.optsWithGlobals<ShowOptions>(), host)),
    );
}

async function show(
  job: string,
  paths: readonly string[],
  options: ShowOptions,
  host: Host,
): Promise<ExitCode> {
  const loaded = await loadForVerb(paths, host, options);
  if (!loaded.ok) return loaded.exitCode;
  const values = mergedValues(loaded.files, job);
  if (!values) {
    const names = Object.keys(loaded.policy.jobs);
    const meant = suggest(job, names);
    const hint = meant ? `Did you mean "${meant}"?` : `It has: ${names.join(', ')}.`;
    return fail(host, exitCodes.usage, {
      code: 'no-such-job',
      message: `the policy has no job "${job}". ${hint}`,
    });
  }
  const isMerged = options.merged === true || options.origins === true;
  const shown = values.filter(({ origin }) => isMerged || origin);
  if (options.json) outJson(host, { job, values: shown.map(valueJson) });
  else host.out(columns(shown.map((value) => row(value, options.origins === true))));
  return exitCodes.fine;
}

function row(value: MergedValue, hasOrigin: boolean): readonly string[] {
  return [value.path, valueText(value.value), ...(hasOrigin ? [originText(value)] : [])];
}

function valueJson(value: MergedValue) {
  const { path, origin } = value;
  const at = origin ? { file: origin.file, line: origin.line, column: origin.column } : {};
  return { path, value: value.value, origin: originText(value), ...at };
}

function originText({ origin }: MergedValue): string {
  return origin ? `${origin.file}:${origin.line}:${origin.column}` : 'shipped default';
}

function valueText(value: unknown): string {
  // Text that could be taken for something else is quoted, as in YAML.
  if (typeof value === 'string' && /^[A-Za-z/][^\s"#]*$|^\d+[smhdg]$/.test(value)) return value;
  return JSON.stringify(value);
}
