import { redact } from '../core/failure/redact.ts';
import { type ExitCode, exitCodes, type Host } from './host.ts';

/** What kept a verb from its work. `code` is for programs and stays; `message` and `hint` are for people. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The key of a policy. */
  readonly path?: string;
}

/** Tells what went wrong: on stderr in words, and with `--json` on stdout too. */
export function fail(host: Host, exitCode: ExitCode, problem: Problem): ExitCode {
  const { hint, ...rest } = problem;
  // Errors quote what they could not read, and what was refused.
  const told = {
    ...rest,
    message: redact(rest.message),
    ...(hint === undefined ? {} : { hint: redact(hint) }),
  };
  host.err(told.hint === undefined ? `${told.message}\n` : `${told.message}\n${told.hint}\n`);
  host.problem?.(told);
  return exitCode;
}

/** The command line was not understood, or is not whole. */
export function misused(host: Host, message: string, hint?: string): ExitCode {
  return fail(host, exitCodes.usage, { code: 'usage', message, ...(hint === undefined ? {} : { hint }) });
}

/**
 * The host of one command line. A program that asks for JSON gets one document, also of a verb that failed before it
 * had anything to print: `{ ok: false, errors: [{ code, message, hint? }] }`, on one line, so that readers of JSON
 * lines can take it too.
 */
export function hostFor(host: Host): {
  host: Host;
  end(exitCode: ExitCode, as: { readonly isJson: boolean }): void;
} {
  const problems: Problem[] = [];
  let hasPrinted = false;
  let told = '';
  return {
    host: {
      ...host,
      out: (text) => {
        hasPrinted ||= text !== '';
        host.out(text);
      },
      err: (text) => {
        told += text;
        host.err(text);
      },
      problem: (problem) => problems.push(problem),
    },
    end: (exitCode, { isJson }) => {
      if (!isJson || exitCode === exitCodes.fine || hasPrinted) return;
      // What no verb has put into words for programs is handed over as people read it.
      const errors = problems.length > 0 ? problems : [{ code: nameOf(exitCode), message: told.trim() }];
      host.out(`${JSON.stringify({ ok: false, errors })}\n`);
    },
  };
}

function nameOf(exitCode: ExitCode): string {
  switch (exitCode) {
    case exitCodes.usage:
      return 'usage';
    case exitCodes.refused:
      return 'refused';
    case exitCodes.policyInvalid:
      return 'policy-invalid';
    default:
      return 'failed';
  }
}
