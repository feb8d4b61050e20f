import type { Command } from 'commander';

/**
 * Whether a command line asks for JSON. It is read here once more, by the options that the verb declares, because
 * commander stops at the first fault and the answer is needed then, too.
 */
export function asksJson(program: Command, args: readonly string[]): boolean {
  const name = args.find((arg) => !arg.startsWith('-'));
  const verb = program.commands.find((command) => command.name() === name) ?? program;
  let isJson = false;
  let output: string | undefined;
  for (let index = 0; index < args.length && args[index] !== '--'; index += 1) {
    const arg = args[index] ?? '';
    const [flag, glued] = arg.startsWith('--') && arg.includes('=') ? split(arg) : [arg, undefined];
    // An option that has to have a value takes whatever comes next, as commander does.
    const takesNext =
      glued === undefined && verb.options.some((option) => option.long === flag && option.required);
    const value = takesNext ? args[index + 1] : glued;
    if (takesNext) index += 1;
    if (flag === '--json' && glued === undefined) isJson = true;
    if (flag === '--output') output = value;
  }
  return output === undefined ? isJson : output === 'json';
}

function split(arg: string): readonly [string, string] {
  const at = arg.indexOf('=');
  return [arg.slice(0, at), arg.slice(at + 1)];
}
