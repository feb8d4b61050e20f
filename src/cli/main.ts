import { createInterface } from 'node:readline/promises';
import { exitCodes, type Host } from './host.ts';
import { runCli } from './program.ts';

const host: Host = {
  env: process.env,
  cwd: process.cwd(),
  isTty: process.stdout.isTTY === true,
  out: (text) => {
    process.stdout.write(text);
  },
  err: (text) => {
    process.stderr.write(text);
  },
  confirm: async (question) => {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
    // On stderr: stdout may be on its way into a file.
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
    } finally {
      terminal.close();
    }
  },
};

// `checkpilot … | head` closes the pipe early; that is no fault of anybody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.fine);
});

// Not process.exit: what is still on its way to a pipe would be cut off.
process.exitCode = await runCli(process.argv.slice(2), host);
