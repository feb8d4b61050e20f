import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { applyCommand } from './apply.ts';
import { approveCommand, declineCommand } from './approve.ts';
import { asksJson } from './asks-json.ts';
import { checkCommand } from './check.ts';
import { checkpointCommand } from './checkpoint.ts';
import { classifyCommand } from './classify.ts';
import { explainCommand } from './explain.ts';
import { type ExitCode, exitCodes, type Host, type Verbs } from './host.ts';
import { killCommand, pauseCommand, resumeCommand, startCommand, stopCommand } from './orders.ts';
import { fail, hostFor } from './problems.ts';
import { schemaCommand } from './schema.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';
import { testCommand } from './test.ts';

/** Every verb, in the order in which help lists them. */
const verbs: readonly ((verbs: Verbs) => Command)[] = [
  checkCommand,
  testCommand,
  showCommand,
  schemaCommand,
  explainCommand,
  classifyCommand,
  checkpointCommand,
  applyCommand,
  statusCommand,
  pauseCommand,
  resumeCommand,
  stopCommand,
  startCommand,
  approveCommand,
  declineCommand,
  killCommand,
];

/**
 * Runs one command line, `args` without the program's own name, and answers with its exit code. Never throws: what
 * a verb throws is a slip of ours or a broken machine, and is told in one sentence (its stack with CHECKPILOT_DEBUG).
 */
export async function runCli(args: readonly string[], machine: Host): Promise<ExitCode> {
  const { host, end } = hostFor(machine);
  const ran: { exitCode: ExitCode } = { exitCode: exitCodes.fine };
  const program = checkpilot({
    host,
    run: async (verb) => {
      ran.exitCode = await verb();
    },
  });
  const exitCode = (await fault(program, args, host)) ?? ran.exitCode;
  end(exitCode, { isJson: asksJson(program, args) });
  return exitCode;
}

/** What kept the verb from ending by itself. */
async function fault(program: Command, args: readonly string[], host: Host): Promise<ExitCode | undefined> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return misread(error, host);
    const { message = String(error), stack } = error instanceof Error ? error : {};
    const debug = 'Set CHECKPILOT_DEBUG=1 to see where it happened.';
    const hint = host.env.CHECKPILOT_DEBUG && stack ? stack : debug;
    const what = `checkpilot ${args[0] ?? ''}: could not finish: ${message}`;
    return fail(host, exitCodes.failed, { code: 'failed', message: what, hint });
  }
}

/** Commander has told people already. */
function misread({ exitCode, message }: CommanderError, host: Host): ExitCode {
  if (exitCode === 0) return exitCodes.fine;
  const hint = 'Run checkpilot --help, or checkpilot VERB --help, for what there is.';
  host.problem?.({ code: 'usage', message: message.replace(/^error: /, ''), hint });
  return exitCodes.usage;
}

/** The whole command line, for running it and for checking that its documentation is complete. */
export function checkpilot(target: Verbs): Command {
  const program = new Command('checkpilot')
    .description('Restarts Spark Structured Streaming jobs on EMR Serverless from their checkpoints.')
    .version(version(), '-V, --version', 'print the version')
    .option('--no-color', 'no colour, as with NO_COLOR set')
    .addHelpText('after', exitCodesHelp);
  for (const verb of verbs) program.addCommand(verb(target));
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError('Run checkpilot --help, or checkpilot VERB --help, for what there is.')
      .configureOutput({
        writeOut: (text) => target.host.out(text),
        writeErr: (text) => target.host.err(text),
      });
  }
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const exitCodesHelp = `
Exit codes:
  0   fine
  1   could not finish: AWS, network, a file that cannot be read
  2   status --check: a job needs a person
  3   the policy has faults (with --strict, also warnings)
  4   a policy test failed
  5   refused: somebody else was faster, another account or Region, nobody said yes
  64  wrong usage`;
